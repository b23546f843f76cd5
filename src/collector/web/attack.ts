// ATT&CK ids: what they are called and where MITRE describes them.

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

/** Those that alerts carry. An analytic has no title of its own at MITRE: it is named by its description. */
const NAMES: Record<string, string> = {
  AN0032:
    'Previously unseen applications generating outbound connections with atypical data flow characteristics',
  DET0011: 'The detection strategy for T1001.001, which AN0032 is a part of',
  'T1001.001': 'Data Obfuscation: Junk Data',
  T1041: 'Exfiltration Over C2 Channel',
  T1048: 'Exfiltration Over Alternative Protocol',
}

const KINDS: [pattern: RegExp, name: string][] = [
  [/^AN/, 'analytic'],
  [/^DET/, 'detection strategy'],
  [/^T/, 'technique'],
]

/** What an id is called; for one this page does not know, what kind of thing it names; empty when unknown. */
export const attackName = (id: string): string =>
  NAMES[id] ?? KINDS.find(([pattern]) => pattern.test(id))?.[1] ?? ''
