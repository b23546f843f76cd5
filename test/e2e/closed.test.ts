// What a whole Freshet leaves in its state directory: every file is its user's alone, whatever the umask. The list is of all
// there is, so that a new file has to be looked at here.
import assert from 'node:assert/strict'
import { lstatSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { copyStore } from '../../src/collector/store/copy.ts'
import { leaveOut, whyNotLinux, whyNotRoot } from '../left-out.ts'
import { type Installation, startInstallation } from './installation.ts'

const KINDS = { directory: '0700 directory', file: '0600 file' } as const
/** By its path below the state's root. */
const EXPECTED: Record<string, string> = {
  // Others pass, and see no names; the socket asks the kernel who comes.
  '.': '0711 directory',
  'status.sock': '0666 socket',
  agent: KINDS.directory,
  'agent/baseline.db': KINDS.file,
  'agent/baseline.db-shm': KINDS.file,
  'agent/baseline.db-wal': KINDS.file,
  'agent/baseline.unwritten': KINDS.file,
  'agent/device-id': KINDS.file,
  'agent/lock.db': KINDS.file,
  'agent/outbox.db': KINDS.file,
  'agent/outbox.db-shm': KINDS.file,
  'agent/outbox.db-wal': KINDS.file,
  'agent/outbox.not-kept': KINDS.file,
  'agent/outbox.reserve': KINDS.file,
  'agent/running': KINDS.file,
  collector: KINDS.directory,
  'collector/address': KINDS.file,
  'collector/agents.sock': '0600 socket',
  'collector/lock.db': KINDS.file,
  'collector/page.key': KINDS.file,
  'collector/store.db': KINDS.file,
  'collector/store.db-shm': KINDS.file,
  'collector/store.db-wal': KINDS.file,
}

describe('the state directory of a running Freshet', function () {
  this.timeout(120_000)
  let installation: Installation
  let umask: number
  before(async function () {
    leaveOut(this, whyNotLinux() ?? whyNotRoot())
    umask = process.umask(0)
    installation = await startInstallation()
    await installation.connected()
  })
  after(async () => {
    await installation?.stop()
    if (umask !== undefined) process.umask(umask)
  })

  it('holds nothing that others may read, but the socket that asks who they are', () => {
    assert.deepEqual(found(installation.state), EXPECTED)
  })

  it('holds no copy that others may read while a backup is made', () => {
    const copy = join(installation.state, 'copy.db')
    copyStore(join(installation.state, 'collector/store.db'), copy)
    assert.equal(described(copy), KINDS.file)
    assert.throws(() => copyStore(join(installation.state, 'collector/store.db'), copy), /exists/)
  })

  it('would be told if it did', () => {
    writeFileSync(join(installation.state, 'agent/new'), '')
    assert.equal(found(installation.state)['agent/new'], '0666 file')
  })
})

function found(root: string): Record<string, string> {
  const names = readdirSync(root, { recursive: true }) as string[]
  return Object.fromEntries(['.', ...names].map((name) => [name, described(join(root, name))]))
}

function described(path: string): string {
  const stat = lstatSync(path)
  const kind = stat.isDirectory() ? 'directory' : stat.isSocket() ? 'socket' : 'file'
  return `${(stat.mode & 0o777).toString(8).padStart(4, '0')} ${kind}`
}
