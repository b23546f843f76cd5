// Whether somebody stands behind a program, by its class.
import type { SignerClass } from '../../baseline/baseline.ts'

export const isUnvouched = (signerClass: SignerClass): boolean =>
  signerClass === 'unsigned' || signerClass === 'adhoc' || signerClass === 'invalid'

/** Somebody stands behind it. What nobody has looked at is neither this nor unvouched. */
export const isVouched = (signerClass: SignerClass): boolean =>
  !isUnvouched(signerClass) && signerClass !== 'unknown'
