// Imports `count` mutated lines of `kind` in one go, as one log, and has an engine read what comes of it. Prints
// what became of them as JSON. Run by fuzz.test.ts in a process of its own.
import { openMemoryBaseline } from '../../src/baseline/memory.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { IMPORT_KINDS } from '../../src/importers/importer.ts'
import { importStream } from '../../src/importers/open.ts'
import { createFramer } from '../../src/records/framer.ts'
import { createRandom, mutate } from './mutate.ts'
import {
  AUDIT,
  BPF_CONNECT,
  BPF_EXEC,
  CONNECT,
  ES,
  esLine,
  esStory,
  execOf,
  HOST,
  LISTED,
  logLine,
  osqueryLine,
  T0,
  TOOL,
  tcpConnect,
  tcpSummary,
  ZSH,
} from './samples.ts'
import { type Conn, sslJson, zeekJson, zeekTsv } from './zeek-logs.ts'

const LINES_A_CHUNK = 200

const kind = IMPORT_KINDS.find((known) => known === process.argv[2])
const count = Number(process.argv[3])
const random = createRandom(Number(process.argv[4]))
if (kind === undefined || !(count > 0)) throw new Error('wants a kind, a count and a seed')

const CONNS: Conn[] = [
  { ts: T0, uid: 'CA', duration: 17, out: 3_000_000, in: 700 },
  { ts: T0 + 3.5, uid: 'CB', proto: 'udp', state: 'S0', in: 0, port: 53 },
  { ts: T0 + 1, uid: 'CC', state: 'REJ', duration: undefined, out: undefined, in: undefined },
  { ts: T0 + 9, from: '203.0.113.5', to: HOST },
  { ts: T0, uid: 'CA', duration: 40, out: 3_500_000, in: 900, state: 'S1' },
  { ts: T0 + 2, state: 'SH', history: 'SadDF', out: 9_000, in: 1_000_000, missed: 990_000 },
]
const PACKETS: Conn[] = [
  { ts: T0 + 4, history: 'ShADgad', in: 1e9, packets: [90, 9_000, 8, 700], local: [true, false] },
  { ts: T0 + 5, out: undefined, in: undefined, packets: [90, 99_000, 8, 700] },
]
const AT = '2026-03-02 11:00:00.250000+0100'
const SOCKET = ['192.168.1.5:50100', '198.51.100.7:443', 77, 'Sync:900', 'SYN_SENT'] as const
const APP = '/Applications/Sync.app/Contents/MacOS/Sync'
const COMMANDS = [
  ['/usr/bin/python3', 'python3', '-u', '-Wignore', 'send.py'],
  ['/bin/bash', 'bash', '-eo', 'pipefail', '+O', 'extglob', '-c', 'send'],
  ['/usr/bin/perl', 'perl', '-Ilib', '--', '/opt/../x.pl'],
  ['/usr/bin/java', 'java', '-cp', 'a.jar', '--module=x', 'Main'],
  ['/opt/deno', 'deno', 'run', '--config=x', 'https://host/x.ts'],
  ['/opt/busybox', 'busybox', 'sh', '/dev/fd/0'],
  ['/usr/bin/gawk', 'gawk', '-f', 'x.awk', '-f', 'y.awk', '-e', '1', 'z'],
  ['/usr/bin/php', 'php', '-d', 'auto_prepend_file=x', '-f', 'x.php'],
  ['/opt/jjs', 'jjs', 'x.js', 'y.js', '--', 'z'],
  ['/usr/bin/racket', 'racket', '-f', 'x.rkt', '-l', 'y', '-f'],
  ['/usr/bin/node', 'node', '--experimental_loader=x', 'y.js'],
  ['/usr/bin/gawk', 'gawk', '-e', '1', '-f', '/proc/self/fd/3'],
]
const CORPUS: Record<string, () => string[]> = {
  eslogger: () => [
    ...[7, 9, 10, 11].flatMap((version) => esStory(version).split('\n')),
    ...COMMANDS.map(([path = '', ...args]) =>
      esLine(11, '2026-03-02T10:00:03Z', ZSH, execOf(11, { ...TOOL, path }, undefined, args)),
    ),
  ],
  zeek: () => [
    ...zeekTsv(CONNS, { label: 'Benign' }).split('\n'),
    ...zeekTsv(PACKETS, {}, 'conn_long').split('\n').slice(6),
    ...zeekJson(PACKETS, 'dots').split('\n'),
    ...zeekJson(CONNS, 'dots').split('\n'),
    ...zeekJson(CONNS, 'underscores').split('\n'),
    ...zeekJson(CONNS, 'object').split('\n'),
    ...sslJson([{ uid: 'CA', name: 'up.example.com' }]).split('\n'),
  ],
  osquery: () => [
    osqueryLine(ES),
    osqueryLine({ ...ES, event_type: 'fork', child_pid: '701' }),
    osqueryLine({ ...ES, event_type: 'exit', exit_code: '3', codesigning_flags: 'ADHOC' }),
    osqueryLine(AUDIT),
    osqueryLine(CONNECT),
    osqueryLine(AUDIT, {
      columns: undefined,
      diffResults: { added: [AUDIT, ES], removed: [AUDIT] },
    }),
    osqueryLine(AUDIT, { columns: undefined, action: 'snapshot', snapshot: [AUDIT, CONNECT] }),
    osqueryLine({ ...AUDIT, status: '2' }),
    osqueryLine(BPF_EXEC),
    osqueryLine(BPF_CONNECT),
    osqueryLine({ ...BPF_CONNECT, syscall: 'accept', exit_code: 4, pid: 810 }),
    osqueryLine(AUDIT, { columns: undefined, action: 'snapshot', snapshot: [LISTED, LISTED] }),
    osqueryLine(AUDIT, { columns: undefined, action: 'snapshot', snapshot: '' }),
  ],
  'unified-log': () => [
    logLine(AT, 'hello', { processImagePath: APP, processID: 900, userID: 501 }),
    logLine(AT, tcpConnect(...SOCKET)),
    logLine(AT, tcpSummary(2_000, 9_000_000, ...SOCKET)),
    logLine(
      AT,
      tcpConnect('<IPv4-redacted>:50100', '<IPv4-redacted>:443', 78, 'Sync:900', 'SYN_SENT'),
    ),
    logLine(AT, tcpSummary(1, 5, '2001:db8::5.50100', '2001:db8::7.443', 79, 'Sync:900', 'CLOSED')),
    '{"count":3,"finished":1}',
  ],
}
const corpus = CORPUS[kind]?.()
if (corpus === undefined) throw new Error(`no lines of ${kind} to begin with`)
// What explains the rows comes first, whole.
const beginning = corpus.filter((line) => line.startsWith('#')).slice(0, 8)

