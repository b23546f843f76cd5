/** The executables cannot be built; the message says what is wrong, where, and what to do. */
export class ExecutableError extends Error {
  override readonly name = 'ExecutableError'
}
