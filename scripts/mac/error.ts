/** The build for macOS cannot go on; the message says what is wrong, where, and what to do. */
export class MacBuildError extends Error {
  override readonly name = 'MacBuildError'
}
