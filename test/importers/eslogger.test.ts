import assert from 'node:assert/strict'
import { importStream } from '../../src/importers/open.ts'
import { ExecFlag, Loss, Mark, Script, Source } from '../../src/records/record.gen.ts'
import { chunksOf, importText } from './read.ts'
import { CDHASH, esLine, esStory, execOf, TOOL, ZSH } from './samples.ts'

const LATER = '2026-03-02T10:00:03Z'

describe('eslogger', () => {
  for (const version of [9, 10, 11])
    it(`tells a story of version ${version} as records`, async () => {
      const { told, of, input } = await importText('eslogger', esStory(version))
      assert.deepEqual(
        told.map(({ type }) => type),
        ['exec', 'inspected', 'fork', 'exec', 'inspected', 'invalidated', 'exit'],
      )
      const [shell, tool] = of('exec')
      assert.equal(shell?.flags, ExecFlag.enumerated + ExecFlag.platformBinary)
      assert.equal(shell?.path, '/bin/zsh')
      assert.equal(tool?.source, Source.endpointSecurity)
      assert.equal(tool?.flags, 0)
      assert.deepEqual(
        [tool?.pid, tool?.pidversion, tool?.parentPid, tool?.parentPidversion],
        [501, 1_002, 500, 1_000],
      )
      assert.deepEqual([tool?.responsiblePid, tool?.responsiblePidversion], [300, 700])
      assert.equal(tool?.uid, 501)
      assert.equal(tool?.signingId, 'com.example.tool')
      assert.equal(tool?.teamId, 'ABCDE12345')
      assert.equal(tool?.codesignFlags, 1)
      assert.equal(Buffer.from(tool?.cdhash ?? []).toString('hex'), CDHASH.toLowerCase())
      assert.deepEqual([tool?.dev, tool?.ino], [16_777_234n, 4_242n])
      const [fork] = of('fork')
      assert.deepEqual([fork?.pid, fork?.pidversion, fork?.parentPid], [501, 1_001, 500])
      assert.equal(of('exit')[0]?.status, 256)
      assert.equal(of('invalidated')[0]?.pidversion, 1_002)
      assert.equal(input.damage().places, 0)
      assert.deepEqual(input.notes(), [])
    })

  it('takes its time from the log and ticks as it passes', async () => {
    const { all, of } = await importText('eslogger', esStory(11))
    const [start] = of('mark')
    assert.equal(start?.kind, Mark.start)
    assert.equal(start?.unixNs, 1_772_445_600_000_000_000n)
    const exit = of('exit')[0]
    assert.equal((exit?.atNs ?? 0n) - (start?.atNs ?? 0n), 2_000_000_000n)
    const times = all.map(({ atNs }) => atNs)
    assert.deepEqual(
      times,
      [...times].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)),
    )
    assert.equal(of('mark').at(-1)?.kind, Mark.stop)
    const closing = of('tick').filter(({ atNs }) => atNs > (exit?.atNs ?? 0n))
    assert.equal(closing.length, 61)
  })

  it('tells a clock that was stepped back by a mark, and goes on', async () => {
    const text = [
      esLine(11, '2026-03-02T10:00:00Z', ZSH, execOf(11, TOOL)),
      esLine(11, '2026-03-02T09:00:00Z', TOOL, { exit: { stat: 0 } }),
    ].join('\n')
    const { of } = await importText('eslogger', text)
    const [clock] = of('mark').filter(({ kind }) => kind === Mark.clock)
    assert.equal(clock?.unixNs, 1_772_442_000_000_000_000n)
    assert.equal(of('exit')[0]?.atNs, clock?.atNs)
  })

  it('keeps the script of an interpreter, and what a double rounds is not known', async () => {
    const line = esLine(
      9,
      LATER,
      ZSH,
      execOf(9, { ...TOOL, path: '/usr/bin/python3' }, '/tmp/x.py'),
    )
    const { of } = await importText('eslogger', line.replaceAll('4242', '1152921500312525701'))
    assert.equal(of('exec')[1]?.script, '/tmp/x.py')
    assert.equal(of('exec')[1]?.ino, 0n)
  })

  for (const [args, path, from] of [
    [['python3', '-u', 'send.py', 'a-secret'], '/Users/ada/send.py', Script.argument],
    [['python3', '/opt/./send.py', 'a-secret'], '/opt/send.py', Script.argument],
    [['python3', '-c', 'a-secret'], '', Script.inline],
    [['python3', '-m', 'a-secret'], '', Script.module],
    [['python3'], '', Script.standardInput],
    [['python3', '/dev/fd/3', 'a-secret'], '', Script.none],
  ] as const)
    it(`knows what ${args.join(' ')} runs, and keeps nothing else of it`, async () => {
      const target = { ...TOOL, path: '/usr/bin/python3' }
      const exec = execOf(11, target, undefined, [...args])
      const { of } = await importText('eslogger', esLine(11, LATER, ZSH, exec))
      const { script, scriptFrom } = of('exec')[1] ?? {}
      assert.deepEqual([script, scriptFrom], [path, from])
      const input = await importStream('eslogger', chunksOf(esLine(11, LATER, ZSH, exec)), {
        name: '',
        ssl: undefined,
      })
      for await (const piece of input.records)
        assert.equal(Buffer.from(piece).includes('a-secret'), false)
    })

  it('says that arguments bring other code beside a script, and not which', async () => {
    const target = { ...TOOL, path: '/usr/bin/perl' }
    for (const [args, isBrought] of [
      [['perl', '-MSecret', 'x.pl'], true],
      [['perl', '-w', 'x.pl', '-MSecret'], false],
    ] as const) {
      const exec = execOf(11, target, undefined, [...args])
      const { of } = await importText('eslogger', esLine(11, LATER, ZSH, exec))
      const { script, flags = 0 } = of('exec')[1] ?? {}
      assert.equal(script, '/Users/ada/x.pl')
      assert.equal((flags & ExecFlag.otherCode) !== 0, isBrought)
    }
  })

  it('takes the script that the kernel found before one among the arguments', async () => {
    const target = { ...TOOL, path: '/usr/bin/python3' }
    const exec = execOf(11, target, '/opt/run.py', ['python3', '/opt/run.py', 'other.py'])
    const { of } = await importText('eslogger', esLine(11, LATER, ZSH, exec))
    assert.deepEqual(
      [of('exec')[1]?.script, of('exec')[1]?.scriptFrom],
      ['/opt/run.py', Script.kernel],
    )
  })

  it('reads other versions as far as it understands them, and says so', async () => {
    const text = [esLine(7, LATER, ZSH, execOf(7, TOOL)), esLine(12, LATER, TOOL, { exit: {} })]
    const { of, input } = await importText('eslogger', text.join('\n'))
    assert.equal(of('exec')[1]?.path, TOOL.path)
    assert.equal(of('exit')[0]?.status, 0xffffffff)
    assert.match(input.notes().join('\n'), /1 line of version 7, .*\n1 line of version 12, /)
  })

  it('leaves out, and counts, other events and questions', async () => {
    const text = [
      esLine(9, LATER, ZSH, { write: { target: {} } }),
      esLine(9, LATER, ZSH, execOf(9, TOOL), { action_type: 0 }),
    ]
    const { told, input } = await importText('eslogger', text.join('\n'))
    assert.deepEqual(told, [])
    assert.match(input.notes().join(), /2 events left out/)
    assert.equal(input.damage().places, 0)
  })

  it('says how many events the sequence numbers miss', async () => {
    const text = [3, 4, 9, 1].map((seq_num) =>
      esLine(9, LATER, ZSH, execOf(9, { ...TOOL, version: seq_num }), { seq_num }),
    )
    const { of, input } = await importText('eslogger', text.join('\n'))
    assert.deepEqual(
      of('loss').map(({ count, what }) => [count, what]),
      [[4n, Loss.kernelEvents]],
    )
    assert.match(input.notes().join(), /4 events missing/)
  })

  it('does not count a line that is malformed a second time, as one that the numbers miss', async () => {
    const text = [3, 4, 5, 9].map((seq_num) =>
      esLine(9, LATER, ZSH, execOf(9, { ...TOOL, version: seq_num }), { seq_num }),
    )
    const { of, input } = await importText('eslogger', text.with(1, '{"event_type":9').join('\n'))
    assert.equal(input.damage().places, 1)
    assert.deepEqual(
      of('loss').map(({ count }) => count),
      [3n],
    )
    assert.match(input.notes().join(), /3 events missing/)
  })

  it('counts malformed lines with their place, and reads on', async () => {
    const good = esLine(9, LATER, ZSH, execOf(9, TOOL))
    const bad = [
      'not json',
      '[1]',
      '{"event":{"exec":{}}}',
      good.replace(LATER, 'yesterday'),
      good.replace('"pidversion":1002', '"pidversion":-1'),
      good.replaceAll(TOOL.path, ''),
      good.slice(0, -1),
    ]
    const text = [good, ...bad, '', good].join('\n')
    const { of, input } = await importText('eslogger', text)
    assert.equal(of('exec').length, 3)
    const damage = input.damage()
    assert.equal(damage.places, bad.length)
    assert.equal(damage.unit, 'lines')
    let offset = good.length + 1
    for (const [index, line] of bad.entries()) {
      assert.equal(damage.listed[index]?.offset, offset)
      assert.equal(damage.listed[index]?.line, index + 2)
      offset += line.length + 1
    }
    assert.match(damage.listed[4]?.text ?? '', /exec.target has no audit token/)
  })
})
