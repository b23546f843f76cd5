// The capture of all that an engine is given, from its first record on.
import type { SqliteBaseline } from '../baseline/sqlite.ts'
import { type Recording, startRecording } from '../capture/recording.ts'
import { REFERENCE_HASH } from '../engine/engine.ts'
import type { HostFacts } from '../host/machine.ts'
import { LAYOUT } from '../records/record.gen.ts'
import { nowUnixNs } from '../units.ts'
import { VERSION } from '../version.ts'

/** What is kept begins with the baseline as it stands: the engine has read nothing yet. */
export function startRecordingFor(
  { record, log }: { record?: { fd: number }; log: (text: string) => void },
  deviceId: string,
  host: HostFacts,
  baseline: SqliteBaseline,
): Recording | undefined {
  if (!record) return undefined
  const header = {
    ...{ version: VERSION, layout: LAYOUT, reference: REFERENCE_HASH, deviceId, host },
    startedAt: nowUnixNs(),
    synthetic: '',
    baseline: baseline.counts(),
  }
  return startRecording({ fd: record.fd, header, rows: baseline.rows(), log })
}
