// What a Mac's networkd wrote of who used the network: read from a copy, whatever stands at its place.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { bytesOf, type Netusage, openNetusage, readNetusage } from '../../src/baseline/netusage.ts'
import { unixNs } from '../../src/units.ts'
import { addRows, type UsageRow, writeNetusage } from './netusage-file.ts'

const NOW = unixNs(BigInt(Date.UTC(2021, 1, 20, 2)) * 1_000_000n, 'now')
/** 2021-01-17T19:23:37.412Z, and 2021-02-20T01:00:34.939Z. */
const [FIRST, LAST] = [632_604_217.411826, 635_475_634.939279]
const ms = (text: string): bigint => BigInt(Date.parse(text)) * 1_000_000n

describe('netusage.sqlite', () => {
  let directory: string
  let path: string
  let own: string
  let databases: DatabaseSync[]

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-netusage-'))
    path = join(directory, 'netusage.sqlite')
    own = join(directory, 'own')
    mkdirSync(own)
    databases = []
  })
  afterEach(() => {
    for (const database of databases) database.close()
    rmSync(directory, { recursive: true })
  })

  const write = (...rows: UsageRow[]): DatabaseSync => {
    const database = writeNetusage(path, rows)
    databases.push(database)
    return database
  }
  const read = (): Netusage => {
    const found = readNetusage(openNetusage([join(directory, 'none'), path]), own, NOW)
    assert.deepEqual(readdirSync(own), [], 'a copy is left')
    return found
  }
  const names = () => {
    const found = read()
    assert.ok(found.is === 'read', found.is === 'unread' ? found.why : '')
    return found
  }
  const whyNot = (): string => {
    const found = read()
    assert.ok(found.is === 'unread')
    return found.why
  }

  it('says who used the network from when to when, and how much each sent over all periods and interfaces', () => {
    write(
      { name: 'configd', first: FIRST, last: LAST, sent: [[34_112, 0, 10_325]] },
      {
        name: 'com.apple.AppStore',
        first: FIRST + 100,
        last: LAST + 1,
        sent: [
          [19_849_734, 0, 189],
          [948_690, 7, 0, 20],
        ],
      },
      { name: 'AssetCacheLocato', first: FIRST, last: FIRST },
    )
    assert.deepEqual(names(), {
      is: 'read',
      path,
      leftOut: 0,
      names: [
        {
          name: 'com.apple.AppStore',
          firstAt: ms('2021-01-17T19:25:17.412Z'),
          lastAt: ms('2021-02-20T01:00:35.939Z'),
          sent: 19_849_734 + 189 + 948_690 + 7 + 20,
        },
        {
          name: 'configd',
          firstAt: ms('2021-01-17T19:23:37.412Z'),
          lastAt: ms('2021-02-20T01:00:34.939Z'),
          sent: 44_437,
        },
        {
          name: 'AssetCacheLocato',
          firstAt: ms('2021-01-17T19:23:37.412Z'),
          lastAt: ms('2021-01-17T19:23:37.412Z'),
          sent: 0,
        },
      ],
    })
  })

  it('has what is in its log alone, and leaves both files as they were', () => {
    const database = write({ name: 'old', first: FIRST, last: LAST })
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    addRows(database, [{ name: 'of.the.log', first: FIRST, last: LAST + 5 }])
    const files = [path, `${path}-wal`].map((file) => readFileSync(file))
    assert.deepEqual(
      names().names.map(({ name }) => name),
      ['of.the.log', 'old'],
    )
    assert.deepEqual(
      [path, `${path}-wal`].map((file) => readFileSync(file)),
      files,
    )
  })

  it('leaves out and counts rows that are none, joins two of a name, and takes no time to come for one that was', () => {
    write(
      { name: 'twice', first: FIRST + 50, last: LAST, sent: [[1, 0, 0]] },
      { name: 'twice', first: FIRST, last: LAST - 5, sent: [[2, 0, 0]] },
      { name: 'ahead', first: FIRST, last: LAST + 1e8 },
      { name: 'tomorrow', first: LAST + 86_400, last: LAST + 86_400 },
      { name: '', first: FIRST, last: LAST },
      { name: null, first: FIRST, last: LAST },
      { name: 'no\ntime', first: FIRST, last: LAST },
      { name: 'text', first: 'x', last: LAST },
      { name: 'never', first: null, last: null },
      { name: 'x'.repeat(256), first: FIRST, last: LAST },
      { name: 'much', first: FIRST, last: LAST, sent: [[1e300, 0, 0]] },
    )
    const found = names()
    assert.deepEqual(
      found.names.map(({ name, sent }) => [name, sent]),
      [
        ['ahead', 0],
        ['twice', 3],
        ['much', 0],
      ],
    )
    assert.equal(found.names[0]?.lastAt, NOW)
    assert.equal(found.names[1]?.firstAt, ms('2021-01-17T19:23:37.412Z'))
    // The second row of a name is in the first, and no row that was left out.
    assert.equal(found.leftOut, 7)
  })

  it('takes 4,096 names, those that used the network last, and counts the others', () => {
    write(
      ...Array.from({ length: 4_100 }, (_, at) => ({
        name: `tool-${at}`,
        first: FIRST,
        last: FIRST + at,
      })),
    )
    const found = names()
    assert.deepEqual(
      [found.names.length, found.names[0]?.name, found.names.at(-1)?.name, found.leftOut],
      [4_096, 'tool-4099', 'tool-4', 4],
    )
  })

  it('says why it is not read: absent, damaged, of other tables, too large, a link, a FIFO, a directory', () => {
    assert.equal(whyNot(), `there is no ${join(directory, 'none')} and no ${path}`)
    writeFileSync(path, 'no database at all')
    assert.match(whyNot(), /cannot be read: file is not a database$/)
    const database = write0(`${path}.other`)
    database.exec('CREATE TABLE ZPROCESS (Z_PK INTEGER PRIMARY KEY)')
    database.close()
    writeFileSync(path, readFileSync(`${path}.other`))
    assert.match(whyNot(), /cannot be read: no such (table|column): /)
    truncateSync(path, 64 * 1024 * 1024 + 1)
    assert.match(whyNot(), /cannot be read: it has 67108865 bytes, more than 67108864$/)
    rmSync(path)
    symlinkSync(`${path}.other`, path)
    assert.match(whyNot(), /cannot be read: .*ELOOP/)
    rmSync(path)
    execFileSync('mkfifo', [path])
    assert.match(whyNot(), /cannot be read: it is no file$/)
    rmSync(path)
    mkdirSync(path)
    assert.match(whyNot(), /cannot be read: it is no file$/)
  })

  it('says that it is damaged where a page of it is', () => {
    const rows = Array.from({ length: 500 }, (_, at) => ({
      name: `tool-${at}`,
      first: FIRST,
      last: LAST,
    }))
    write(...rows).exec('PRAGMA wal_checkpoint(TRUNCATE)')
    const bytes = readFileSync(path)
    bytes.fill(0x5a, 5 * 4096, 6 * 4096)
    writeFileSync(path, bytes)
    assert.match(whyNot(), /cannot be read: (it is damaged|database disk image is malformed)/)
  })

  it('is damaged also where nothing of it is read', () => {
    const database = write({ name: 'configd', first: FIRST, last: LAST })
    database.exec('CREATE TABLE ZOTHER (text); PRAGMA wal_checkpoint(TRUNCATE)')
    const page = database
      .prepare("SELECT rootpage AS at FROM sqlite_master WHERE name = 'ZOTHER'")
      .get()?.at
    const bytes = readFileSync(path)
    bytes.fill(0x5a, (Number(page) - 1) * 4096, Number(page) * 4096)
    writeFileSync(path, bytes)
    assert.match(whyNot(), /cannot be read: it is damaged/)
  })

  it('is copied again where it was written to meanwhile, and given up where it always is', () => {
    const database = write({ name: 'first', first: FIRST, last: LAST })
    const during = (times: number): Netusage => {
      let left = times
      const read = (file: number): Buffer => {
        const bytes = bytesOf(file)
        if (left-- > 0) addRows(database, [{ name: `at ${left}`, first: FIRST, last: LAST - 9 }])
        return bytes
      }
      return readNetusage(openNetusage([path]), own, NOW, read)
    }
    const once = during(1)
    assert.ok(once.is === 'read')
    assert.deepEqual(
      once.names.map(({ name }) => name),
      ['first', 'at 0'],
    )
    const never = during(1_000)
    assert.ok(never.is === 'unread')
    assert.match(never.why, /cannot be read: it was written to while it was read, 3 times$/)
    assert.deepEqual(readdirSync(own), [])
  })

  it('says so where there is no room for the copy', () => {
    write({ name: 'configd', first: FIRST, last: LAST })
    const found = readNetusage(openNetusage([path]), join(directory, 'gone'), NOW)
    assert.ok(found.is === 'unread' && /cannot be read: ENOENT/.test(found.why))
  })

  function write0(at: string): DatabaseSync {
    const database = writeNetusage(at, [])
    database.exec('PRAGMA journal_mode = DELETE; DROP TABLE ZPROCESS; DROP TABLE ZLIVEUSAGE')
    return database
  }
})
