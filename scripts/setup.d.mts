export function tooOld(version: string): string | undefined
export function childEnvironment(
  environment: Record<string, string | undefined>,
  nodedir?: string,
): Record<string, string | undefined>
export function missingTools(wanted?: Record<string, string>): string | undefined
