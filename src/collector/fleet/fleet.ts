// Who may come from other machines, and what they are told to do. The room's face.
export {
  type Authorities,
  type Authority,
  authoritiesIn,
  isServerInTime,
  lockAuthority,
  makeNextAuthority,
  notePin,
  openAuthority,
  pinIn,
  retireAuthority,
  switchAuthority,
} from './authority.ts'
export { changeByPage, createChangeLog, removeByPage } from './change-log.ts'
export { createClones, type Order } from './clones.ts'
export { createDeparted, type Departed, type DepartedNews, noteDeparted } from './departed.ts'
export { createEnrolment } from './enrolment.ts'
export { createErasures, type Erasures } from './erasures.ts'
export {
  addresseeOf,
  comers,
  type FleetPolicies,
  openFleetPolicies,
  responseOf,
} from './fleet-policies.ts'
export { createHeldNotes, type Held, readHeld } from './held.ts'
export { isLocal, noteLocal } from './local-ids.ts'
export type { Newcomers } from './newcomers.ts'
export { Policies } from './policies.ts'
export { openPoliciesFile, POLICIES_FILE } from './policies-file.ts'
export { createRefusals, type Refusal, readRefusals } from './refusals.ts'
export {
  type DeviceChange,
  type EnrolledDevice,
  isRefused,
  Registry,
  type Token,
} from './registry.ts'
export { openRegistryFile, REGISTRY_FILE, refuseMaking } from './registry-file.ts'
export {
  createRoster,
  enrolmentInfo,
  isHeardIn,
  type Noted,
  readSeen,
  type Seen,
} from './roster.ts'
export { packSecrets, prepareSecrets, readSecrets, secretsThere } from './secrets-copy.ts'
