// The program that nobody has seen, made for `freshet simulate upload`.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { uniqueProgram } from '../../src/cli/simulate-probe.ts'
import { ConfigError } from '../../src/cli/state.ts'
import { PLACE } from '../../src/place.ts'
import { Disk, whyNoDisk } from '../faults/disk.ts'
import { leaveOut } from '../left-out.ts'

const DISK_MB = 20

describe('The program that simulate sends with', () => {
  let directory: string
  let disk: Disk | undefined
  const temporary = process.env['TMPDIR']
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-probe-'))
  })
  afterEach(() => {
    if (temporary === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = temporary
    disk?.end()
    disk = undefined
    rmSync(directory, { recursive: true, force: true })
  })

  it('is another one each time, and goes when it is removed', async () => {
    process.env['TMPDIR'] = directory
    const [one, other] = [await uniqueProgram(PLACE.probe), await uniqueProgram(PLACE.probe)]
    assert.notEqual(one.sha256, other.sha256)
    await one.remove()
    await other.remove()
    assert.deepEqual(readdirSync(directory), [])
  })

  it('is said not to fit where the disk is full, and leaves nothing', async function () {
    leaveOut(this, whyNoDisk())
    const full = join(directory, 'full')
    disk = new Disk(full, DISK_MB)
    disk.make(true)
    disk.fill()
    process.env['TMPDIR'] = full
    await assert.rejects(uniqueProgram(PLACE.probe), (error) => {
      assert(error instanceof ConfigError)
      assert(error.message.includes(`${PLACE.probe}, cannot be copied to ${full}: ENOSPC`))
      return true
    })
    assert.deepEqual(
      readdirSync(full).filter((name) => name.startsWith('freshet')),
      [],
    )
  })

  it('is said to have no place, or to be missing itself', async () => {
    process.env['TMPDIR'] = join(directory, 'none')
    await assert.rejects(uniqueProgram(PLACE.probe), /cannot be copied to .*none: ENOENT/)
    await assert.rejects(uniqueProgram(join(directory, 'probe')), /is not there: run `node/)
  })
})
