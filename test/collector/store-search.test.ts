import assert from 'node:assert/strict'
import type { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import type { AlertSummary } from '../../src/collector/page-api.ts'
import type { Answers, Query } from '../../src/collector/store/protocol.ts'
import { createReader } from '../../src/collector/store/reader.ts'
import { openForWriting } from '../../src/collector/store/schema.ts'
import { folded, searchTerms } from '../../src/collector/store/search.ts'
import { createWriter, type Writer } from '../../src/collector/store/writer.ts'
import { visible } from '../../src/collector/web/format.ts'
import type { Alert } from '../../src/engine/finding.ts'
import { bytes, unixNs } from '../../src/units.ts'
import { alertItem, alertOf, DEVICE_B, processOf, T0 } from './agent.ts'
import { append, batchOf, enroll, segmentsOf } from './store-fixture.ts'

describe('a search of the store', () => {
  let db: DatabaseSync
  let writer: Writer
  let device: number
  beforeEach(() => {
    db = openForWriting(':memory:')
    writer = createWriter(db, { segmentRevisions: 10 })
    device = enroll(writer).device
  })
  afterEach(() => db.close())

  const put = (number: number, change: Partial<Alert> = {}, of = device) =>
    append(writer, batchOf(of, 0, [alertItem(number, change)]))
  const ask = (query: Partial<Extract<Query, { op: 'alerts' }>>) =>
    createReader(db).answer({
      op: 'alerts',
      limit: 500,
      before: undefined,
      deviceId: undefined,
      severity: undefined,
      ...query,
    }) as Answers['alerts']
  const numbers = (alerts: readonly AlertSummary[]) => alerts.map(({ id }) => Number(`0x${id}`))
  const finds = (text: string) => numbers(ask({ text }).alerts)

  const base = alertOf(1)
  const special: Partial<Alert> = {
    identity: {
      ...base.identity,
      name: 'Rclone',
      path: '/opt/Tools Dir/rclone',
      sha256: '12'.repeat(32),
      cdhash: 'cd'.repeat(20),
      signingId: 'org.rclone.agent',
      teamId: 'ABCDE12345',
    },
    chain: [
      { ...processOf('/opt/Tools Dir/rclone'), user: 'grace' },
      {
        ...processOf('/usr/bin/python3'),
        script: '/srv/jobs/nightly.py',
        scriptSha256: 'ef'.repeat(32),
        user: 'root',
        foreignCode: ['/home/grace/inject.so'],
      },
      {
        ...processOf('/home/grace/launcher'),
        identityKey: `unsigned:sha256:${'7b'.repeat(32)} via platform:/usr/bin/cron`,
      },
    ],
    destination: { ...base.destination, hostname: 'files.example.org', address: '2001:db8::7' },
    sentence: 'Rclone sent 1.2 GB to files.example.org and got nothing back.',
  }

  it('looks at every alert that is kept, and counts all that it finds', () => {
    put(1, special)
    for (let number = 2; number <= 45; number++) put(number)
    assert.ok(segmentsOf(db).length >= 4, 'over several segments')
    assert.deepEqual(finds('rclone'), [1])
    assert.deepEqual(ask({ text: 'backup-tool', limit: 5 }).total, 45, 'its key says it too')
    assert.deepEqual(ask({ text: 'nowhere' }), {
      alerts: [],
      total: 0,
      statuses: { open: 0, acknowledged: 0, closed: 0, grown: 0 },
    })
  })

  it('finds by hash, path, any program of the chain, signing id, user and destination', () => {
    put(1, special)
    for (let number = 2; number <= 15; number++) put(number)
    for (const text of [
      '12'.repeat(32),
      'cd'.repeat(20),
      `hash:${'EF'.repeat(32)}`,
      'path:"/opt/Tools Dir/rclone"',
      'path:/usr/bin/python3',
      'path:/home/grace/inject.so',
      `hash:${'7b'.repeat(32)}`,
      'nightly.py',
      'path:/srv/jobs/nightly.py',
      'signing:org.rclone.agent',
      'abcde12345',
      'user:grace',
      'user:root',
      'to:files.example.org',
      'to:2001:db8::7',
      'FILES.example  1.2 gb',
      'rclone user:grace PYTHON',
    ])
      assert.deepEqual(finds(text), [1], text)
  })

  it('holds the whole of a value against what is named, and a part against a word alone', () => {
    put(1, { chain: [{ ...processOf('/home/adam/tool'), user: 'eve' }] })
    put(2, { chain: [{ ...processOf('/home/x'), user: 'ada' }] })
    put(3, { chain: [{ ...processOf('/home/x'), user: 'ada "the" first' }] })
    assert.deepEqual(finds('user:ada'), [2])
    assert.deepEqual(finds('user:"ada ""the"" first"'), [3])
    assert.deepEqual(finds('ada'), [3, 2, 1])
    assert.deepEqual(finds('user:eve path:/home/x'), [])
    assert.deepEqual(finds('user'), [], 'what an entry is, is no text of it')
  })

  it('finds by machine: by its name, as it is now, and by its id', () => {
    const other = enroll(writer, DEVICE_B).device
    put(1)
    put(2, {}, other)
    db.exec("UPDATE device SET hostname = 'Mac of Ada' WHERE row = 2")
    assert.deepEqual(finds('host:"mac of ada"'), [2])
    assert.deepEqual(finds(`host:${DEVICE_B}`), [2])
    assert.deepEqual(finds('mac of ada backup-tool'), [2])
    assert.deepEqual(finds('host:mac'), [])
  })

  it('follows an alert to what its highest revision says', () => {
    put(1)
    for (let number = 2; number <= 12; number++) put(number)
    append(
      writer,
      batchOf(device, 0, [alertItem(50, { ...special, id: alertOf(1).id, revision: 2 })]),
    )
    assert.deepEqual(finds('rclone'), [1])
    assert.equal(ask({ text: 'backup-tool' }).total, 11 + 1, 'its key is still the same')
  })

  it('goes page by page to the last, in every order, each alert once', () => {
    for (let number = 1; number <= 37; number++)
      put(number, {
        score: number % 5,
        bytesOut: bytes((number * 7919) % 31, 'bytesOut'),
        openedAt: unixNs(T0 + BigInt(number), 'at'),
      })
    const orders = {
      newest: (row: AlertSummary) => Number(BigInt(row.storedAt) - T0),
      score: (row: AlertSummary) => row.score,
      bytes: (row: AlertSummary) => row.bytesOut,
    }
    for (const sort of ['newest', 'score', 'bytes'] as const) {
      const all: AlertSummary[] = []
      let after: { before: bigint | undefined; below?: number } = { before: undefined }
      for (let page = 0; page < 10; page++) {
        const answer = ask({ text: 'backup-tool', sort, limit: 4, ...after })
        assert.equal(answer.total, 37, 'of all, on each page')
        all.push(...answer.alerts)
        if (answer.next === undefined) break
        const [height, time] = sort === 'newest' ? ['', answer.next] : answer.next.split('~')
        after = { before: BigInt(time as string), ...(height ? { below: Number(height) } : {}) }
      }
      assert.equal(new Set(numbers(all)).size, 37, sort)
      assert.equal(all.length, 37, sort)
      const heights = all.map(orders[sort])
      assert.deepEqual(
        heights,
        heights.toSorted((a, b) => b - a),
        sort,
      )
    }
    const [since, until] = [T0 + 10n, T0 + 13n]
    assert.deepEqual(numbers(ask({ since, until }).alerts), [12, 11, 10])
    assert.equal(ask({ since, until }).total, 3)
  })

  it('folds what it takes for plain as it folds everything else', () => {
    const slowly = (text: string) => folded(`${text}\u0301`).slice(0, -1)
    for (let code = 0; code < 0x3000; code++) {
      const letter = String.fromCodePoint(code)
      // A mark behind another letter, so that nothing composes with the one in question.
      assert.equal(folded(`${letter}q`), slowly(`${letter}q`), code.toString(16))
    }
  })

  it('folds text as the page shows it, and reads any query', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        assert.equal(folded(visible(text)), folded(text), 'a link of the page finds what it shows')
        assert.ok(searchTerms(text).length <= 16)
        const quoted = `path:"${text.replaceAll('"', '""')}"`
        if (text !== '')
          assert.deepEqual(searchTerms(quoted)[0]?.inText, `\n\u0002${folded(text)}\n`)
      }),
    )
  })
})
