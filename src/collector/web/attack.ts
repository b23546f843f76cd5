// ATT&CK ids and where MITRE describes them.

/**
 * Address of an ATT&CK id, given all ids of its alert: an analytic (AN0032) is a part of its detection
 * strategy's page (DET0011). undefined for an id of another shape.
 */
export function attackAddress(id: string, all: readonly string[]): string | undefined {
  const site = 'https://attack.mitre.org'
  const technique = /^(T\d{4})(?:\.(\d{3}))?$/.exec(id)
  if (technique)
    return `${site}/techniques/${technique[1]}/${technique[2] ? `${technique[2]}/` : ''}`
  if (/^DET\d{4}$/.test(id)) return `${site}/detectionstrategies/${id}/`
  const strategy = all.find((other) => /^DET\d{4}$/.test(other))
  if (/^AN\d{4}$/.test(id) && strategy) return `${site}/detectionstrategies/${strategy}/#${id}`
  return undefined
}

const KINDS: [pattern: RegExp, name: string][] = [
  [/^AN/, 'analytic'],
  [/^DET/, 'detection strategy'],
  [/^T/, 'technique'],
]

/** What an id names: analytic, detection strategy, technique; empty when unknown. */
export const attackKind = (id: string): string =>
  KINDS.find(([pattern]) => pattern.test(id))?.[1] ?? ''
