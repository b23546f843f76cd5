// What the importers and the engine make of logs that others recorded. The logs are no part of the project: these
// tests are there where they stand, in ../shared/data or where FRESHET_DATA says.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Engine } from '../../src/engine/engine.ts'
import type { Alert } from '../../src/engine/finding.ts'
import { makePolicy } from '../../src/engine/policy.ts'
import type { ImportedInput, ImportOptions } from '../../src/importers/importer.ts'
import { openImporter } from '../../src/importers/open.ts'
import { judged } from './read.ts'

const DATA =
  process.env['FRESHET_DATA'] ?? fileURLToPath(new URL('../../../shared/data', import.meta.url))

type Replayed = { input: ImportedInput; engine: Engine; alerts: Alert[] }

/** Each alert as it was last said. */
async function replay(path: string, options: ImportOptions = {}): Promise<Replayed> {
  const input = await openImporter(path, options)
  const policy = makePolicy({ externalNetworks: ['192.168.0.4/32', '192.168.0.5/32'] })
  return { input, ...(await judged(input, policy)) }
}

type SaidAlert = Pick<
  Alert,
  'id' | 'destination' | 'sentence' | 'bytesOut' | 'bytesIn' | 'severity' | 'state'
>

/** What `freshet replay --json` prints: each alert as it was last said. Rejects unless it exits with 0. */
async function replayCommand(args: string[]): Promise<SaidAlert[]> {
  const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [cli, 'replay', ...args, '--json'])
  const alerts = new Map<string, SaidAlert>()
  for (const line of stdout.split('\n').filter((text) => text !== '')) {
    const { alert } = JSON.parse(line) as { alert: SaidAlert }
    alerts.set(alert.id, alert)
  }
  return [...alerts.values()]
}

const logsIn = (folder: string, matching: RegExp): string[] =>
  readdirSync(join(DATA, folder))
    .filter((name) => matching.test(name))
    .map((name) => join(DATA, folder, name))

if (existsSync(join(DATA, 'zeek')))
  describe('Logs of others', () => {
    it('raise one alert for the exfiltration of apt29-day1, by its largest flow', async () => {
      // As docs/importing.md has it: the whole folder, two victims.
      const alerts = await replayCommand([
        join(DATA, 'zeek/apt29-day1'),
        '--external',
        '192.168.0.4/32',
        '192.168.0.5/32',
        '--signer',
        'unsigned',
        '--strict',
      ])
      const of = ({ destination }: SaidAlert): string =>
        `${destination.address}:${destination.port}`
      const exfiltration = alerts.filter((alert) => of(alert) === '192.168.0.4:80')
      assert.equal(exfiltration.length, 1)
      const [alert] = exfiltration
      // 2,181,167 bytes out and 27,238 in; the pair as a whole has more in than out.
      assert.match(
        alert?.sentence ?? '',
        /sent 2\.2 MB to 192\.168\.0\.4:80 in one flow and got 27\.2 kB back/,
      )
      assert.deepEqual(
        [alert?.bytesOut, alert?.bytesIn, alert?.severity, alert?.state],
        [2_187_099, 5_347_774, 'high', 'final'],
      )
      // Of one program: where else it sent is counted within it.
      assert.deepEqual(alerts.map(of), ['192.168.0.4:80'])
    })

    it('are less rare there where the host is vouched for as the platform is', async () => {
      const path = join(DATA, 'zeek/apt29-day1/d1_SCRANTON_conn.log')
      const scoreBy = async (signer: 'platform' | 'unsigned') =>
        Math.max(0, ...(await replay(path, { signer })).alerts.map(({ score }) => score))
      const [vouched, unvouched] = [await scoreBy('platform'), await scoreBy('unsigned')]
      assert.ok(unvouched > 90 && vouched < unvouched - 15, `${vouched} and ${unvouched}`)
    })

    const conns = ['apt29-day1', 'apt29-day2', 'desktop-1', 'desktop-2', 'samples'].flatMap(
      (folder) => logsIn(join('zeek', folder), /conn.*(log|labeled)$/),
    )
    for (const path of conns)
      it(`read ${path.slice(DATA.length + 1)} whole`, async () => {
        const { input, engine } = await replay(path)
        const { flows, unattributedFlows, staleReports, unknownRecords, lost } = engine.counters()
        assert.deepEqual(input.damage().listed, [])
        assert.ok(flows > 20)
        assert.deepEqual([unattributedFlows, staleReports, unknownRecords, lost], [0, 0, 0, 0])
        assert.doesNotMatch(input.notes().join('\n'), /came later/)
      })

    for (const path of logsIn('eslogger', /jsonl$/))
      it(`read ${basename(path)} whole`, async () => {
        const { input, engine } = await replay(path)
        assert.deepEqual(input.damage().listed, [])
        assert.ok(engine.counters().execs > 0)
        assert.equal(engine.counters().unknownRecords, 0)
      })
  })
