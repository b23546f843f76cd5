// How policies stand, in the words of the commands.
import type { FleetPolicyInfo, PolicyStandingInfo } from '../collector/views/page-api.ts'
import { counted } from '../engine/sentence.ts'

/** Why an agent without a root key refuses whatever comes; that it has none is said once. */
export const NO_KEY = 'no-key'

/** In a cell: what is in force, and what stands against what is offered. */
export function policyCell(standing: PolicyStandingInfo | undefined): string {
  if (!standing) return '-'
  const { offered, inForce, clamped, faults, source } = standing
  const told = faults.filter(({ code }) => !standing.hasNoKey || code !== NO_KEY)
  const fault = told.find(({ kind }) => kind === 'policy') ?? told[0]
  if (source === '') return `${offered} is offered`
  return [
    `${inForce || 'none'}`,
    ...(offered === inForce || offered === 0 ? [] : [`${offered} is offered`]),
    ...(fault ? [faultText(fault)] : []),
    ...(standing.hasNoKey && offered !== 0 ? ['no root key'] : []),
    ...(clamped > 0 ? [`${clamped} clamped`] : []),
  ].join(', ')
}

const faultText = ({ kind, version, state, code }: PolicyStandingInfo['faults'][number]): string =>
  `${kind} ${version || 'that came'} ${state}${code && code !== state ? ` (${code})` : ''}`

/** All of them as lines; what is the same of several once. */
export function faultLines(faults: PolicyStandingInfo['faults']): string[] {
  const heads = new Map<string, string[]>()
  for (const fault of faults)
    heads.set(fault.text, [...(heads.get(fault.text) ?? []), faultText(fault)])
  return [...heads].map(([text, of]) => `${of.join(', ')}: ${text}`)
}

/** Of all: `3 of 10 devices apply policy 4, 1 refuses it, 6 have not said`. */
export function newestText(info: FleetPolicyInfo): string {
  const { version, offered, applied, failed, unsaid, keyless = 0, ended = 0, unheard = 0 } = info
  const { ahead = 0, heldOn } = info
  const apart =
    unheard > 0
      ? [
          `${counted(unheard, 'device')} that nobody has admitted and that never connected ${unheard === 1 ? 'is' : 'are'} not counted`,
        ]
      : []
  if (heldOn !== undefined)
    return `policy ${version} is held back and goes to nobody more; ${heldOn === 0 ? 'no device has it' : `${counted(heldOn, 'device')} ${heldOn === 1 ? 'has it and keeps' : 'have it and keep'} it`}`
  if (offered === 0 && ahead === 0)
    return [
      `policy ${version} is for no device that may come: look at its target and its share`,
      ...apart,
    ].join('; ')
  const parts = [
    `${applied} of ${counted(offered, 'device')} ${applied === 1 ? 'applies' : 'apply'} policy ${version}`,
    ...(ended > 0 ? [`its time is over on ${ended}: publish another`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(unsaid > 0 ? [`${unsaid} not said yet`] : []),
    ...(ahead > 0
      ? [`${ahead} with a later one, which this collector does not have: sign the next above that`]
      : []),
    ...(keyless > 0
      ? [
          `${keyless} without the root key, and so take${keyless === 1 ? 's' : ''} none: start the agent there with --policy-key KEY`,
        ]
      : []),
  ]
  return [parts.join(', '), ...apart].join('; ')
}
