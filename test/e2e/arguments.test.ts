// Arguments of programs, from root's own wish to a stored alert. That there are none without it is asked in live.test.ts.
import assert from 'node:assert/strict'
import type { AlertDetail } from '../../src/collector/views/page-api.ts'
import { leaveOut, whyNotLinux, whyNotRoot } from '../left-out.ts'
import { type Installation, startInstallation } from './installation.ts'

describe('freshet up --exec-arguments, live', () => {
  let installation: Installation

  before(async function () {
    leaveOut(this, whyNotLinux() ?? whyNotRoot())
    installation = await startInstallation(['--exec-arguments'])
    await installation.connected()
  })
  after(async () => {
    await installation?.stop()
  })

  it('stores with an alert what the program and its parent were executed with', async () => {
    // For a second, so that /proc is read in time on a machine under load too.
    const args = ['simulate', 'upload', '--mb', '3', '--seconds', '1']
    const { status, stdout, stderr } = await installation.freshet(args)
    assert.equal(status, 0, `${stdout}\n${stderr}`)
    const id = /#\/alerts\/([0-9a-f]{32})/.exec(stdout)?.[1]
    const { chain, destination } = await installation.api<AlertDetail>(`/api/alerts/${id}`)
    const [probe, parent] = chain
    assert.equal(probe?.arguments?.missed, false)
    assert.equal(probe?.arguments?.leftOutBytes, 0)
    assert.equal(probe?.arguments?.count, probe?.arguments?.texts.length)
    assert.equal(probe?.arguments?.texts[0], probe?.path)
    assert.deepEqual(probe?.arguments?.texts.slice(1, 3), [
      '--to',
      `${destination.address}:${destination.port}`,
    ])
    assert.deepEqual(parent?.arguments?.texts.slice(-8, -2), args)
    // This process ran before Freshet did: what it was executed with is not read.
    assert.equal(chain.find(({ pid }) => pid === process.pid)?.arguments, null)
  })
})
