// Expected applications: nothing of the shipped list holds until its id is accepted, and then one application alone, to its hosts,
// up to its volume.
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { isPublicSuffix } from '../../src/engine/destination/registered-domain.ts'
import { expectedOf, nearestIds, withRows } from '../../src/engine/expected.ts'
import { DAY_BYTES, EXPECTED, type ExpectedRow } from '../../src/engine/expected-rows.ts'
import { makePolicy, type PolicyDocument, policyFaults } from '../../src/engine/policy.ts'
import { hostOf } from '../../src/engine/policy-fields.ts'
import {
  InspectedFlag,
  type InspectedRecord,
  Signature,
  Source,
} from '../../src/records/record.gen.ts'
import { HOUR_MS, MIB, type ProgramSpec, Script, tell } from './scenario.ts'

const DROPBOX = expectedOf('dropbox') as ExpectedRow
const HOST = 'client.dropbox.com'

type Signed = {
  signingId?: string
  team?: string
  kernel?: ProgramSpec['kernel']
  found?: Partial<InspectedRecord>
}
/** A program as a Mac has it: Dropbox, where nothing else is said. */
const program = ({
  signingId,
  team = DROPBOX.team,
  kernel,
  found = {},
}: Signed = {}): ProgramSpec => ({
  pid: 100,
  path: '/Applications/A.app/Contents/MacOS/A',
  kernel: {
    ...{ codesignFlags: 1, cdhash: new Uint8Array(20).fill(7), uid: 501 },
    ...{ signingId: signingId ?? DROPBOX.signingIds[0] ?? '', teamId: team },
    ...kernel,
  },
  found: {
    ...{ cdhash: new Uint8Array(20).fill(7), signature: Signature.valid },
    ...{ authorities: `Developer ID Application: Example (${team})` },
    ...{ flags: InspectedFlag.developerId },
    ...found,
  },
})
const onMac = (spec: ProgramSpec): Script => {
  const script = new Script()
  script.source = Source.endpointSecurity
  return script.start().program(spec)
}
type Upload = { host?: string; total?: number; id?: number; to?: string }
const send = (script: Script, { host = HOST, total = 300 * MIB, id = 1, to }: Upload = {}) =>
  script
    .name(id, host)
    .upload({ id, total, steps: 2, ...(to === undefined ? {} : { to }) })
    .ticks(7)

const ACCEPTED: PolicyDocument = { expectedApplications: ['dropbox'] }
const RULE =
  'exception for com.getdropbox.dropbox of team G7HH3F8CAK to dropbox.com or dropboxapi.com (expected:dropbox)'

/** Whether what it sends raises no alert; what is held back is counted by the row. */
const isHeld = (script: Script, document: PolicyDocument = ACCEPTED): boolean => {
  const { alerts, engine } = tell(script, { policy: makePolicy(document) })
  const opened = alerts.filter(({ state }) => state === 'opened').length
  // What is beyond its volume was within it at first.
  if (opened === 0) deepEqual(engine.suppressions(), [{ rule: RULE, count: 1 }])
  else equal(opened, 1)
  return opened === 0
}

