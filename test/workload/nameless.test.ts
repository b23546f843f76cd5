// What the recordings say of the machine that they were made on, and of others on it: nothing by which either is known again.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BOOT_ID, namelessHost, namelessRecords } from '../../scripts/workload/nameless.ts'
import { WORKLOAD_DIRECTORY } from '../../scripts/workloads.ts'
import { rowToJson } from '../../src/baseline/row.ts'
import { documentBytes } from '../../src/capture/document.ts'
import { readManifest } from '../../src/eval/manifest.ts'
import * as layout from '../../src/records/record.gen.ts'
import { openSource } from '../../src/replay/open.ts'

const { RecordType, Source } = layout
type ReadRecord = (view: DataView, at: number) => Record<string, unknown>
/** Of every type that there is, so that a field which comes later is looked at too. */
const readers = new Map(
  Object.entries(RecordType).map(([name, type]): [number, ReadRecord] => {
    const read = `read${name.charAt(0).toUpperCase()}${name.slice(1)}`
    return [type, (layout as unknown as Record<string, ReadRecord>)[read] as ReadRecord]
  }),
)

/** A path of what Debian has there, of a program made for it, or of the user who is nobody's. */
const OUR_PATH = /^\/(usr|opt|home\/ada)\//
const NETWORK = /^\/\d{1,3}:\d+$/
/** Places of a machine's own, and what uname(1) prints. */
const OTHERS =
  /\/(home|Users)\/(?!ada\/)|\/(root|work|tmp|var|mnt|media|srv|private)\/|\d+\.\d+\.\d+-\w|Linux version|#\d+ SMP/
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g
const UIDS = new Set([0, 4711])

const { rows } = readManifest(readFileSync(join(WORKLOAD_DIRECTORY, 'manifest.json'), 'utf8'))

/** Whatever is text in a record, or names a user; asserts that its mark is of no machine. */
function textsOf(records: Uint8Array, from: string): string[] {
  const view = new DataView(records.buffer, records.byteOffset, records.length)
  const texts: string[] = []
  for (let at = 0; at < records.length; at += view.getUint32(at, true)) {
    const type = view.getUint16(at + 4, true)
    assert.notEqual(type, RecordType.loss, from)
    const record = (readers.get(type) as ReadRecord)(view, at)
    for (const [field, value] of Object.entries(record)) {
      if (field === 'uid' || field === 'ownerUid') assert.ok(UIDS.has(value as number), from)
      if (field === 'bootId')
        assert.equal(
          Buffer.from(value as Uint8Array).toString('hex'),
          BOOT_ID.replaceAll('-', ''),
          from,
        )
      if (typeof value === 'string' && value !== '') texts.push(value)
    }
  }
  return texts
}

describe('what recordings say of their machine', () => {
  for (const { name, file } of rows)
    it(`is that it ran Debian: ${name}`, async () => {
      const path = join(WORKLOAD_DIRECTORY, file)
      const source = await openSource(path, {})
      let texts: string[] = []
      for await (const event of source.events) {
        if (event.kind === 'header') {
          const { host, deviceId } = event.header
          assert.deepEqual(host, {
            ...{ hostname: 'workload', os: 'linux', osVersion: host.osVersion, osBuild: '' },
            ...{ hardware: '', arch: 'x64', bootId: BOOT_ID },
          })
          assert.match(host.osVersion, /^Debian GNU\/Linux \d+ \([a-z]+\)$/)
          const header = Buffer.from(documentBytes(event.header)).toString()
          for (const [uuid] of header.matchAll(UUID)) assert.ok([deviceId, BOOT_ID].includes(uuid))
        }
        if (event.kind === 'records') {
          const told = textsOf(event.records, name)
          for (const text of told) assert.match(text, /^\{\}$|^\/(usr|opt|home\/ada)\//, name)
          texts = [...texts, ...told]
        }
        if (event.kind === 'baseline') texts = [...texts, ...event.rows.map(rowToJson)]
      }
      assert.ok(texts.length > 0)
      for (const text of texts) {
        assert.doesNotMatch(text, OTHERS, name)
        assert.doesNotMatch(text, UUID, name)
        for (const [path] of text.matchAll(/(?<![\w.])\/[^\s"]+|\/\d+:\d+/g))
          assert.ok(OUR_PATH.test(path) || NETWORK.test(path), `${name}: ${path}`)
      }
    })

  it('is no more of another machine: the recorder leaves out what names it', () => {
    const host = {
      ...{ hostname: 'builder-7', os: 'linux', osVersion: 'Debian', osBuild: '6.1.0-21-amd64' },
      ...{ hardware: 'QEMU', arch: 'x64', bootId: '2f7d1f9e-6f4e-4c57-8d21-0a6c4b7f9e11' },
    }
    assert.deepEqual(namelessHost(host), {
      ...{ hostname: 'workload', os: 'linux', osVersion: 'Debian', osBuild: '' },
      ...{ hardware: '', arch: 'x64', bootId: BOOT_ID },
    })
  })

  it('has no boot of its own in any mark, and all else as the source told it', () => {
    const head = { source: Source.linux, atNs: 5n }
    const markOf = (bootId: Uint8Array): Uint8Array =>
      layout.writeMark({
        ...head,
        ...{ kind: layout.Mark.clock, capabilities: 3, unixNs: 7n, layout: 9, gaps: 1 },
        ...{ bootId, note: 'why' },
      })
    const tick = layout.writeTick({ ...head, unixNs: 1n })
    const exit = layout.writeExit({ ...head, pid: 3, pidversion: 4, status: 1 })
    const whole = (mark: Uint8Array): Uint8Array =>
      new Uint8Array(Buffer.concat([tick, mark, exit, mark]))
    const ours = new Uint8Array(Buffer.from(BOOT_ID.replaceAll('-', ''), 'hex'))
    assert.deepEqual(
      namelessRecords(whole(markOf(new Uint8Array(16).fill(0xbe)))),
      whole(markOf(ours)),
    )
  })
})
