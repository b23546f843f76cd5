// A Mac's sources of processes and of flows in every pair: the program of an upload is one and the same.
import assert from 'node:assert/strict'
import {
  Capability,
  ExecFlag,
  FlowFlag,
  InspectedFlag,
  Signature,
  Source,
} from '../../src/records/record.gen.ts'
import { MIB, Script, tell } from './scenario.ts'

const CDHASH = Uint8Array.from({ length: 20 }, (_, index) => index + 1)
/** XNU osfmk/kern/cs_blobs.h: CS_VALID, CS_SIGNED. */
const VALID = 0x20000001

const PROCESSES = {
  endpoint_security: { source: Source.endpointSecurity, flags: 0 },
  eslogger: { source: Source.eslogger, flags: 0 },
  // It was not seen to begin.
  polling: { source: Source.polling, flags: ExecFlag.enumerated },
}
const FLOWS = {
  filter: { source: Source.filter, pidversion: 1, flags: 0 },
  network_statistics: { source: Source.networkStatistics, pidversion: 1, flags: 0 },
  // It has a pid alone.
  nettop: { source: Source.nettop, pidversion: 0, flags: FlowFlag.ownerGuessed },
}

type Signed = {
  kernel: { signingId: string; teamId: string; codesignFlags: number }
  found: { signature: number; signingId: string; teamId: string }
  inspectFlags: number
  key: string
  isPlatform?: boolean
}

/** Programs by how they are signed, as the kernel and an inspection of their file have it. */
const PROGRAMS: Record<string, Signed> = {
  'of a team': {
    kernel: { signingId: 'com.example.sync', teamId: 'ABCDE12345', codesignFlags: VALID },
    found: { signature: Signature.valid, signingId: 'com.example.sync', teamId: 'ABCDE12345' },
    inspectFlags: InspectedFlag.developerId,
    key: 'ABCDE12345:com.example.sync',
  },
  'that nobody vouches for': {
    kernel: { signingId: 'sync', teamId: '', codesignFlags: VALID + 2 },
    found: { signature: Signature.adhoc, signingId: 'sync', teamId: '' },
    inspectFlags: 0,
    key: `adhoc:${Buffer.from(CDHASH).toString('hex')}`,
  },
  // The kernel knows its code wherever it lies. Of Endpoint Security that is not believed where nobody protects the
  // file, nor what it calls it then (native/mac/es_message.h).
  'that is a copy of one of the system': {
    kernel: { signingId: 'com.apple.curl', teamId: '', codesignFlags: VALID },
    found: { signature: Signature.valid, signingId: 'com.apple.curl', teamId: '' },
    inspectFlags: InspectedFlag.apple,
    // It acts for whoever starts it, of whom nothing is known here.
    key: 'copy:com.apple.curl via unknown',
    isPlatform: true,
  },
}

function identityOf(
  { source: processes, flags }: (typeof PROCESSES)[keyof typeof PROCESSES],
  { source: flows, ...flow }: (typeof FLOWS)[keyof typeof FLOWS],
  { kernel, found, inspectFlags, isPlatform }: Signed,
) {
  const isBelieved = isPlatform && processes !== Source.endpointSecurity
  const script = new Script()
    .from(processes, Capability.processEvents + Capability.allProcesses)
    .start()
    .from(flows, Capability.flowCloses)
    .start()
    .ticks(5)
    .from(processes, Capability.processEvents)
    .program({
      ...{ pid: 100, path: '/Users/ada/sync', parent: 50, inspectFlags },
      flags: flags | (isBelieved ? ExecFlag.platformBinary : 0),
      kernel: {
        ...kernel,
        ...(isPlatform && !isBelieved ? { signingId: '' } : {}),
        cdhash: CDHASH,
      },
      found: { ...found, cdhash: CDHASH },
    })
    .from(flows, Capability.flowCloses)
  for (const state of ['opened', 'report', 'closed'] as const)
    script.flow({ ...flow, id: 1, out: state === 'opened' ? 0 : 8 * MIB, state }).ticks(2)
  const { alerts, engine } = tell(script.ticks(3))
  assert.equal(engine.counters().unattributedFlows, 0)
  const alert = alerts.at(-1)
  return { key: alert?.identity.key, bytesOut: alert?.bytesOut, path: alert?.chain[0]?.path }
}

describe('one program of a Mac', () => {
  for (const [kind, program] of Object.entries(PROGRAMS))
    for (const [processes, ofProcesses] of Object.entries(PROCESSES))
      for (const [flows, ofFlows] of Object.entries(FLOWS))
        it(`${kind} is known by its name where ${processes} tells it and ${flows} its flow`, () => {
          assert.deepEqual(identityOf(ofProcesses, ofFlows, program), {
            key: program.key,
            bytesOut: 8 * MIB,
            path: '/Users/ada/sync',
          })
        })
})