describe('an expected application', () => {
  it('is alerted on as any other until a policy accepts it', () => {
    equal(isHeld(send(onMac(program())), {}), false)
    equal(isHeld(send(onMac(program())), { expectedApplications: ['box-drive'] }), false)
    equal(isHeld(send(onMac(program()))), true)
  })

  it('is not inherited by who has its signing id without its team, or its team without its signing id', () => {
    for (const impostor of [
      { team: 'EXAMPLE666' },
      { found: { signature: Signature.invalid, signatureStatus: 3 } },
      {
        kernel: { codesignFlags: 0, cdhash: new Uint8Array(20) },
        found: { signature: Signature.unsigned, flags: 0 },
      },
      // Signed ad hoc, under the name of the other.
      { kernel: { codesignFlags: 3, teamId: '' }, found: { flags: 0, authorities: '' } },
      { signingId: 'com.getdropbox.other' },
    ])
      equal(isHeld(send(onMac(program(impostor)))), false, JSON.stringify(impostor))
  })

  it('is alerted on where it sends elsewhere', () => {
    for (const host of ['dropbox.com', 'a.b.dropboxapi.com'])
      equal(isHeld(send(onMac(program()), { host })), true, host)
    for (const host of ['notdropbox.com', 'dropbox.com.example.org', 'dropbox.example'])
      equal(isHeld(send(onMac(program()), { host })), false, host)
    // By address alone: no name says that it is the vendor's.
    equal(
      isHeld(
        onMac(program())
          .upload({ id: 1, total: 300 * MIB, steps: 2 })
          .ticks(7),
      ),
      false,
    )
  })

  it('is alerted on beyond its volume of a day, of all of its hosts together', () => {
    const most = DROPBOX.bytesPerDayMax
    const of = (share: number) => Math.floor(most * share)
    equal(isHeld(send(onMac(program()), { total: of(0.99) })), true)
    equal(isHeld(send(onMac(program()), { total: of(1.01) })), false)
    const two = onMac(program())
    send(two, { id: 1, to: '203.0.113.9', total: of(0.6) })
    send(two, { id: 2, to: '198.51.100.9', host: 'content.dropboxapi.com', total: of(0.6) })
    const { alerts, engine } = tell(two, { policy: makePolicy(ACCEPTED) })
    deepEqual(
      alerts
        .filter(({ state }) => state === 'opened')
        .map(({ destination }) => destination.hostname),
      ['content.dropboxapi.com'],
    )
    equal(engine.suppressions()[0]?.rule, RULE)
  })

  it('has its volume anew the day after, and no end', () => {
    const script = onMac(program())
    const total = Math.floor(DROPBOX.bytesPerDayMax * 0.6)
    send(script, { id: 1, total })
    for (let hour = 0; hour < 26; hour++) script.tick(HOUR_MS)
    send(script, { id: 2, total })
    deepEqual(tell(script, { policy: makePolicy(ACCEPTED) }).alerts, [])
  })

  it('is the same by its row, as a record of the policy has it, whatever the list says by then', () => {
    const { expectedApplications, expectedRows = [] } = withRows(ACCEPTED)
    equal(expectedApplications, undefined)
    deepEqual(Object.keys(expectedRows[0] ?? {}), [
      'id',
      'signingIds',
      'team',
      'hosts',
      'bytesPerDayMax',
    ])
    const recorded = JSON.parse(JSON.stringify({ expectedRows }))
    deepEqual(makePolicy(recorded), makePolicy(ACCEPTED))
    equal(isHeld(send(onMac(program()).policy(0, recorded)), {}), true)
    const narrower = expectedRows.map((row) => ({ ...row, bytesPerDayMax: 1 }))
    equal(isHeld(send(onMac(program())), { expectedRows: narrower }), false)
    equal(isHeld(send(onMac(program())), { ...ACCEPTED, expectedRows: narrower }), false)
    deepEqual(withRows({ version: 3 }), { version: 3 })
  })

  it('that a policy names twice is one, and one that does not exist refuses the policy, with what may be meant', () => {
    equal(makePolicy({ expectedApplications: ['zoom', 'zoom'] }).expectedApplications.length, 1)
    const why = (id: unknown): string =>
      policyFaults({ expectedApplications: [id] })[0]?.text ?? 'none'
    equal(why('slack'), 'none')
    match(
      why('dropbx'),
      /^policy\.expectedApplications\[0\]: “dropbx” is none of the \d+ .*: is dropbox meant\? `/,
    )
    match(why('Drive'), /is box-drive or google-drive or onedrive meant\?/)
    for (const id of ['zzzz', '', 'x'.repeat(10_000), 7, null, ['zoom'], { id: 'zoom' }])
      match(
        why(id),
        /is none of the \d+ expected applications that this version has: `freshet policy/,
      )
    deepEqual(nearestIds('dropbox'), ['dropbox'])
  })

  it('as a row has at least one signing id, one host and a team', () => {
    const row = withRows(ACCEPTED).expectedRows?.[0] as ExpectedRow
    const isTaken = (more: object): boolean =>
      policyFaults({ expectedRows: [{ ...row, ...more }] }).length === 0
    equal(isTaken({}), true)
    for (const more of [
      ...[
        { signingIds: [] },
        { hosts: [] },
        { team: 'x' },
        { team: undefined },
        { hosts: ['a b'] },
      ],
      ...[{ bytesPerDayMax: -1 }, { until: '2027-01-01T00:00:00Z' }, { signingIds: [''] }],
    ])
      equal(isTaken(more), false, JSON.stringify(more))
  })
})

describe('the list of expected applications', () => {
  it('has rows of each kind, in order, each once', () => {
    const ids = EXPECTED.map(({ id }) => id)
    deepEqual(ids, [...new Set(ids)].sort())
    for (const id of ids) match(id, /^[a-z0-9]+(-[a-z0-9]+)*$/)
    deepEqual(new Set(EXPECTED.map(({ kind }) => kind)), new Set(Object.keys(DAY_BYTES)))
  })
  for (const { id, signingIds, team, hosts, text, sources, bytesPerDayMax } of EXPECTED)
    it(`${id} says who it is, where it sends and which documents say so`, () => {
      match(team, /^[A-Z0-9]{10}$/)
      ok(signingIds.length > 0 && hosts.length > 0 && bytesPerDayMax > 0)
      for (const host of hosts) {
        equal(hostOf(host)?.kind, 'domain', host)
        // Nobody else has names under it.
        equal(isPublicSuffix(host), false, host)
      }
      match(text, /^[A-Z].{20,}\.$/)
      for (const urls of [sources.identity, sources.hosts]) {
        ok(urls.length > 0)
        for (const url of urls) equal(new URL(url).protocol, 'https:', url)
      }
    })
})
