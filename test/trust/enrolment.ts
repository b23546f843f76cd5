// The enrolment of a device, without a collector that gave it.
import type { Enrolment } from '../../src/agent/enrolment-file.ts'
import {
  issueDevice,
  type makeAuthority,
  makeKey,
  readRequest,
  requestOf,
} from '../../src/trust/certificates.ts'
import { pemOf } from '../../src/trust/pin.ts'

/** Of device `id`, with a collector at whose address nobody listens. */
export async function enrolmentOf(
  authority: Awaited<ReturnType<typeof makeAuthority>>,
  id: string,
): Promise<Enrolment> {
  const key = makeKey()
  const request = await readRequest(await requestOf(key, id))
  const { der } = await issueDevice(authority, request, Date.now())
  return {
    ...{ collector: 'https://127.0.0.1:1', key, group: 'office' },
    certificate: pemOf('CERTIFICATE', der),
    authorities: [authority.certificate],
  }
}
