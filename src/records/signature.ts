// What an inspected record says of a signature where nobody looked for one.
import { Signature } from './record.gen.ts'

/** The fields of an inspected record that tell of a signature, when none was looked for. */
export const NO_SIGNATURE_ASKED = {
  signature: Signature.notAsked,
  signatureStatus: 0,
  cdhash: new Uint8Array(20),
  signingId: '',
  teamId: '',
  authorities: '',
}
