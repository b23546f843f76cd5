import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { markRunning, REMEMBERED_MS, type Runner } from '../../src/host/running-mark.ts'
import { leaveOut, whyNoTool } from '../left-out.ts'

describe('the mark of a running process', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-running-'))
  })
  afterEach(() => rmSync(directory, { recursive: true }))
  const mark = (nowMs: number, more: Partial<Runner> = {}) =>
    markRunning(directory, { nowMs, uptimeMs: 1e12, bootId: 'b', sensePid: 7, ...more })

  it('tells the next one whether the last ended in order', () => {
    assert.equal(mark(1).lost, undefined)
    const second = mark(2)
    assert.equal(second.lost, 'engine')
    second.remove(2)
    assert.equal(mark(3).lost, undefined)
  })

  it('counts those that did not, for two days, over ends in good order', () => {
    mark(1000)
    assert.deepEqual(mark(2000).engineDeathsMs, [2000])
    assert.deepEqual(mark(3000).engineDeathsMs, [2000, 3000])
    const later = mark(2000 + REMEMBERED_MS)
    assert.deepEqual(later.engineDeathsMs, [3000, 2000 + REMEMBERED_MS])
    later.remove(2000 + REMEMBERED_MS)
    assert.deepEqual(mark(4000 + REMEMBERED_MS).engineDeathsMs, [2000 + REMEMBERED_MS])
    // More than a day later, as who comes to it on the next day finds it.
    assert.ok(REMEMBERED_MS > 36 * 3600 * 1000)
  })

  it('remembers when nobody watched, for how long and why, over ends in good order', () => {
    mark(1000).leave(1500)
    const first = mark(4200, { sensePid: 8 })
    const sense = { fromMs: 1500, lengthMs: 2700, why: 'sense' }
    assert.deepEqual(first.unwatched, [sense])
    first.remove(5000)
    // A restart is no time that nobody watched.
    const second = mark(9000)
    assert.deepEqual(second.unwatched, [sense])
    second.remove(10_000)
    const third = mark(70_000)
    const stop = { fromMs: 10_000, lengthMs: 60_000, why: 'stopped' }
    assert.deepEqual(third.unwatched, [sense, stop])
    const both = { fromMs: 70_000, lengthMs: 1000, why: 'both' }
    assert.deepEqual(mark(71_000, { sensePid: 9 }).unwatched, [sense, stop, both])
    // An engine that died alone left nothing unwatched; what is two days old is forgotten.
    const late = 1500 + REMEMBERED_MS
    assert.deepEqual(mark(late, { sensePid: 9 }).unwatched, [stop, both])
  })

  it('keeps no more than twenty of these, and believes none that is no such line', () => {
    const lines = Array.from({ length: 50 }, (_, at) => `unwatched ${at + 1} 5 both\n`).join('')
    const odd = 'unwatched 1 2\nunwatched x 2 both\nunwatched 1 2 nobody\nunwatched 999999 2 both\n'
    writeFileSync(join(directory, 'running'), `${odd}${lines}stopped\n`)
    const { unwatched } = mark(1000)
    assert.deepEqual([unwatched.length, unwatched[0]?.fromMs], [20, 31])
  })

  it('believes no time of the future, nothing that is no time, and keeps no more than a hundred', () => {
    writeFileSync(join(directory, 'running'), `x\n99999999\n-1\n${'500\n'.repeat(300)}`)
    const { engineDeathsMs } = mark(1000)
    assert.equal(engineDeathsMs.length, 100)
    assert.deepEqual([...new Set(engineDeathsMs)], [500, 1000])
  })

  it('counts the deaths of sense beside its own, and tells whose was the last', () => {
    mark(1000).leave(1500)
    const second = mark(2000)
    assert.equal(second.lost, 'sense')
    assert.deepEqual([second.engineDeathsMs, second.senseDeathsMs], [[], [1500]])
    // This one is killed itself.
    const third = mark(3000)
    assert.equal(third.lost, 'engine')
    assert.deepEqual([third.engineDeathsMs, third.senseDeathsMs], [[3000], [1500]])
    third.leave(4000)
    const fourth = mark(5000)
    assert.equal(fourth.lost, 'sense')
    assert.deepEqual([fourth.engineDeathsMs, fourth.senseDeathsMs], [[3000], [1500, 4000]])
    assert.deepEqual(mark(4500 + REMEMBERED_MS).senseDeathsMs, [])
  })

  it('tells an engine that died alone from one that died with sense, or with the machine', () => {
    mark(1000)
    assert.equal(mark(2000).lost, 'engine')
    const both = mark(3000, { sensePid: 8 })
    assert.equal(both.lost, 'both')
    assert.deepEqual([both.engineDeathsMs, both.senseDeathsMs], [[2000, 3000], [3000]])
    const machine = mark(4000, { bootId: 'c', sensePid: 8 })
    assert.equal(machine.lost, 'machine')
    assert.deepEqual(machine.engineDeathsMs, [2000, 3000])
  })

  it('tells an end in order because up was killed from one that somebody wished, and remembers it as a death', () => {
    mark(1000).orphaned(20_000)
    const second = mark(22_000, { sensePid: 8 })
    assert.deepEqual([second.lost, second.unwatchedMs], ['up', 2000])
    const up = { fromMs: 20_000, lengthMs: 2000, why: 'up' }
    assert.deepEqual(second.unwatched, [up])
    assert.deepEqual([second.engineDeathsMs, second.senseDeathsMs], [[], []])
    second.remove(30_000)
    assert.deepEqual(mark(31_000).unwatched, [up])
  })

  it('says for how long nobody watched: not while sense went on, and not while the machine was off', () => {
    const first = mark(1000)
    assert.equal(first.unwatchedMs, 0)
    first.alive(61_000)
    assert.equal(mark(90_000).unwatchedMs, 0, 'sense kept what came')
    assert.equal(mark(100_000, { sensePid: 8 }).unwatchedMs, 10_000)
    const restarted = mark(900_000, { bootId: 'c', uptimeMs: 30_000 })
    assert.equal(restarted.unwatchedMs, 30_000)
    restarted.remove(950_000)
    const stopped = mark(1_000_000, { bootId: 'c' })
    assert.deepEqual([stopped.lost, stopped.unwatchedMs], [undefined, 50_000])
    assert.equal(mark(500_000, { bootId: 'c', sensePid: 9 }).unwatchedMs, 0, 'a clock set back')
  })

  it('ends nothing that watches where its file system refuses it: that is said once, and when it ended is known all the same', () => {
    const said: string[] = []
    const runner = { nowMs: 1000, uptimeMs: 1e12, bootId: 'b', sensePid: 7 }
    const first = markRunning(directory, runner, (text) => said.push(text))
    // What stands where it is made anew: neither a full disk nor nothing at all.
    const inTheWay = join(directory, 'running.new')
    mkdirSync(inTheWay)
    rmSync(join(directory, 'running'))
    for (const nowMs of [2000, 3000, 4000]) first.alive(nowMs)
    assert.match(said.splice(0).join(), /^running cannot be written \([^,]*\): tried again/)
    rmdirSync(inTheWay)
    first.alive(5000)
    mkdirSync(inTheWay)
    for (const nowMs of [60_000, 61_000]) first.remove(nowMs)
    assert.match(said.join(), /^that it ends cannot be written to running \([^,]*\): it may read/)
    rmdirSync(inTheWay)
    const next = mark(100_000, { sensePid: 8 })
    assert.deepEqual([next.lost, next.unwatchedMs], ['both', 39_000])
  })

  it('ends once: what is said of it when nothing more is watched stands', () => {
    const first = mark(1000)
    first.remove(20_000)
    first.remove(29_000)
    assert.equal(mark(40_000).unwatchedMs, 20_000)
  })

  it('is no reason not to run where the disk is full: it is made when there is room, its end is no death, and what nobody watched after it is told', async function () {
    leaveOut(this, whyNoTool('mounts in a namespace'))
    const source = fileURLToPath(new URL('../../src/host/running-mark.ts', import.meta.url))
    const code = `
      const { markRunning } = await import(${JSON.stringify(source)})
      const { existsSync, rmSync, writeFileSync } = await import('node:fs')
      const said = []
      const fill = () => {
        try { for (let i = 0; ; i++) writeFileSync('fill' + i, 'x'.repeat(4096)) } catch {}
      }
      const mark = (nowMs) =>
        markRunning('.', { nowMs, uptimeMs: 1e12, bootId: 'b', sensePid: 7 }, (text) => said.push(text))
      fill()
      const first = mark(1000)
      first.alive(2000)
      const isThere = existsSync('running')
      rmSync('fill0')
      first.alive(3000)
      const isMade = existsSync('running')
      fill()
      first.remove(4000)
      const next = mark(3604000)
      const { unwatchedMs } = next
      next.leave(3605000)
      const after = mark(3606000)
      console.log(JSON.stringify({
        said, isThere, isMade, lost: next.lost ?? 'none', unwatchedMs, unwatched: after.unwatched,
        lostAfter: after.lost, deaths: after.senseDeathsMs,
      }))`
    const script = `mount -t tmpfs -o size=32k none "${directory}" && cd "${directory}" && exec "$@"`
    const { status, stdout, stderr } = spawnSync(
      'unshare',
      ['-m', 'sh', '-c', script, 'sh', process.execPath, '--input-type=module', '-e', code],
      { encoding: 'utf8' },
    )
    assert.equal(status, 0, stderr)
    const { said, ...rest } = JSON.parse(stdout) as { said: string[] }
    assert.deepEqual(rest, {
      ...{ isThere: false, isMade: true, lost: 'none', unwatchedMs: 3_600_000 },
      unwatched: [
        { fromMs: 4000, lengthMs: 3_600_000, why: 'stopped' },
        { fromMs: 3_605_000, lengthMs: 1000, why: 'sense' },
      ],
      ...{ lostAfter: 'sense', deaths: [3_605_000] },
    })
    assert.match(
      said.join('\n'),
      /^running cannot be written \(ENOSPC.*\): tried again, as long as it runs/,
    )
  })
})
