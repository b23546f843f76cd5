// How many files and connections this process may have open.

/**
 * The soft limit, which Node has raised to the hard one at its start (getrlimit(2), RLIMIT_NOFILE); undefined when there is
 * none or it cannot be read.
 */
export function descriptorLimit(): number | undefined {
  // A variable, since @types/node does not know it yet: looking up the names of all interfaces can take seconds.
  const report: typeof process.report & { excludeNetwork?: boolean } = process.report
  const { excludeNetwork = false } = report
  report.excludeNetwork = true
  const { userLimits } = report.getReport() as {
    userLimits?: { open_files?: { soft?: unknown } }
  }
  report.excludeNetwork = excludeNetwork
  const soft = userLimits?.open_files?.soft
  return typeof soft === 'number' ? soft : undefined
}
