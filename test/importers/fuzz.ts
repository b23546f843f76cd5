// Imports `count` mutated lines of `kind` in one go, as one log, and has an engine read what comes of it. Prints
// what became of them as JSON. Run by fuzz.test.ts in a process of its own.
import { openMemoryBaseline } from '../../src/baseline/memory.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { IMPORT_KINDS } from '../../src/importers/importer.ts'
import { importStream } from '../../src/importers/open.ts'
import { createFramer } from '../../src/records/framer.ts'
import { createRandom, mutate } from './mutate.ts'
import { esStory, HOST, sslJson, T0, zeekJson, zeekTsv } from './samples.ts'

const LINES_A_CHUNK = 200

const kind = IMPORT_KINDS.find((known) => known === process.argv[2])
const count = Number(process.argv[3])
const random = createRandom(Number(process.argv[4]))
if (kind === undefined || !(count > 0)) throw new Error('wants a kind, a count and a seed')

const CONNS = [
  { ts: T0, uid: 'CA', duration: 17, out: 3_000_000, in: 700 },
  { ts: T0 + 3.5, uid: 'CB', proto: 'udp', state: 'S0', in: 0, port: 53 },
  { ts: T0 + 1, uid: 'CC', state: 'REJ', duration: undefined, out: undefined, in: undefined },
  { ts: T0 + 9, from: '203.0.113.5', to: HOST },
]
const CORPUS: Record<string, () => string[]> = {
  eslogger: () => [7, 9, 10, 11].flatMap((version) => esStory(version).split('\n')),
  zeek: () => [
    ...zeekTsv(CONNS, { label: 'Benign' }).split('\n'),
    ...zeekJson(CONNS, 'dots').split('\n'),
    ...zeekJson(CONNS, 'underscores').split('\n'),
    ...zeekJson(CONNS, 'object').split('\n'),
    ...sslJson([{ uid: 'CA', name: 'up.example.com' }]).split('\n'),
  ],
}
const corpus = CORPUS[kind]?.()
if (corpus === undefined) throw new Error(`no lines of ${kind} to begin with`)
// What explains the rows comes first, whole.
const beginning = corpus.filter((line) => line.startsWith('#')).slice(0, 8)

async function* chunks(lines: string[]): AsyncGenerator<Uint8Array, void> {
  yield Buffer.from(beginning.map((line) => `${line}\n`).join(''))
  for (let made = 0; made < count; made += LINES_A_CHUNK) {
    const some = Math.min(LINES_A_CHUNK, count - made)
    yield Buffer.from(
      Array.from({ length: some }, () => `${mutate(lines, random)}\n`).join(''),
      'utf8',
    )
  }
}

const startedMs = performance.now()
const engine = createEngine({ deviceId: 'fuzz', baseline: openMemoryBaseline() })
const input = await importStream(kind, chunks(corpus), { name: 'fuzz', ssl: undefined })
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
