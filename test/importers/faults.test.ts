// Small logs that once showed a fault, each of somebody's report: what comes of them is what their README's last column
// says. They are no part of the project: this test is there where they stand, in ../shared/data or where FRESHET_DATA says.
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openImporter } from '../../src/importers/open.ts'
import { ExecFlag } from '../../src/records/record.gen.ts'
import { walk } from './read.ts'

const FOLDER = join(
  process.env['FRESHET_DATA'] ?? fileURLToPath(new URL('../../../shared/data', import.meta.url)),
  'faults',
)

type Right = {
  /** What went out and came in, of each connection that is told. */
  bytes?: [number, number][]
  /** Of its first mark, ms since 1970. */
  beganMs?: number
  /** Path, and whether it was executed then; else it was found running. */
  programs?: [string, boolean][]
  says?: RegExp
  host?: string
}

const MIB = 1 << 20
const one = (out: number, bytesIn: number, rest: Omit<Right, 'bytes'> = {}): Right => ({
  bytes: [[out, bytesIn]],
  ...rest,
})
const answered: [number, number] = [8 * MIB, 540_000]

const RIGHT: Record<string, Right> = {
  // Z1: counted where history or packets show them.
  'zeek-SH-answered.log': { bytes: [answered, answered, answered] },
  'zeek-oneway-S0.log': one(8 * MIB, 0),
  'zeek-oneway-SH.log': one(8 * MIB, 0),
  // Z2: bounded by packets and missed bytes, said.
  'zeek-3313-bogus-resp.log': one(6 * MIB, 109_486, {
    says: /1 connection counted lower than in the log, whose packets and missed bytes say otherwise/,
  }),
  // Z3, Z4: read.
  'rita-628-underscore.log': one(8 * MIB, 5_000),
  'conn_long.log': one(80 * MIB, 5_000),
  'conn_long.json': one(8 * MIB, 5_000),
  // Z5: on a base, said once.
  'zeek-relative-ts.log': one(8 * MIB, 5_000, {
    beganMs: Date.parse('2026-03-01T10:00:19.982Z'),
    says: /times count from the start of the recording: told as from 2026-03-01T10:00:00Z/,
  }),
  // Z6: read.
  'zeek-ts-millis.json': one(8 * MIB, 5_000, { beganMs: 1_772_445_600_123 }),
  // Z7: the local host with the bytes, not the scanner.
  'zeek-scan-host.log': { host: '192.168.7.20' },
  // Z9: the bytes count, the duration does not.
  'zeek-negative-duration.log': one(8 * MIB, 5_000, {
    says: /1 connection with a duration that is none/,
  }),
  // O1: both give the same.
  'osquery-numerics.log': { programs: [['/usr/bin/ssh', true]] },
  'osquery-strings.log': { programs: [['/usr/bin/ssh', true]] },
  // O2: no rows, no damage.
  'osquery-empty-snapshot.log': { programs: [['/opt/one', true]] },
  // O3: what failed did not run, and a list of what runs is no exec.
  'osquery-bsm-failed.log': {
    programs: [['/usr/bin/nosuch', true]],
    says: /1 row left out: an exec or a connection that failed/,
  },
  'osquery-processes-snapshot.log': {
    programs: [
      ['/opt/a', false],
      ['/opt/b', false],
    ],
  },
}

async function importFile(name: string) {
  const input = await openImporter(join(FOLDER, name), {})
  return { input, ...(await walk(input)) }
}

if (existsSync(FOLDER))
  describe('Logs that showed a fault', () => {
    it('are all in the table', () => {
      const logs = readdirSync(FOLDER).filter((name) => /\.(log|json)$/.test(name))
      assert.deepEqual(logs.sort(), Object.keys(RIGHT).sort())
    })

    for (const [name, right] of Object.entries(RIGHT))
      it(`come out right: ${name}`, async () => {
        const { input, of } = await importFile(name)
        const last = new Map(of('flow').map((flow) => [flow.flowId, flow]))
        if (right.bytes)
          assert.deepEqual(
            [...last.values()].map(({ bytesOut, bytesIn }) => [Number(bytesOut), Number(bytesIn)]),
            right.bytes,
          )
        if (right.beganMs)
          assert.equal(Math.round(Number(of('mark')[0]?.unixNs) / 1e6), right.beganMs)
        if (right.programs)
          assert.deepEqual(
            of('exec').map(({ path, flags }) => [path, (flags & ExecFlag.enumerated) === 0]),
            right.programs,
          )
        if (right.host) assert.equal(input.header.hostname, right.host)
        if (right.says) assert.match(input.notes().join('\n'), right.says)
        assert.equal(input.damage().count, 0)
      })

    it('come out the same with numbers as with texts', async () => {
      const [numbers, texts] = [
        await importFile('osquery-numerics.log'),
        await importFile('osquery-strings.log'),
      ]
      assert.deepEqual(numbers.told, texts.told)
    })
  })
