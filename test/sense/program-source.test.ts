// Programs of the system as sources, with programs of the test's own that print.
import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  Capability,
  Gap,
  Loss,
  Mark,
  type MarkRecord,
  RecordType,
  readLine,
  readLoss,
  readMark,
  Source,
} from '../../src/records/record.gen.ts'
import type { NativeSource } from '../../src/sense/addon.ts'
import {
  ESLOGGER,
  NETTOP,
  openProgramSource,
  type SystemProgram,
} from '../../src/sense/program-source.ts'
import { WAIT_MS } from '../waits.ts'

describe('a program of the system as a source', () => {
  let folder: string
  const open: NativeSource[] = []
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'freshet-programs-'))
  })
  afterEach(() => {
    for (const source of open.splice(0)) source.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** A source whose program is this shell script. */
  function start(
    script: string,
    change: {
      program?: SystemProgram
      queueBytesMax?: number
      bootNs?: () => bigint
      terminal?: string
    } = {},
  ) {
    const path = join(folder, 'program')
    writeFileSync(path, `#!/bin/sh\n${script}\n`)
    chmodSync(path, 0o755)
    const logged: string[] = []
    let wakes = 0
    let look: (() => void) | undefined
    const source = openProgramSource({
      program: change.program ?? ESLOGGER,
      path,
      queueBytesMax: change.queueBytesMax ?? 1 << 20,
      bootNs: change.bootNs ?? (() => 5n),
      bootId: () => new Uint8Array(16).fill(7),
      onReadable: () => wakes++,
      log: (text) => logged.push(text),
      restartMs: 20,
      terminal: change.terminal,
      everySecond(one) {
        look = one
        return () => undefined
      },
    })
    open.push(source)
    const told: string[] = []
    const marks: MarkRecord[] = []
    const into = new Uint8Array(1 << 18)
    const drain = (): string[] => {
      for (let bytes = source.drain(into); bytes > 0; bytes = source.drain(into))
        told.push(...words(into.subarray(0, bytes), marks))
      return told
    }
    const until = async (what: string, met: () => boolean): Promise<void> => {
      for (const end = performance.now() + WAIT_MS; !met(); await sleep(5))
        assert.ok(performance.now() < end, `${what}: ${told.join('; ')}`)
    }
    /** So many seconds of the program's, in which nothing of what it prints comes. */
    const pass = (seconds: number): void => {
      for (let second = 0; second < seconds; second++) look?.()
    }
    return { source, drain, until, pass, told, marks, logged, wakes: () => wakes }
  }

  it('tells that it works with its first line, and each line as it is', async () => {
    const { drain, until, wakes } = start('echo one; echo "t\\"wo é"; exec sleep 60')
    await until('lines', () => drain().length >= 3)
    assert.deepEqual(drain(), ['start works', 'one', 't"wo é'])
    assert.ok(wakes() > 0)
  })

  it('gives what lacks while it works: what nettop counts is not exact', async () => {
    const path = '-L 0 -n -x -s 1 -J time,interface,state,bytes_in,bytes_out'
    const { source, until } = start(`[ "$*" = "${path}" ] || exit 3; echo header; exec sleep 60`, {
      program: NETTOP,
    })
    const into = new Uint8Array(1 << 18)
    await until('a line', () => source.counters().records > 0)
    const bytes = source.drain(into)
    const mark = readMark(new DataView(into.buffer, 0, bytes), 0)
    assert.equal(mark.source, Source.nettop)
    assert.equal(mark.gaps, Gap.nettopCounts)
    assert.equal(mark.capabilities, Capability.allProcesses)
  })

  it('has an input that nothing comes by, and whose end is not read over and over', async () => {
    const looks = `process.stdin.on('end', () => console.log('ended')).resume(); setTimeout(() => console.log('waits'), 300)`
    const { until, drain } = start(`exec ${process.execPath} -e "${looks}"`)
    await until('a line', () => drain().length >= 2)
    assert.deepEqual(drain().slice(0, 2), ['start works', 'waits'])
  })

  describe('in a terminal', () => {
    /** macOS's script(1); elsewhere by the one that Linux has: `script -q FILE COMMAND ...`. */
    const terminal = (): string => {
      if (process.platform === 'darwin') return '/usr/bin/script'
      const path = join(folder, 'script')
      writeFileSync(
        path,
        `#!/bin/sh
[ "$1 $2" = '-q /dev/null' ] || exit 9
shift 2
line=''
for word; do line="$line '$(printf %s "$word" | sed "s/'/'\\\\''/g")'"; done
exec /usr/bin/script -qec "$line" /dev/null
`,
      )
      chmodSync(path, 0o755)
      return path
    }

    it('prints each line as it is, and what it says beside them is none of them', async () => {
      const { drain, until, logged } = start(
        `[ -t 1 ] && [ ! -t 2 ] && echo 'a  "b" é'; echo; echo two; echo not permitted >&2; exit 1`,
        { terminal: terminal() },
      )
      await until('another run', () => drain().filter((one) => one === 'two').length >= 2)
      assert.deepEqual(drain().slice(0, 4), [
        'start works',
        'a  "b" é',
        'two',
        'start cannot eslogger tells nothing: it ended with status 1: "not permitted".',
      ])
      assert.ok(logged.every((text) => !text.includes('late')))
    })

    it('ends with its source, and is ended where it hangs, though it is stopped and in a group of its own', async () => {
      const { source, until, drain, pass } = start(
        `echo $$ >> ${folder}/pids; echo up; [ -e ${folder}/once ] || { echo > ${folder}/once; kill -STOP $$; }; exec sleep 60`,
        { terminal: terminal(), program: { ...NETTOP, silentMaxS: 5 } },
      )
      const pids = () =>
        existsSync(join(folder, 'pids'))
          ? readFileSync(join(folder, 'pids'), 'utf8').trim().split('\n')
          : []
      await until('a stopped one', () => drain().includes('up') && existsSync(join(folder, 'once')))
      pass(6)
      await until('another', () => pids().length === 2)
      assert.ok(hasEnded(pids()[0]))
      await until('its line', () => drain().filter((one) => one === 'up').length === 2)
      source.close()
      await until('its end', () => hasEnded(pids()[1]))
    })

    it('that cannot be had is done without', async () => {
      const { drain, until, logged } = start('[ -t 1 ] || echo piped; exec sleep 60', {
        terminal: join(folder, 'none'),
      })
      await until('its line', () => drain().includes('piped'))
      assert.match(logged[0] ?? '', /none does not run it, so its lines may come late$/)
    })

    it('is tried again after some starts, where one ended before it said its pid', async () => {
      const real = terminal()
      const first = join(folder, 'first')
      writeFileSync(
        first,
        `#!/bin/sh\n[ -e ${folder}/tried ] || { echo > ${folder}/tried; exit 1; }\nexec ${real} "$@"\n`,
      )
      chmodSync(first, 0o755)
      const { drain, until } = start('if [ -t 1 ]; then echo terminal; sleep 60; fi; echo piped', {
        terminal: first,
      })
      await until('a terminal', () => drain().includes('terminal'))
      assert.equal(drain().filter((one) => one === 'piped').length, 4)
    })
  })

  it('runs in a group of its own, with nothing of root’s environment, and ends with its source', async () => {
    process.env['FRESHET_SECRET'] = 'secret'
    const { source, drain, until } = start(
      `env > ${folder}/env; ps -o pgid= -p $$ > ${folder}/group; echo $$ > ${folder}/pid; echo up; sleep 60`,
    )
    await until('a line', () => drain().includes('up'))
    delete process.env['FRESHET_SECRET']
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'))
    assert.equal(Number(readFileSync(join(folder, 'group'), 'utf8')), pid)
    assert.ok(!readFileSync(join(folder, 'env'), 'utf8').includes('secret'))
    source.close()
    await until('its end', () => !existsSync(`/proc/${pid}`))
    assert.equal(drain().at(-1), 'stop cannot')
  })

  it('is started again when it ends, and says what it said', async () => {
    const { drain, until, logged } = start('echo line; echo "not permitted" >&2; exit 1')
    await until('a third run', () => drain().filter((one) => one === 'line').length >= 3)
    const why = 'it ended with status 1: "not permitted"'
    assert.deepEqual(drain().slice(0, 5), [
      'start works',
      'line',
      `start cannot eslogger tells nothing: ${why}.`,
      'start works',
      'line',
    ])
    assert.match(logged[0] ?? '', /^eslogger: it ended with status 1: "not permitted"; it is start/)
    assert.deepEqual(
      logged.slice(0, 2).map((text) => /after (\d+) ms/.exec(text)?.[1]),
      ['20', '40'],
    )
  })

  it('says once why it never begins', async () => {
    const { drain, until, source, told } = start(
      `echo >> ${folder}/runs; echo "no entitlement" >&2; exit 2`,
    )
    const runs = () => existsSync(join(folder, 'runs')) && readFileSync(join(folder, 'runs')).length
    await until('three runs', () => Number(runs()) >= 3 && drain().length > 0)
    assert.deepEqual(told, [
      'start cannot eslogger tells nothing: it ended with status 2: "no entitlement".',
    ])
    // Once it is gone; one that had begun by then ends in a way of its own.
    rmSync(join(folder, 'program'))
    const isGone = (one: string) => /it cannot be started \(spawn .* ENOENT\)/.test(one)
    await until('another end', () => drain().some(isGone))
    assert.equal(source.counters().waitingBytes, 0)
  })

  it('drops what finds its queue full, and says how much before what comes next', async () => {
    const { source, drain, until, told } = start(
      `i=0; while [ $i -lt 400 ]; do echo "line $i"; i=$((i+1)); done; echo > ${folder}/all
       while [ ! -e ${folder}/more ]; do sleep 0.01; done; echo last; exec sleep 60`,
      { queueBytesMax: 4096 },
    )
    await until('all', () => existsSync(join(folder, 'all')))
    await until('drops', () => source.counters().dropped > 200)
    await sleep(50)
    const { dropped } = source.counters()
    drain()
    writeFileSync(join(folder, 'more'), '')
    await until('the last', () => drain().includes('last'))
    const lost = told
      .filter((one) => one.startsWith('lost'))
      .map((one) => Number(one.split(' ')[1]))
    assert.equal(
      lost.reduce((sum, one) => sum + one, 0),
      dropped,
    )
    assert.equal(told.filter((one) => one.startsWith('line')).length, 400 - dropped)
    assert.ok(source.counters().records === told.length)
  })

  it('counts a line that is too long as one that was not understood', async () => {
    const { drain, until } = start(
      'head -c 70000 /dev/zero | tr "\\0" x; echo; echo short; exec sleep 60',
    )
    await until('the short one', () => drain().includes('short'))
    assert.deepEqual(drain(), ['start works', `lost 1 ${Loss.malformed}`, 'short'])
  })

  it('is ended and started anew where it should print and hangs, and says so', async () => {
    const { drain, until, pass } = start(
      `trap '' TERM; [ -e ${folder}/hung ] || { echo > ${folder}/hung; echo line; exec sleep 60; }
       echo again; while :; do sleep 0.01; echo again; done`,
      { program: { ...NETTOP, silentMaxS: 200 } },
    )
    await until('a line', () => drain().includes('line'))
    pass(200)
    assert.deepEqual(drain(), ['start works', 'line'])
    pass(1)
    await until('a second run', () => drain().includes('again'))
    assert.deepEqual(drain().slice(0, 4), [
      'start works',
      'line',
      'start cannot nettop tells nothing: it printed nothing for 200 s.',
      'start works',
    ])
    // One that prints is left alone.
    for (let lines = 0; lines < 3; lines++) {
      const before = drain().length
      await until('another line', () => drain().length > before)
      pass(200)
    }
    assert.equal(drain().filter((one) => one.startsWith('start')).length, 3)
  })

  it('says that it hangs of one that never printed, and may be silent where silence says nothing', async () => {
    const hung = start('exec sleep 60', { program: { ...NETTOP, silentMaxS: 5 } })
    hung.pass(6)
    await hung.until('why', () => hung.drain().length > 0)
    assert.deepEqual(hung.told, ['start cannot nettop tells nothing: it printed nothing for 5 s.'])
    assert.equal(ESLOGGER.silentMaxS, undefined)
  })

  it('is ended though it heeds no SIGTERM', async () => {
    const { source, drain, until } = start(
      `trap '' TERM; echo $$ > ${folder}/pid; echo up; while :; do sleep 1; done`,
    )
    await until('a line', () => drain().includes('up'))
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'))
    source.close()
    await until('its end', () => !existsSync(`/proc/${pid}`))
  })

  it('tells who begins to read in the middle that it works, its first line, and that others are missing', async () => {
    let nowNs = 0n
    const { source, drain, until, marks } = start('echo header; echo row; exec sleep 60', {
      program: NETTOP,
      bootNs: () => {
        nowNs += 60_000_000_000n
        return nowNs
      },
    })
    await until('lines', () => drain().includes('row'))
    const before = drain().length
    source.enumerate()
    await until('all', () => drain().length >= before + 3)
    assert.deepEqual(drain().slice(before), ['start works', 'header', `lost 0 ${Loss.ringFull}`])
    // By when it began who reads knows that it is the one whose counts go on.
    const [first, again] = marks
    assert.ok(first && again)
    assert.equal(again.atNs, first.atNs)
    // Each look at this clock is a minute later, so the wall clock then was minutes before this one.
    assert.ok(again.unixNs < first.unixNs - 60_000_000_000n)
  })

  it('tells who begins to read in the middle no line of one whose lines are events: it would happen again', async () => {
    const { source, drain, until } = start('echo event; echo another; exec sleep 60')
    await until('lines', () => drain().includes('another'))
    const before = drain().length
    source.enumerate()
    await until('all', () => drain().length >= before + 2)
    assert.deepEqual(drain().slice(before), ['start works', `lost 0 ${Loss.ringFull}`])
  })
})

/** Whoever has lost its parent may not be waited for by anybody. */
function hasEnded(pid = ''): boolean {
  const path = `/proc/${pid}/stat`
  return !existsSync(path) || /^\d+ \(.*\) Z/.test(readFileSync(path, 'utf8'))
}

/** Records in words. */
function words(records: Uint8Array, marks: MarkRecord[] = []): string[] {
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength)
  const said: string[] = []
  for (let at = 0; at < records.length; at += view.getUint32(at, true)) {
    const type = view.getUint16(at + 4, true)
    if (type === RecordType.line) said.push(readLine(view, at).text)
    if (type === RecordType.loss) {
      const { count, what } = readLoss(view, at)
      said.push(`lost ${count} ${what}`)
    }
    if (type === RecordType.mark) {
      const mark = readMark(view, at)
      const { kind, capabilities, note } = mark
      marks.push(mark)
      const name = kind === Mark.start ? 'start' : 'stop'
      said.push(
        `${name} ${capabilities === 0 ? 'cannot' : 'works'}${note === '' ? '' : ` ${note}`}`,
      )
    }
  }
  return said
}
