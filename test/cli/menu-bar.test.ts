// Freshet.app of a clone: for whom `freshet up` opens it, and with what; a Mac's own calls are passed in.
import assert from 'node:assert/strict'
import { type Desk, openingOf, openMenuBar } from '../../src/cli/menu-bar.ts'

const APP = '/Users/ana/free shet/native/build/Freshet.app'
type Call = { program: string; args: readonly string[] }

/** Root, in a terminal of ana's, who sits at the Mac; no app of hers runs. */
function deskOf(change: Partial<Desk> = {}, statuses: Record<string, number | undefined> = {}) {
  const calls: Call[] = []
  const desk: Desk = {
    platform: 'darwin',
    isBuilt: true,
    console: 501,
    uid: 0,
    name: (uid) => (uid === 501 ? 'ana' : undefined),
    status: async (program, args) => {
      calls.push({ program, args })
      return program in statuses ? statuses[program] : program === '/usr/bin/pgrep' ? 1 : 0
    },
    ...change,
  }
  return { desk, calls }
}

async function told(change: Partial<Desk>, statuses?: Record<string, number | undefined>) {
  const { desk, calls } = deskOf(change, statuses)
  const lines: string[] = []
  await openMenuBar({ desk, app: APP, state: undefined, log: (text) => lines.push(text) })
  const opened = calls.filter(({ program }) => program !== '/usr/bin/pgrep').length
  return { lines, opened }
}

describe('the menu bar of a clone', () => {
  it('is opened by root within the session of who sits at the Mac, as that user', async () => {
    const { desk, calls } = deskOf()
    assert.deepEqual(await openingOf(desk, APP), {
      kind: 'open',
      program: '/bin/launchctl',
      args: ['asuser', '501', '/usr/bin/sudo', '-u', '#501', '/usr/bin/open', '-g', APP],
      who: 'ana',
    })
    assert.deepEqual(calls, [{ program: '/usr/bin/pgrep', args: ['-x', '-u', '501', 'Freshet'] }])
  })

  it('is opened by its user without root, and told of a state directory of their own', async () => {
    const opening = await openingOf(deskOf({ uid: 501 }).desk, APP, '/tmp/a b')
    assert.deepEqual(opening, {
      kind: 'open',
      program: '/usr/bin/open',
      args: ['-g', '--env', 'FRESHET_STATE=/tmp/a b', APP],
      who: 'ana',
    })
  })

  for (const [who, change] of Object.entries<Partial<Desk>>({
    'at the login window': { console: 0 },
    'in Setup Assistant': { console: 248 },
    'where nobody can be told': { console: undefined },
    'for another than who starts it': { console: 502, uid: 501 },
    'where it was not built': { isBuilt: false },
    'on Linux': { platform: 'linux' },
  }))
    it(`is not opened ${who}, and nothing is said or asked`, async () => {
      const { desk, calls } = deskOf(change)
      assert.deepEqual(await openingOf(desk, APP), { kind: 'nothing' })
      assert.deepEqual(calls, [])
      assert.deepEqual(await told(change), { lines: [], opened: 0 })
    })

  it('is not opened twice', async () => {
    assert.deepEqual(await told({}, { '/usr/bin/pgrep': 0 }), {
      lines: ["Freshet is in ana's menu bar already"],
      opened: 0,
    })
  })

  it('is said in one line when it opens, and when it does not, with the status', async () => {
    assert.deepEqual(await told({}), { lines: ["Freshet is in ana's menu bar: a drop"], opened: 1 })
    const fails = (status: number | undefined) => told({}, { '/bin/launchctl': status })
    assert.deepEqual((await fails(113)).lines, [
      "Freshet could not be put into ana's menu bar (/bin/launchctl ended with 113); all else works without",
    ])
    assert.match(
      (await fails(undefined)).lines.join('\n'),
      /^Freshet could .*launchctl cannot be run/,
    )
    assert.match((await told({ name: () => undefined })).lines.join(), /in uid 501's menu bar/)
  })
})
