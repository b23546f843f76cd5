// How long a thing took where a test decides by it: the processor's time of this thread, which a busy machine does not
// make longer as it does the wall's.

/** Milliseconds of a processor that this thread has used so far. */
export function threadMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}
