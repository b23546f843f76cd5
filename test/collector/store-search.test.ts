import assert from 'node:assert/strict'
import type { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import type { Answers, Query } from '../../src/collector/store/protocol.ts'
import { createReader } from '../../src/collector/store/reader.ts'
import { openForWriting } from '../../src/collector/store/schema.ts'
import { folded, noNetworkIn, searchTerms } from '../../src/collector/store/search.ts'
import { createWriter, type Writer } from '../../src/collector/store/writer.ts'
import type { AlertSummary } from '../../src/collector/views/page-api.ts'
import { visible } from '../../src/collector/web/format.ts'
import type { Alert } from '../../src/engine/finding.ts'
import { bytes, unixNs } from '../../src/units.ts'
import { alertItem, alertOf, DEVICE_B, identityOf, itemOf, processOf, T0 } from './agent.ts'
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
      { ...processOf('/opt/Tools Dir/rclone'), user: 'grace', alsoAt: ['/var/tmp/again'] },
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

  it('finds the addresses of a network, and not those beside it', () => {
    const to = (number: number, address: string, hostname = '') =>
      put(number, {
        destination: { ...base.destination, key: `k${number}`, hostname, address },
        sentence: 'It sent 1 MB.',
      })
    to(1, '192.0.2.7', 'a.example.org')
    to(2, '192.0.20.7')
    to(3, '192.1.2.7')
    to(4, '93.192.0.2')
    to(5, '192.0.2.77')
    for (const [text, found] of [
      ['192.0.2.0/24', [5, 1]],
      ['to:192.0.2.9/24', [5, 1]],
      ['to:"192.0.0.0/16"', [5, 2, 1]],
      ['192.0.0.0/8', [5, 3, 2, 1]],
      ['192.0.2.7/32', [1]],
      ['192.0.2.0/24 a.example.org', [1]],
      ['192.0.2.0/20', [5, 1]],
      ['to:192.0.2.64/26', [5]],
      ['to:0.0.0.0/0', [5, 4, 3, 2, 1]],
      ['192.0.300.0/24', []],
      ['user:192.0.2.0/24', []],
    ] as const)
      assert.deepEqual(finds(text), found, text)
  })

  it('finds networks of any length, of IPv4 and IPv6, an address however it is written, and no name by them', () => {
    const to = (number: number, address: string, hostname = '') =>
      put(number, {
        destination: { ...base.destination, key: `k${number}`, hostname, address },
        sentence: 'It sent 1 MB.',
      })
    to(1, '10.0.7.7')
    to(2, '203.0.113.9', '10.0.evil.example')
    to(3, '2001:db8::7')
    to(4, '2001:db8:8000::1')
    to(5, '', 'no.address.example')
    to(6, '203.0.113.10', '2001:db8::7')
    // In segments that are sealed, too.
    for (let number = 7; number <= 40; number++) to(number, `198.51.100.${number}`)
    assert.ok(segmentsOf(db).length > 2)
    for (const [text, found] of [
      ['to:10.0.0.0/16', [1]],
      ['to:10.0.0.0/9', [1]],
      ['to:10.0.0.0/29', []],
      ['to:10.0.7.7', [1]],
      ['to:10.0.evil.example', [2]],
      ['to:10.0', []],
      ['to:2001:db8::/32', [4, 3]],
      ['2001:db8::/33', [3]],
      ['to:"2001:DB8:0::7"', [3]],
      ['to:::/0', [4, 3]],
      ['to:::ffff:0:0/96 to:203.0.113.0/31', []],
      ['to:203.0.113.8/31', [2]],
      ['to:198.51.100.8/29', [15, 14, 13, 12, 11, 10, 9, 8]],
    ] as const)
      assert.deepEqual(finds(text), found, text)
    const plan = db.prepare(`EXPLAIN QUERY PLAN SELECT count(*) FROM alert_1 AS a
      WHERE a.to_address BETWEEN ? AND ?`)
    assert.match(String(plan.all(Buffer.alloc(16), Buffer.alloc(16))[0]?.detail), /alert_1_address/)
  })

  it('says what stands behind `to:` for a network and is none', () => {
    for (const text of [
      'to:10.0.0.0/33',
      'to:"10.0.0.300/8"',
      'x to:2001:db8::/129',
      'to:1::2::3/4',
    ])
      assert.ok(noNetworkIn(text), text)
    for (const text of ['to:10.0.0.0/8', 'to:::/0', 'to:a.example/8', '10.0.0.0/33', 'to:10.0.0.1'])
      assert.equal(noNetworkIn(text), undefined, text)
  })

  it('finds who has a number and no name by that number', () => {
    const by = (number: number, uid: number, user: string) =>
      put(number, { chain: [{ ...processOf('/x'), uid, user }] })
    by(1, 501, '')
    by(2, 5010, '')
    by(3, 501, '501')
    assert.deepEqual(finds('user:501'), [1])
    assert.deepEqual(finds('USER:501'), [1])
    assert.deepEqual(finds('user:"501"'), [3], 'quoted it is what somebody is called')
    assert.deepEqual(finds('user:"uid 501"'), [1])
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

  it('finds by what a page shows of a hash, a path, a signing id and a machine', () => {
    put(1, special)
    for (let number = 2; number <= 15; number++) put(number)
    const machine = db.prepare('SELECT id FROM device WHERE row = ?').get(device)?.['id']
    for (const text of [
      `hash:${'12'.repeat(6)}`,
      `hash:"${'12'.repeat(6)}"`,
      `HASH:${'EF'.repeat(6)}`,
      `hash:${'7b'.repeat(7)}`,
      `hash:${'cd'.repeat(6)}`,
      'path:rclone',
      'path:nightly.py',
      'path:jobs/nightly.py',
      ...['script:/srv/jobs/nightly.py', 'script:nightly.py', 'Script:"/srv/jobs/nightly.py"'],
      ...['script:/srv/jobs/*', 'script:/srv/…nightly.py'],
      'path:/srv/jobs/*',
      'path:/var/tmp/again',
      'path:/home/grace/inj*',
      'signing:org.rclone*',
      'path:/opt/To…rclone',
      'org.rcl…agent',
      `rclone host:${String(machine).slice(0, 8)}`,
    ])
      assert.deepEqual(finds(text), [1], text)
    for (const text of [
      // Fewer digits are those of too many, and another begins otherwise.
      `hash:${'12'.repeat(5)}1`,
      `hash:${'12'.repeat(6)}3`,
      'path:clone',
      'path:"nightly.py"',
      'script:ightly.py',
      'path:/srv/jobs',
      'path:"/srv/jobs/*"',
      'signing:org.rclone',
      'user:grac',
      `rclone host:${String(machine).slice(0, 7)}`,
      // Of another entry than a path.
      'path:files.example.org',
    ])
      assert.deepEqual(finds(text), [], text)
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
    assert.deepEqual(finds('host:mac*'), [2, 1])
    assert.deepEqual(finds('host:"mac*"'), [])
    // Nothing but what a page left out says nothing: it is a word that is nowhere, and not all there is.
    assert.deepEqual([finds('…'), finds('path:…')], [[], []])
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
      let after: { before: bigint | undefined; below?: number | bigint } = { before: undefined }
      for (let page = 0; page < 10; page++) {
        const answer = ask({ text: 'backup-tool', sort, limit: 4, ...after })
        assert.equal(answer.total, 37, 'of all, on each page')
        all.push(...answer.alerts)
        if (answer.next === undefined) break
        const [height = '', time = ''] = answer.next.split('~')
        after = {
          before: BigInt(time),
          below: sort === 'newest' ? BigInt(height) : Number(height),
        }
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
        assert.ok(searchTerms(text).length <= 32)
        const quoted = `path:"${text.replaceAll('"', '""')}"`
        if (text !== '')
          assert.deepEqual(searchTerms(quoted)[0]?.inText, `\n\u0002${folded(text)}\n`)
      }),
    )
  })

  it('finds users and hashes whatever the length of paths, which anybody chooses', () => {
    const hash = (digit: number) => `${digit}`.repeat(64)
    for (const [number, folder] of [
      `/tmp/${'d'.repeat(1000)}`,
      `/tmp/${'\u0001'.repeat(1000)}`,
    ].entries()) {
      const chain = Array.from({ length: 8 }, (_, at) => ({
        ...processOf(`${folder}${at}`),
        ...{ script: `${folder}.sh`, user: `user${at}` },
        identityKey: `unsigned:sha256:${hash(at)}`,
      }))
      const identity = { ...base.identity, path: `${folder}0`, sha256: 'ab'.repeat(32) }
      put(number + 1, { identity, chain })
    }
    for (let at = 0; at < 8; at++) {
      assert.deepEqual(finds(`user:user${at}`), [2, 1])
      assert.deepEqual(finds(`hash:${hash(at)}`), [2, 1])
    }
    assert.deepEqual(finds(`hash:${'ab'.repeat(32)}`), [2, 1])
    // What is short and stands behind what has no room any more.
    const long = Array.from({ length: 9 }, (_, at) => `/${at}${'l'.repeat(1020)}`)
    put(3, { chain: [...long, '/opt/short'].map((path) => processOf(path)) })
    assert.deepEqual(finds('path:/opt/short'), [3])
  })

  it('finds a program by what its own machine calls it, in letters of either case', () => {
    const other = enroll(writer, DEVICE_B).device
    const sight = (of: number, name: string, path: string) => {
      const identity = { ...identityOf('k'), name, path }
      const sighting = {
        of: 'identity' as const,
        identity,
        process: processOf(path),
        destination: undefined,
      }
      append(
        writer,
        batchOf(of, 0, [itemOf(1, { at: unixNs(T0, 'at'), kind: 'sighting', sighting })]),
      )
    }
    sight(device, 'zzz', '/tmp/zzz')
    sight(other, 'UploadHelper', '/Users/Mira/Ümlaut/UploadHelper')
    const named = (text: string) =>
      (
        createReader(db).answer({
          op: 'identities',
          limit: 10,
          deviceId: undefined,
          text,
        }) as Answers['identities']
      ).identities.map(({ name }) => name)
    for (const text of [
      'UploadHelper',
      'uploadhelper',
      'UPLOADHELPER',
      '/users/mira',
      'ümlaut',
      'ÜMLAUT',
    ])
      assert.deepEqual(named(text), ['UploadHelper'], text)
    assert.deepEqual(named('zzz'), ['zzz'])
    assert.deepEqual(named('k').length, 2)
    assert.deepEqual(named('nowhere'), [])
  })
})
