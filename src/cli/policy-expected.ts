// `freshet policy expected`: the applications that a policy may accept by their ids, with the documents that each stands on.
import { EXPECTED, type ExpectedApplication, type ExpectedRow } from '../engine/expected-rows.ts'
import { humanBytes } from '../engine/sentence.ts'

export function runPolicyExpectedCommand({ json }: { json?: boolean }): number {
  process.stdout.write(
    json ? `${JSON.stringify({ expectedApplications: EXPECTED })}\n` : `${lines().join('\n')}\n`,
  )
  return 0
}

/** The row in a line: who it is, where it sends, how much. */
export const boundsText = ({ signingIds, team, hosts, bytesPerDayMax }: ExpectedRow): string =>
  `signed as ${signingIds.join(' or ')} by team ${team}, to ${hosts.join(', ')}, ${humanBytes(bytesPerDayMax)} a day at most`

const lines = (): string[] => [
  ...EXPECTED.flatMap(rowLines),
  'None of them holds back anything until a policy has its id in expectedApplications. The volumes are choices, measured nowhere.',
]

const rowLines = (row: ExpectedApplication): string[] => [
  `${row.id} (${row.kind}): ${row.text}`,
  `  ${boundsText(row)}`,
  ...row.sources.identity.map((source) => `  who signs it: ${source}`),
  ...row.sources.hosts.map((source) => `  where it sends: ${source}`),
  '',
]
