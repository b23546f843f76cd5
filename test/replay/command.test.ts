import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { SCENARIO_DIRECTORY } from '../../scripts/scenarios.ts'
import { putRow } from '../../src/baseline/row.ts'
import { openBaseline } from '../../src/baseline/sqlite.ts'
import { exportLines } from '../../src/baseline/transfer.ts'
import { readRows } from '../../src/baseline/view.ts'
import { type ReplayCommand, type ReplayOutput, runReplayCommand } from '../../src/cli/replay.ts'
import { ConfigError } from '../../src/cli/state.ts'
import type { AlertsResponse, DevicesResponse } from '../../src/collector/views/page-api.ts'
import { REFERENCE_HASH } from '../../src/engine/engine.ts'
import { PLACE } from '../../src/place.ts'
import { startDelivery } from '../../src/replay/delivery.ts'
import { AT, captureBlocks, HEADER, joined, readBack, somePieces } from '../capture/captures.ts'
import { runCollector } from '../collector/agent.ts'
import { run } from '../e2e/installation.ts'
import { T0 } from '../importers/samples.ts'
import { type Conn, zeekTsv } from '../importers/zeek-logs.ts'
import { answer, CollectorDouble } from '../stream/collector-double.ts'
import { alertFinding } from '../stream/findings.ts'

const BURST = join(SCENARIO_DIRECTORY, 'night-burst.fcap')

