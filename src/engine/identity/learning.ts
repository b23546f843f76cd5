// A program is learnt: the identity that it counts for, new or known, with what is new about it in the baseline.
import type { Baseline, StoredIdentity } from '../../baseline/baseline.ts'
import { Signature } from '../../records/record.gen.ts'
import type { UnixNs } from '../../units.ts'
import { fileName } from '../process/acting.ts'
import type { Circumstance, IdentityState, Image, Process } from '../process/process.ts'
import { noteCircumstance } from './circumstances.ts'
import type { IdentitiesInUse } from './identities-in-use.ts'
import type { Attribution } from './identity.ts'
import type { IdentityAge } from './identity-age.ts'
import { noteBuild, noteNames } from './likeness.ts'
import { inherited, noteVersion } from './lineage.ts'
import type { PlatformEpoch } from './platform-epoch.ts'

const HOUR_NS = 3_600_000_000_000n

export type Learning = {
  /** The identity of this attribution, which is that of `process`; one that is not certain is said to nobody. */
  learn(attribution: Attribution, process: Process, at: UnixNs, isCertain: boolean): IdentityState
  /** What it was taken for is what it is, as far as anybody can tell. */
  confirm(state: IdentityState, process: Process): void
}

export function createLearning(parts: {
  baseline: Baseline
  parentOf: (process: Process) => Process | undefined
  inUse: IdentitiesInUse
  age: IdentityAge
  epoch: PlatformEpoch
  /** To the baseline. */
  put: (state: IdentityState) => void
  onSighting: (identity: IdentityState, process: Process) => void
}): Learning {
  const { baseline, parentOf, inUse, age, epoch, put, onSighting } = parts

  /** What only this run knows; `since`: when the first version of its script was seen. */
  const describe = (
    state: IdentityState,
    process: Process,
    attribution: Attribution,
    at: UnixNs,
    since: UnixNs | undefined,
  ): Circumstance => {
    const circumstance = noteCircumstance(state, process, attribution, parentOf, Number(at) / 1e6)
    state.doubt = attribution.doubt
    const { script } = attribution
    const isEdit = since !== undefined && since < state.stored.firstExecAt
    state.isEdited ||= isEdit
    if (script) process.ran = { ...script, editedSince: isEdit ? since : undefined }
    // Recalled from a stored alert, it does not know yet for whom it acts.
    state.responsible ??= attribution.responsible
    return circumstance
  }

  const confirm = (state: IdentityState, process: Process): void => {
    if (!state.isTentative) return
    state.isTentative = false
    put(state)
    onSighting(state, process)
  }

  /** What is known of it is brought up to date. */
  const refresh = (
    state: IdentityState,
    { inspection, sha256 }: { inspection: Image['inspection']; sha256: string },
    { signerClass }: Attribution,
    at: UnixNs,
  ): void => {
    const { stored } = state
    const isOther = sha256 !== '' && stored.sha256 !== sha256
    // A version may be notarized that the one before was not; who did not look does not know.
    const isVouched = inspection?.signature === Signature.valid
    const isReclassed = isVouched && stored.signerClass !== signerClass
    if (!isOther && !isReclassed && at - stored.lastSeenAt < HOUR_NS) return
    if (isOther) stored.sha256 = sha256
    if (isReclassed) stored.signerClass = signerClass
    if (at > stored.lastSeenAt) stored.lastSeenAt = at
    put(state)
  }

  return {
    learn(attribution, process, at, isCertain) {
      const { program, key, responsible, signerClass, doubt } = attribution
      const { image } = process
      const { inspection } = image
      const version = isCertain ? noteVersion(baseline, attribution, at) : undefined
      const sha256 = inspection?.error === 0 && !inspection.replaced ? inspection.sha256 : ''
      const stored = inUse.storedOf(key)
      if (stored) {
        const used = inUse.get(key)
        const state = used ?? inUse.keep(stored, doubt, responsible)
        if (used === undefined && isCertain) noteNames(baseline, stored, at)
        const { builtAs } = describe(state, process, attribution, at, version?.since)
        if (isCertain) confirm(state, process)
        refresh(state, { inspection, sha256 }, attribution, at)
        if (isCertain) noteBuild(baseline, builtAs, state.stored, at)
        return state
      }
      const fresh: StoredIdentity = {
        key,
        signerClass,
        name: fileName(image.path),
        path: image.path,
        sha256,
        signingId: image.signingId,
        teamId: image.teamId,
        cdhash: /^0*$/.test(image.cdhash) ? '' : image.cdhash,
        firstExecAt: age.firstExecOf(process, at),
        lastSeenAt: at,
        ...inherited(version?.former),
      }
      if (signerClass === 'platform' && key === program.key && !age.isYoung(fresh)) epoch.note(at)
      const state = inUse.keep(fresh, doubt, responsible)
      const { builtAs } = describe(state, process, attribution, at, version?.since)
      state.isTentative = !isCertain
      put(state)
      if (!isCertain) return state
      onSighting(state, process)
      noteNames(baseline, fresh, at)
      noteBuild(baseline, builtAs, fresh, at)
      return state
    },
    confirm,
  }
}