async function* chunks(lines: string[], lineCount: number): AsyncGenerator<Uint8Array, void> {
  yield Buffer.from(beginning.map((line) => `${line}\n`).join(''))
  for (let made = 0; made < lineCount; made += LINES_A_CHUNK) {
    const some = Math.min(LINES_A_CHUNK, lineCount - made)
    yield Buffer.from(
      Array.from({ length: some }, () => `${mutate(lines, random)}\n`).join(''),
      'utf8',
    )
  }
}

const startedMs = performance.now()
const engine = createEngine({ deviceId: 'fuzz', baseline: openMemoryBaseline() })
const beside = kind === 'zeek' ? Math.ceil(count / 10) : 0
const input = await importStream(kind, chunks(corpus, count), {
  name: 'fuzz',
  ssl: beside > 0 ? chunks(corpus, beside) : undefined,
  long: beside > 0 ? chunks(corpus, beside) : undefined,
})
const framer = createFramer()
let bytes = 0
let rssMaxMb = 0
for await (const piece of input.records) {
  bytes += piece.length
  for (const records of framer.push(piece)) engine.push(records)
  engine.takeFindings()
  engine.takeRequests()
  rssMaxMb = Math.max(rssMaxMb, process.memoryUsage.rss() / 2 ** 20)
}
if (framer.pendingBytes() > 0) throw new Error('the last record is cut')
engine.finish()
const { records, unknownRecords } = engine.counters()
const malformed = input.damage().count
const seconds = (performance.now() - startedMs) / 1000
process.stdout.write(
  `${JSON.stringify({ kind, lines: count, malformed, records, unknownRecords, bytes, seconds, rssMaxMb, notes: input.notes() })}\n`,
)
