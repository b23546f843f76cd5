// What of a machine's records is a recording's: a process, what descends from it, and their flows.
import assert from 'node:assert/strict'
import { flowGroups } from '../../scripts/workload/measured.ts'
import { createSubject } from '../../scripts/workload/subject.ts'
import { parseAddress } from '../../src/engine/address.ts'
import {
  Direction,
  FlowState,
  Loss,
  RecordType,
  Source,
  writeExec,
  writeExit,
  writeFlow,
  writeFork,
  writeLoss,
  writeName,
  writeTick,
  writeUnseen,
} from '../../src/records/record.gen.ts'

const head = { source: Source.linux, atNs: 1n }
const exec = (pid: number, pidversion: number, parentPid: number, path: string): Uint8Array =>
  writeExec({
    ...head,
    ...{ flags: 0, pid, pidversion, parentPid, parentPidversion: 1, path, uid: 0 },
    ...{
      responsiblePid: 0,
      responsiblePidversion: 0,
      codesignFlags: 0,
      cdhash: new Uint8Array(20),
    },
    ...{ dev: 1n, ino: 1n, scriptDev: 0n, scriptIno: 0n, scriptFrom: 0 },
    ...{ script: '', signingId: '', teamId: '' },
  })
const fork = (pid: number, pidversion: number, parentPid: number): Uint8Array =>
  writeFork({ ...head, pid, pidversion, parentPid, parentPidversion: 1, uid: 0 })
const exit = (pid: number, pidversion: number): Uint8Array =>
  writeExit({ ...head, pid, pidversion, status: 0 })
const flow = (flowId: bigint, pid: number, bytesOut: bigint, more: object = {}): Uint8Array =>
  writeFlow({
    ...head,
    ...{ flowId, bytesOut, bytesIn: 1n, epoch: 0, pid, pidversion: 1, flags: 0 },
    ...{
      remoteAddr: parseAddress('203.0.113.1') as Uint8Array,
      remotePort: 443,
      localPort: 50_000,
    },
    ...{ protocol: 6, direction: Direction.outbound, state: FlowState.report },
    ...more,
  })
const name = (flowId: bigint): Uint8Array =>
  writeName({
    ...head,
    ...{ flowId, epoch: 0, makerPid: 0, makerPidversion: 0, localPort: 1, hostname: '' },
    localAddr: new Uint8Array(16),
  })
const unseen = (pid: number, bytes: bigint): Uint8Array =>
  writeUnseen({
    ...head,
    ...{ bytes, pid, pidversion: 1, sends: 1, family: 2, protocol: 17 },
  })
const joined = (...records: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(records))
const typesOf = (records: Uint8Array): number[] => {
  const view = new DataView(records.buffer)
  const types: number[] = []
  for (let at = 0; at < records.length; at += view.getUint32(at, true))
    types.push(view.getUint16(at + 4, true))
  return types
}

describe('what of a machine is recorded', () => {
  it('is the process and its descendants, and none of the others', () => {
    const subject = createSubject()
    subject.begin(100)
    const kept = [
      exec(100, 1, 5, '/bin/su'),
      fork(101, 1, 100),
      exec(101, 2, 100, '/bin/bash'),
      exit(101, 2),
    ]
    const others = [exec(200, 1, 5, '/bin/ls'), fork(201, 1, 200), exit(200, 1), flow(9n, 200, 5n)]
    const mixed = kept.flatMap((record, i) => [record, others[i] as Uint8Array])
    assert.deepEqual(subject.of(joined(...mixed)), joined(...kept))
  })

  it('forgets a pid with its process: who has it next is another', () => {
    const subject = createSubject()
    subject.begin(100)
    subject.of(joined(exec(100, 1, 5, '/bin/su'), fork(101, 1, 100), exit(101, 1)))
    assert.equal(subject.alive(), 1)
    assert.equal(subject.of(joined(fork(102, 1, 101), exec(101, 7, 5, '/bin/ls'))).length, 0)
  })

  it('gives a flow its name, which comes before anybody is known to have it', () => {
    const subject = createSubject()
    subject.begin(100)
    subject.of(exec(100, 1, 5, '/bin/su'))
    const told = subject.of(joined(name(1n), name(2n), flow(2n, 200, 1n), flow(1n, 100, 1n)))
    assert.deepEqual(told, joined(name(1n), flow(1n, 100, 1n)))
    // Once it is the subject's, its last counters are, whoever is told to have it.
    assert.equal(subject.of(flow(1n, 0, 2n)).length > 0, true)
  })

  it('keeps time and losses, and counts those', () => {
    const subject = createSubject()
    const tick = writeTick({ ...head, unixNs: 1n })
    const loss = writeLoss({ ...head, count: 3n, what: Loss.kernelEvents })
    assert.deepEqual(typesOf(subject.of(joined(tick, loss))), [RecordType.tick, RecordType.loss])
    assert.equal(subject.lost(), 3)
  })
})

describe('groups of flows', () => {
  it('have the last counters of each flow, by program and remote address, and sums of what was unseen', () => {
    const records = joined(
      exec(100, 1, 5, '/opt/a'),
      flow(1n, 100, 5n),
      flow(1n, 100, 7n),
      flow(2n, 100, 1n, { remotePort: 80 }),
      flow(3n, 100, 4n, { remoteAddr: parseAddress('203.0.113.2') }),
      unseen(100, 20n),
      unseen(100, 22n),
    )
    const labelOf = (remote: string) => (remote.endsWith('.1') ? 'attack' : 'benign') as 'attack'
    const found = flowGroups(records, { labelOf, unseen: 'benign' })
    assert.deepEqual(
      found.map(({ label, program, remote, ports, flowCount, bytesOut, bytesIn, protocol }) => [
        ...[label, program, remote, ports.join('-'), flowCount, bytesOut, bytesIn, protocol],
      ]),
      [
        ['attack', '/opt/a', '203.0.113.1', '80-443', 2, 8, 2, 'tcp'],
        ['benign', '/opt/a', '203.0.113.2', '443-443', 1, 4, 1, 'tcp'],
        ['benign', '/opt/a', '', '0-0', 0, 42, 0, 'udp'],
      ],
    )
  })
})
