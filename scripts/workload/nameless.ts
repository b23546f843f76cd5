// What a recording says of the machine that it was made on: that it ran Debian, and no more. Pure.
import type { HostFacts } from '../../src/host/machine.ts'
import { RecordType, readMark, writeMark } from '../../src/records/record.gen.ts'

/** No machine's boot: those of all recordings are called alike. A UUID, as in a capture's header. */
export const BOOT_ID = '5ce4a210-0000-4000-8000-00000000b007'
const BOOT_ID_BYTES = new Uint8Array(Buffer.from(BOOT_ID.replaceAll('-', ''), 'hex'))

/** The header's facts without those by which a machine, its kernel or one of its boots would be known again. */
export const namelessHost = (host: HostFacts): HostFacts => ({
  ...host,
  ...{ hostname: 'workload', osBuild: '', hardware: '', bootId: BOOT_ID },
})

/** Whole records, their marks of the boot BOOT_ID. */
export function namelessRecords(records: Uint8Array): Uint8Array {
  const view = new DataView(records.buffer, records.byteOffset, records.length)
  const told: Uint8Array[] = []
  for (let at = 0; at < records.length; at += view.getUint32(at, true))
    told.push(
      view.getUint16(at + 4, true) === RecordType.mark
        ? writeMark({ ...readMark(view, at), bootId: BOOT_ID_BYTES })
        : records.subarray(at, at + view.getUint32(at, true)),
    )
  return new Uint8Array(Buffer.concat(told))
}
