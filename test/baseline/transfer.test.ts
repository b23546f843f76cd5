import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import type { Baseline } from '../../src/baseline/baseline.ts'
import { BaselineError } from '../../src/baseline/error.ts'
import { openMemoryBaseline } from '../../src/baseline/memory.ts'
import { putNetworkNames } from '../../src/baseline/network-names.ts'
import { rowToJson } from '../../src/baseline/row.ts'
import { openBaseline, type SqliteBaseline } from '../../src/baseline/sqlite.ts'
import {
  exportLines,
  type Imported,
  importFile,
  whatIsMissing,
} from '../../src/baseline/transfer.ts'
import { readRows } from '../../src/baseline/view.ts'
import type { Bytes } from '../../src/units.ts'
import { alertOf, destinationOf, identityOf, later, START } from './identities.ts'

const HEAD = '{"freshet":"baseline","version":1,"exportedAt":"1"}'

describe('a baseline as lines', () => {
  let directory: string
  let open: SqliteBaseline[]
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-transfer-'))
    open = []
  })
  afterEach(() => {
    for (const baseline of open) baseline.close()
    rmSync(directory, { recursive: true })
  })

  const start = (name: string): SqliteBaseline => {
    const { baseline } = openBaseline(join(directory, name), { now: START })
    open.push(baseline)
    return baseline
  }
  const filled = (): SqliteBaseline => {
    const baseline = start('one.db')
    baseline.setBornAt(later(0))
    for (let number = 0; number < 30; number++) {
      baseline.putIdentity({ ...identityOf(number), history: `1 4 5 6 0 40:${number + 1}` })
      baseline.putDestination(destinationOf(number, number % 7))
    }
    baseline.putAlert(alertOf(1))
    baseline.commit()
    return baseline
  }
  const exported = (): string[] => {
    let lines: string[] = []
    readRows(join(directory, 'one.db'), (rows) => {
      lines = [...exportLines(rows, START)]
    })
    return lines
  }
  const importLines = (baseline: Baseline, text: string | Uint8Array): Imported => {
    const path = join(directory, 'lines')
    writeFileSync(path, text)
    const file = openSync(path, 'r')
    try {
      return importFile(baseline, (into) => readSync(file, into), START)
    } finally {
      closeSync(file)
    }
  }

  it('is the same baseline where it is read into an empty one, alerts left out', () => {
    const one = filled()
    const two = start('two.db')
    const lines = exported()
    assert.equal(lines.length, 1 + 1 + 30 + 30 + 1)
    const done = importLines(two, `${lines.join('\n')}\n`)
    assert.deepEqual(done.identities, { added: 30, merged: 0 })
    assert.deepEqual(done.destinations, { added: 30, merged: 0 })
    assert.equal(done.bad, 0)
    const own = ({ kind }: { kind: string }) => kind !== 'alert' && kind !== 'fact'
    assert.deepEqual([...two.rows()].filter(own), [...one.rows()].filter(own))
    assert.deepEqual(two.alerts(), [])
    // What it knows is another machine's: nobody is lenient with what runs here for having found it at a first look.
    assert.deepEqual([one.fact('rebuilt_ns'), two.fact('rebuilt_ns')], [undefined, START])
  })

  it('has nothing of the names that the system of its machine knew, and takes none of another', () => {
    const one = filled()
    putNetworkNames(one, [{ name: 'curl', firstAt: START, lastAt: START, sent: 7 as Bytes }])
    one.commit()
    const lines = exported()
    assert.ok(!lines.some((line) => line.includes('network name')))
    const row = [...one.rows()].find((of) => of.kind === 'identity' && of.identity.name === 'curl')
    assert.ok(row)
    const two = start('two.db')
    const done = importLines(two, `${[HEAD, rowToJson(row)].join('\n')}\n`)
    assert.deepEqual([done.leftOut, done.bad, two.identity('network name curl')], [1, 0, undefined])
  })

  it('changes nothing when it is read twice', () => {
    filled()
    const two = start('two.db')
    const text = exported().join('\n')
    importLines(two, text)
    const once = [...two.rows()]
    assert.deepEqual(importLines(two, text).identities, { added: 0, merged: 30 })
    assert.deepEqual([...two.rows()], once)
  })

  it('is merged by the earliest firsts, the latest lasts and the longer history', () => {
    const two = openMemoryBaseline()
    two.setBornAt(later(100))
    const [key, other] = [identityOf(1), identityOf(1)]
    two.putIdentity({
      ...key,
      firstExecAt: later(50),
      firstNetworkAt: undefined,
      lastSeenAt: later(60),
      daysActive: 9,
      name: 'newer',
      history: '1 4 5 6 0 40:3',
    })
    two.putDestination({ ...destinationOf(1, 1), firstAt: later(9), lastAt: later(10) })
    const rows = exportLines(
      [
        { kind: 'born', at: later(90) },
        {
          kind: 'identity',
          identity: { ...other, history: '1 4 5 6 0 40:2', lastSeenAt: later(9) },
        },
        { kind: 'destination', destination: { ...destinationOf(1, 1), lastAt: later(20) } },
        { kind: 'alert', alert: alertOf(1) },
      ],
      START,
    )
    importLines(two, [...rows].join('\n'))
    assert.equal(two.bornAt(), later(90))
    assert.deepEqual(two.identity(key.key), {
      ...key,
      firstExecAt: later(1),
      firstNetworkAt: later(2),
      lastSeenAt: later(60),
      daysActive: 9,
      name: 'newer',
      history: '1 4 5 6 0 40:3',
    })
    const destination = two.destination(key.key, destinationOf(1, 1).destinationKey)
    assert.deepEqual([destination?.firstAt, destination?.lastAt], [later(1), later(20)])
  })

  it('counts lines that it cannot read, says where they are, and takes the others', () => {
    const two = openMemoryBaseline()
    const good = [...exportLines([{ kind: 'identity', identity: identityOf(1) }], START)][1]
    const bad = ['{', '{"kind":"x"}', 'y'.repeat(70_000), good?.replace('"unsigned"', '"signed"')]
    const history = good
      ?.replace('"kind"', '"x":1,"kind"')
      .replace('"name"', '"history":"9","name"')
    const lines = [HEAD, ...bad, history, '', good, '{"kind":"alert"}']
    const done = importLines(two, lines.join('\r\n'))
    assert.equal(done.bad, 6)
    assert.deepEqual(
      done.described.map(({ line }) => line),
      [2, 3, 4, 5, 6, 9],
    )
    assert.match(done.described[2]?.text ?? '', /longer than 65536/)
    assert.equal(done.identities.added, 1)
    assert.deepEqual(two.identity(identityOf(1).key), identityOf(1))
  })

  it('is known to be cut, wherever that was, down to the last byte of its count', () => {
    filled()
    const text = exported().join('\n')
    const rows = 1 + 30 + 30
    const whole = importLines(openMemoryBaseline(), text)
    assert.deepEqual([whole.rows, whole.rowsAtEnd, whole.bad], [rows, rows, 0])
    assert.equal(whatIsMissing(whole), undefined)
    const head = text.indexOf('\n')
    for (let at = head; at < text.length; at += at < text.length - 200 ? 997 : 1) {
      const cut = importLines(openMemoryBaseline(), text.slice(0, at))
      assert.match(whatIsMissing(cut) ?? '', /^it is cut: after \d+ rows it has no end$/, `${at}`)
    }
  })

  it('is known to lack a line in its midst, or to have one too many; what follows its end is none of it', () => {
    filled()
    const lines = exported()
    const without = importLines(openMemoryBaseline(), lines.toSpliced(9, 1).join('\n'))
    assert.equal(whatIsMissing(without), 'it is not whole: its end says 61 rows, and 60 are there')
    const twice = importLines(openMemoryBaseline(), [...lines, ...lines].join('\n'))
    assert.equal(twice.bad, lines.length)
    assert.match(twice.described[0]?.text ?? '', /after the end of the export/)
    // Spoilt is not missing: that is counted for itself.
    const spoilt = importLines(openMemoryBaseline(), lines.with(9, '{').join('\n'))
    assert.deepEqual([spoilt.bad, whatIsMissing(spoilt)], [1, undefined])
    const of1 = importLines(openMemoryBaseline(), [HEAD, ...lines.slice(1, -1)].join('\n'))
    assert.deepEqual([of1.bad, whatIsMissing(of1)], [0, undefined])
  })

  it('refuses what is no export, or a later one’s, whole', () => {
    for (const [text, sentence] of [
      ['', /empty/],
      ['{"kind":"identity"}\n', /does not begin as an export/],
      ['\x89PNG\n', /does not begin as an export/],
      ['{"freshet":"capture","version":1}', /something else/],
      ['{"freshet":"baseline","version":3}', /later version \(3, this one knows 2\)/],
    ] as [string, RegExp][])
      assert.throws(
        () => importLines(openMemoryBaseline(), text),
        (error) =>
          error instanceof BaselineError &&
          error.code === 'malformed' &&
          sentence.test(error.message),
        text,
      )
  })

  it('takes any bytes without failing, and keeps what is whole', () => {
    filled()
    const text = Buffer.from(exported().join('\n'))
    const head = text.indexOf('\n') + 1
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 30 }),
        fc.nat(text.length - head),
        (edits, cut) => {
          const bytes = Buffer.from(text.subarray(0, text.length - cut))
          for (const [place, value] of edits)
            if (bytes.length > head) bytes[head + (place % (bytes.length - head))] = value
          const done = importLines(openMemoryBaseline(), bytes)
          const { identities, destinations, leftOut, bad } = done
          const all = identities.added + identities.merged + destinations.added
          assert.ok(all + destinations.merged + leftOut + bad <= 62 + 30)
        },
      ),
      { numRuns: 200, seed: 41 },
    )
  })
})
