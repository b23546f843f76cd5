// How a command ends.

/** With the status that `work` comes to. */
export async function finish(work: Promise<number>): Promise<void> {
  process.exitCode = await work
  // What still holds the loop open has been told to end; a command that has its result must not hang.
  setTimeout(() => process.exit(), 3000).unref()
}
