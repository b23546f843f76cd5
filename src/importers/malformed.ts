/** A line that is not what its log's format says. The message says what is wrong, in a few words. */
export class MalformedLine extends Error {
  override readonly name = 'MalformedLine'
}
