// What `freshet doctor` would have looked at on a machine where all is well, and a look at one check of it.
import assert from 'node:assert/strict'
import { type Check, type CheckId, diagnose } from '../../src/status/doctor.ts'
import type { DoctorFacts, Entry } from '../../src/status/looks.ts'
import { wellStatus } from './states.ts'

const GIB = 2 ** 30
export const ROOT = '/var/lib/freshet'

export const directory = (path: string, mode: number, uid = 990): Entry => ({
  ...{ path, uid, gid: uid },
  mode: 0o40000 | mode,
  name: '',
  isDirectory: true,
})
export const file = (path: string, uid = 990): Entry => ({
  ...{ path, uid, gid: uid },
  mode: 0o100600,
  name: '',
  isDirectory: false,
})
export const NONE = { code: 'no-agent', message: '' } as const
export const MAC = { hasApp: true, hasFilter: true, hasJob: true }

export const wellFacts = (change: Partial<DoctorFacts> = {}): DoctorFacts => ({
  platform: 'linux',
  version: '0.1.0',
  layout: 7,
  addon: { layout: 7 },
  owner: { uid: 990, gid: 990, name: 'freshet' },
  state: {
    root: ROOT,
    above: ['/', '/var', '/var/lib'].map((path) => directory(path, 0o755, 0)),
    entries: [
      directory(ROOT, 0o711),
      directory(`${ROOT}/agent`, 0o700),
      file(`${ROOT}/agent/baseline.db`),
    ],
    error: '',
  },
  disk: { freeBytes: 20 * GIB, totalBytes: 100 * GIB },
  agent: wellStatus(),
  ...change,
})
export const find = (checks: Check[], id: CheckId): Check => {
  const check = checks.find((one) => one.id === id)
  assert.ok(check, id)
  return check
}
export const diagnosed = (id: CheckId, change: Partial<DoctorFacts>): Check =>
  find(diagnose(wellFacts(change)), id)
