// How policies stand, in the words of the page.
import type { FleetPolicyInfo, PolicyStandingInfo } from '../views/page-api.ts'
import { countText } from './format.ts'

/** What is in force, and what was sent beside it. */
export function policyText({
  offered,
  inForce,
  received,
  source,
  clamped,
}: PolicyStandingInfo): string {
  if (source === '') return `Policy ${offered} is offered, and it has not said anything of it yet`
  const force =
    inForce === 0 ? 'No policy of the collector is in force' : `Policy ${inForce} is in force`
  const narrowed =
    inForce > 0 && clamped > 0 ? `, ${countText(clamped)} of its entries narrowed or left out` : ''
  if (offered === 0 || offered === inForce) return `${force}${narrowed}`
  return `${force}${narrowed}; ${offered} is sent${received === offered ? ' and came' : ''}`
}

/** The same for a cell. */
export function policyCell(policy: PolicyStandingInfo | null): string {
  if (!policy) return '-'
  const { offered, inForce, source, faults } = policy
  // Who has said nothing may never have connected: nothing went there.
  if (source === '' && offered > 0) return `None, ${offered} offered`
  const now = source === '' || inForce === 0 ? 'None' : `${inForce}`
  const next = offered === 0 || offered === inForce ? '' : `, ${offered} sent`
  return `${now}${next}${faults.some(({ state }) => state === 'failed') ? ', refused' : faults.length > 0 ? ', ended' : ''}`
}

const KINDS = { policy: 'Policy', delegation: 'Delegation', exceptions: 'Exceptions' } as const

const faultText = ({ kind, version, state, code }: PolicyStandingInfo['faults'][number]): string =>
  `${KINDS[kind]} ${version === 0 ? 'that came' : version} ${state === 'expired' ? 'has expired' : `is refused (${code})`}`

/** All of them; what is the same of several once. */
export function faultsTold(
  faults: PolicyStandingInfo['faults'],
): { heads: string; text: string }[] {
  const told = new Map<string, string[]>()
  for (const fault of faults)
    told.set(fault.text, [...(told.get(fault.text) ?? []), faultText(fault)])
  return [...told].map(([text, heads]) => ({ heads: heads.join('. '), text }))
}

/** Of all that are to have the newest policy. */
export function newestText(info: FleetPolicyInfo): string {
  const { version, offered, applied, failed, unsaid, keyless = 0, ended = 0, unheard = 0 } = info
  const { ahead = 0, heldOn } = info
  const apart =
    unheard > 0
      ? ` Not counted: ${countText(unheard)} that nobody has admitted and that never connected.`
      : ''
  if (heldOn !== undefined)
    return `Policy ${version} is held back and goes to nobody more: ${heldOn === 0 ? 'no machine has it' : `${countText(heldOn)} ${heldOn === 1 ? 'has it and keeps' : 'have it and keep'} it`}.`
  if (offered === 0 && ahead === 0)
    return `Policy ${version} is for no device that may come: look at its target and its share.${apart}`
  const parts = [
    `${countText(applied)} of ${countText(offered)} ${applied === 1 ? 'applies' : 'apply'} policy ${version}`,
    ...(ended > 0 ? [`its time is over on ${countText(ended)}`] : []),
    ...(failed > 0 ? [`${countText(failed)} ${failed === 1 ? 'refuses' : 'refuse'} it`] : []),
    ...(unsaid > 0 ? [`${countText(unsaid)} ${unsaid === 1 ? 'has' : 'have'} not said yet`] : []),
    ...(ahead > 0
      ? [
          `${countText(ahead)} ${ahead === 1 ? 'has' : 'have'} a later one, which this collector does not have`,
        ]
      : []),
    ...(keyless > 0
      ? [
          `${countText(keyless)} ${keyless === 1 ? 'has' : 'have'} no root key and so ${keyless === 1 ? 'takes' : 'take'} none: start the agent there with --policy-key`,
        ]
      : []),
  ]
  return `${parts.join(', ')}.${apart}`
}
