// `freshet collector devices show` and `collector refusals`: one device in full, and who was turned away.
import { addresseeOf, readRefusals } from '../collector/fleet/fleet.ts'
import type { PolicyStandingInfo } from '../collector/views/page-api.ts'
import { counted } from '../engine/sentence.ts'
import { printable } from '../printable.ts'
import { nowUnixNs, unixNs } from '../units.ts'
import {
  dateOf,
  found,
  type ListCommand,
  lastSeenOf,
  type StateCommand,
  say,
  sayJson,
  silentOf,
  standingOf,
  table,
  withDirectory,
  withPolicies,
  withRegistry,
} from './fleet.ts'
import { faultLines } from './fleet-words.ts'
import { statePaths } from './state.ts'

export function runShowDeviceCommand(command: StateCommand & { id: string }): number {
  const { device, seen } = withRegistry(command, (registry, readSeen) => {
    const noted = readSeen()
    const id = found(registry.devices(), noted, command)
    return { device: registry.device(id), seen: noted.get(id) }
  })
  if (!device) return 1
  const { id, group } = device
  const standing = withPolicies(command, (policies) => policies.standingOf(addresseeOf(device)))
  const rows = [
    ['id', id],
    ['name', device.name || '-'],
    ['calls itself', seen?.hostname ?? '-'],
    ['group', group],
    ['owner', device.owner || '-'],
    ['standing', standingOf(device)],
    ['agent', seen?.agentVersion || '-'],
    ['enrolled', dateOf(device.enrolledAt)],
    [
      'last seen',
      seen?.seenAt !== undefined
        ? `${lastSeenOf(seen)}${mayBeLater(seen.seenAt) ? ', or since: of one that stays connected that is noted each five minutes' : ''}`
        : 'never: it has not connected since it enrolled',
    ],
    ['silent', silentOf(seen)],
    ...policyRows(standing),
  ]
  const width = Math.max(...rows.map(([head]) => (head as string).length))
  for (const [head, text] of rows)
    say(`${(head as string).padEnd(width)}  ${printable(text as string)}`)
  return 0
}

/** As long as a note may be old while a device is connected, and the minute until it is written. */
const NOTED_NS = 360_000_000_000n

const mayBeLater = (seenAt: bigint): boolean => nowUnixNs() - seenAt < NOTED_NS

function policyRows(standing: PolicyStandingInfo | undefined): string[][] {
  if (!standing) return [['policy', 'none was sent']]
  const { offered, received, inForce, clamped, faults, saidAt, source } = standing
  return [
    ['policy offered', `${offered || 'none'}`],
    ['policy received', `${received || 'none'}`],
    ['policy in force', `${inForce || 'none'}${source === '' ? '' : ` (${source})`}`],
    ...(clamped > 0 ? [['clamped', counted(clamped, 'entry', 'entries')]] : []),
    ...faultLines(faults).map((line) => ['not applied', line]),
    ['policy said', saidAt === '' ? 'nothing yet' : dateOf(unixNs(BigInt(saidAt), 'saidAt'))],
  ]
}

export function runRefusalsCommand(command: ListCommand): number {
  const { collector } = statePaths(command.state)
  const response = withDirectory(statePaths(command.state), () => readRefusals(collector))
  if (command.json) {
    sayJson(response)
    return 0
  }
  const { refusals, unlisted } = response
  table(
    ['last', 'code', 'times', 'from', 'says it is', 'why'],
    refusals.map(({ lastAt, code, count, address, deviceId, hostname, text }) =>
      [
        dateOf(unixNs(BigInt(lastAt), 'lastAt')),
        ...[code, `${count}`, address || 'this machine'],
        [deviceId, hostname].filter((part) => part !== '').join(' ') || '-',
        text,
      ].map((cell) => printable(cell)),
    ),
    'nobody was turned away',
  )
  if (unlisted > 0) say(`and ${counted(unlisted, 'refusal')} of which no row is kept`)
  return 0
}