describe('freshet replay', () => {
  let directory: string
  /** As `freshet replay` runs it, its output kept. */
  const replay = async (
    files: string[],
    options: Omit<ReplayCommand, 'files'> = {},
    { signal } = new AbortController(),
  ) => {
    let stdout = ''
    let stderr = ''
    const output: ReplayOutput = {
      out: (text) => {
        stdout += text
      },
      err: (text) => {
        stderr += text
      },
      isTerminal: false,
    }
    const status = await runReplayCommand({ files, ...options }, output, signal)
    return { status, stdout, stderr }
  }
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-replay-test-'))
  })
  afterEach(() => rmSync(directory, { recursive: true }))
  const written = (name: string, bytes: Uint8Array): string => {
    const path = join(directory, name)
    writeFileSync(path, bytes)
    return path
  }

  it('prints one line an alert and its sentence, and what it read', async () => {
    const { status, stdout, stderr } = await run([PLACE.cli, 'replay', BURST, '--strict'])
    assert.equal(status, 0)
    const [head = '', line = '', sentence = '', ...rest] = stdout.trimEnd().split('\n')
    assert.match(head, /^opened \(UTC\) +severity +state +out +in +program +destination$/)
    assert.match(
      line,
      /^2026-03-02 \S+ +high +final +120 MB +60.0 kB +\/private\/tmp\/\.cache\/indexd +192\.0\.2\.66:443$/,
    )
    assert.match(sentence, /^ {4}“indexd” \(unsigned/)
    assert.deepEqual(rest, [])
    assert.match(stderr, /synthetic-night-burst \(synthetic\), 2026-03-02T07:00:00Z/)
    assert.match(stderr, /digest [0-9a-f]{64}$/m)
  })

  it('prints each revision as a line of JSON with --json, and no progress between', async () => {
    const { stdout } = await replay([BURST], { json: true })
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.ok(lines.length >= 3)
    assert.deepEqual(
      lines.map(({ alert }) => alert.revision),
      lines.map((_, i) => i + 1),
    )
    assert.equal(lines.at(-1).alert.bytesOut, 120_000_000)
    assert.equal(typeof lines[0].at, 'string')
  })

  it('uses what can be read, says what cannot and where, and fails only when it is asked to be strict', async () => {
    const blocks = captureBlocks(somePieces(12))
    const bytes = joined(blocks)
    const at = joined(blocks.slice(0, 4)).length
    bytes[at + 40] = (bytes[at + 40] as number) ^ 0xff
    const path = written('damaged.fcap', bytes)
    const lenient = await replay([path])
    assert.equal(lenient.status, 0)
    assert.match(lenient.stdout, /\/tmp\/strange/)
    assert.match(
      lenient.stderr,
      new RegExp(`at byte ${at}: a block does not have its checksum \\(\\d+ bytes\\)`),
    )
    assert.equal((await replay([path], { strict: true })).status, 1)
  })

  it('says when another reference judged it live, and nothing where none or the same did', async () => {
    const judgedBy = async (reference?: string): Promise<string> => {
      const header = { ...HEADER, ...(reference === undefined ? {} : { reference }) }
      const path = written('judged.fcap', joined(captureBlocks(somePieces(3), header)))
      return (await replay([path])).stderr
    }
    const said = new RegExp(
      `^ {2}its alerts may differ from those of then: reference 0123456789abcdef judged it live, ${REFERENCE_HASH} does here$`,
      'm',
    )
    assert.match(await judgedBy('0123456789abcdef'), said)
    for (const reference of [undefined, REFERENCE_HASH])
      assert.doesNotMatch(await judgedBy(reference), /may differ/)
  })

  it('reads a rotated archive of Zeek as it lies there, each connection once', async () => {
    const conn = { ts: T0, out: 3_000_000, in: 10 }
    const pack = (name: string, conns: Conn[]): string =>
      written(`${name}.10:00:00-11:00:00.log.gz`, gzipSync(zeekTsv(conns, {}, name)))
    pack('conn', [{ ...conn, uid: 'CA' }])
    const long = pack('conn_long', [
      { ...conn, uid: 'CA', out: 2_000_000 },
      { ...conn, uid: 'CL', fromPort: 50_001 },
    ])
    const { status, stdout, stderr } = await replay([directory], { strict: true, json: true })
    assert.equal(status, 0)
    assert.match(stderr, new RegExp(`^${long}: read with the conn log beside it$`, 'm'))
    const last = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as {
      alert: { bytesOut: number }
    }
    assert.equal(last.alert.bytesOut, 6_000_000)
  })

  it('fails when nothing could be read, and when a file is not there', async () => {
    const header = captureBlocks([])[0] as Uint8Array
    const empty = await replay([written('only-a-header.fcap', header)])
    assert.equal(empty.status, 1)
    assert.equal(empty.stdout, '', 'nothing is known of what was not read')
    const missing = await replay([join(directory, 'missing.fcap')])
    assert.equal(missing.status, 1)
    assert.match(missing.stderr, /missing\.fcap cannot be read: it is not there$/m)
    const both = await replay([join(directory, 'missing.fcap'), BURST])
    assert.equal(both.status, 0)
    assert.match(both.stdout, /indexd/)
  })

  it('claims no more than what could be read, and fails when it is stopped', async () => {
    const quiet = join(SCENARIO_DIRECTORY, 'calls.fcap')
    assert.equal((await replay([quiet])).stdout, 'no alerts\n')
    const bytes = readFileSync(quiet)
    const cut = await replay([written('cut.fcap', bytes.subarray(0, bytes.length - 100))])
    assert.deepEqual([cut.status, cut.stdout], [0, 'no alerts in what could be read\n'])
    const stop = new AbortController()
    stop.abort()
    const stopped = await replay([quiet], { strict: true }, stop)
    assert.deepEqual([stopped.status, stopped.stdout], [130, ''])
    assert.match(stopped.stderr, /stopped before the end/)
  })

  it('reads a capture whose beginning is lost, and says what is not used for one', async () => {
    const bytes = readFileSync(BURST)
    const lost = written('lost.fcap', Buffer.concat([Buffer.alloc(70_000), bytes]))
    const { status, stdout, stderr } = await replay([lost], { signer: 'platform' })
    assert.equal(status, 0)
    assert.match(stdout, /indexd/)
    assert.match(stderr, /at byte 0: no block begins here \(70000 bytes\)/)
    assert.match(stderr, /note: it is a capture: --host, --signer and --ssl .* not used/)
  })

  it('begins with another baseline where one is named, and leaves that as it was', async () => {
    const path = join(directory, 'baseline.db')
    const { baseline } = openBaseline(path, { now: AT })
    const { events } = await readBack(new Uint8Array(readFileSync(BURST)))
    for (const event of events)
      if (event.kind === 'baseline') for (const row of event.rows) putRow(baseline, row)
    const months = 90n * 86_400_000_000_000n
    const alert = JSON.parse(
      (await replay([BURST], { json: true })).stdout.split('\n')[0] ?? '',
    ).alert
    const at = (BigInt(alert.openedAt) - months) as typeof AT
    putRow(baseline, {
      kind: 'identity',
      identity: {
        ...(events
          .flatMap((event) => (event.kind === 'baseline' ? event.rows : []))
          .find((row) => row.kind === 'identity')?.identity ?? assert.fail()),
        key: alert.identity.key,
        signerClass: 'unsigned',
        firstExecAt: at,
        firstNetworkAt: at,
      },
    })
    baseline.commit()
    const before = baseline.counts()
    baseline.close()
    const { stdout, status } = await replay([BURST], { baseline: path })
    assert.equal(status, 0)
    const said = (await replay([BURST], { baseline: path, json: true })).stdout
    const known = JSON.parse(said.split('\n')[0] ?? '').alert
    assert.ok(
      known.score < alert.score - 10,
      `${known.score} where it is known for months, ${alert.score}`,
    )
    const again = openBaseline(path, { now: AT }).baseline
    assert.deepEqual(again.counts(), before)
    again.close()
    // The same as an export; what it would find with a part of one is anybody's guess.
    let lines: string[] = []
    readRows(path, (rows) => {
      lines = [...exportLines(rows, AT)]
    })
    const exported = written('export.jsonl', Buffer.from(lines.join('\n')))
    assert.equal((await replay([BURST], { baseline: exported })).stdout, stdout)
    const spoilt = written('spoilt.jsonl', Buffer.from(lines.with(1, '{').join('\n')))
    const told = await replay([BURST], { baseline: spoilt, strict: true })
    assert.equal(told.status, 1)
    assert.match(told.stderr, /spoilt\.jsonl: 1 line of the export could not be read/)
    const cut = written('cut.jsonl', Buffer.from(lines.slice(0, -1).join('\n')))
    await assert.rejects(
      replay([BURST], { baseline: cut }),
      /--baseline: .*cut\.jsonl: it is cut: aft/,
    )
    await assert.rejects(
      replay([BURST], { baseline: join(directory, 'none.db') }),
      (error) =>
        error instanceof ConfigError && /--baseline: there is no baseline at/.test(error.message),
    )
  })

  it('reads standard input as it reads a file, packed or not, and leaves nothing of it', async () => {
    const capture = readFileSync(BURST)
    const plain = await run([PLACE.cli, 'replay', '--json', BURST])
    const ask = (input: Uint8Array, ...args: string[]) =>
      run([PLACE.cli, 'replay', '-', ...args], {
        input,
        env: { ...process.env, TMPDIR: directory },
      })
    for (const input of [capture, gzipSync(capture)]) {
      const { status, stdout, stderr } = await ask(input, '--json', '--strict')
      assert.deepEqual([status, stdout], [0, plain.stdout])
      assert.match(stderr, /^standard input: [\d,]+ records in/m)
    }
    const none = await ask(new Uint8Array())
    assert.equal(none.status, 1)
    assert.match(none.stderr, /^freshet: standard input/m)
    assert.doesNotMatch(none.stderr, /freshet-input/)
    assert.deepEqual(readdirSync(directory), [])
  })

  it('[D10] fills a collector: a device of its own for each file, named after it, its alerts and its programs', async () => {
    const collector = await runCollector()
    try {
      const files = ['night-burst', 'night-curl', 'office-day'].map((name) =>
        join(SCENARIO_DIRECTORY, `${name}.fcap`),
      )
      const sent = await replay(files, { collector: collector.root })
      assert.equal(sent.status, 0, sent.stderr)
      assert.match(sent.stderr, /the collector has \d+ findings$/m)
      const { devices } = await collector.json<DevicesResponse>('/api/devices')
      assert.deepEqual(
        devices.map(({ hostname }) => /^synthetic-\S+ \(replayed from (.+)\)$/.exec(hostname)?.[1]),
        ['night-burst.fcap', 'night-curl.fcap', 'office-day.fcap'],
      )
      const { alerts } = await collector.json<AlertsResponse>('/api/alerts?limit=100')
      assert.deepEqual(alerts.map(({ application }) => application.name).sort(), ['curl', 'indexd'])
      assert.deepEqual(
        alerts.map(({ bytesOut }) => Number(bytesOut)).sort((a, b) => b - a),
        [120_000_000, 40_000_000],
      )
    } finally {
      await collector.stop()
    }
  })

  it('says that a capture is empty, and that one holds no records', async () => {
    const empty = written('empty.fcap', new Uint8Array())
    const begun = written('begun.fcap', captureBlocks([])[0] as Uint8Array)
    const { status, stdout, stderr } = await replay([empty, begun])
    assert.equal(status, 1)
    assert.equal(stdout, '')
    assert.match(stderr, /empty\.fcap is empty: nothing was recorded in it$/m)
    assert.match(stderr, /begun\.fcap: no records are in it$/m)
  })

  it('says at once that a place will never do, and waits for no patience to end', async () => {
    const long = join(directory, 'x'.repeat(120))
    const delivery = startDelivery({ root: long, log: () => {} })
    await delivery.send([alertFinding()], HEADER, BURST)
    await assert.rejects(delivery.finish(), /^DeliveryError: \/.* is too long a name /)
    await delivery.close()
  })

  it('says when the collector will not have it', async () => {
    const collector = await CollectorDouble.start(directory)
    collector.refusal = answer('410 Gone', '{"error":"nobody comes here any more"}')
    const refused = await replay([BURST], { collector: directory })
    await collector.stop()
    assert.equal(refused.status, 1)
    assert.match(refused.stderr, /could not be delivered: the collector answered 410: nobody/)
    rmSync(join(directory, 'collector'), { recursive: true })
    await assert.rejects(
      replay([BURST], { collector: 'http://127.0.0.1:1' }),
      (error) =>
        error instanceof ConfigError && /which is named by its state directory/.test(error.message),
    )
    await assert.rejects(
      replay([BURST], { into: true, state: directory }),
      (error) =>
        error instanceof ConfigError &&
        /no collector runs with the state directory/.test(error.message),
    )
  })
})
