export function beginningText(name: string): string
export function tooOld(version: string): string | undefined
export function childEnvironment(
  environment: Record<string, string | undefined>,
  nodedir?: string,
): Record<string, string | undefined>
export function closedClone(paths?: readonly string[], home?: string): string | undefined
export function handOver(home?: string): void
export function missingTools(wanted?: Record<string, string>): string | undefined
