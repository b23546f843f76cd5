import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lockDirectory } from '../../src/host/lock.ts'

describe('the lock of a directory', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-lock-'))
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  it('is held by one at a time', () => {
    const unlock = lockDirectory(directory, 0)
    assert.ok(unlock)
    assert.equal(lockDirectory(directory, 0), undefined)
    unlock()
    const again = lockDirectory(directory, 0)
    assert.ok(again)
    again()
  })

  it('is to be had though its file was spoilt, which holds nothing', () => {
    const file = join(directory, 'lock.db')
    writeFileSync(file, 'no database'.repeat(1000))
    const unlock = lockDirectory(directory, 0)
    assert.ok(unlock)
    assert.equal(statSync(file).size, 0)
    assert.equal(lockDirectory(directory, 0), undefined)
    unlock()
  })

  it('is not taken from who holds it by spoiling the file', () => {
    const unlock = lockDirectory(directory, 0)
    assert.ok(unlock)
    writeFileSync(join(directory, 'lock.db'), 'no database'.repeat(1000), { flag: 'r+' })
    assert.equal(lockDirectory(directory, 0), undefined)
    unlock()
  })

  it('is for its user alone, whatever the umask', () => {
    const umask = process.umask(0)
    try {
      lockDirectory(directory, 0)?.()
      assert.equal(statSync(join(directory, 'lock.db')).mode & 0o777, 0o600)
    } finally {
      process.umask(umask)
    }
  })

  it('throws where the directory is none', () => {
    assert.throws(() => lockDirectory(join(directory, 'none'), 0), /ENOENT.*lock\.db/)
  })
})
