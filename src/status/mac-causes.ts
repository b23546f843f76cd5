// What can be the matter with a Mac's sources. What one cannot see another may: then it is a gap, and else nothing is
// seen.
import { Gap } from '../records/record.gen.ts'
import { SOURCE_NAMES } from '../sources/choice.ts'
import type { SensorStatus } from './agent-status.ts'
import { lacks, noteOf, type WordsOf } from './cause-words.ts'
import { settingsUrl } from './settings.ts'
import { blindWithout, insteadOf, isMissed, leftOut, standIn } from './source-words.ts'

/** What is said where nothing is seen, and how it begins where something else sees it. */
const unless =
  (kind: 'processes' | 'flows', unseen: string, because: string) => (status: SensorStatus) =>
    standIn(status, kind) === undefined ? unseen : `${because}${insteadOf(status, kind)}`

/** What is said of a program of Apple's that tells nothing: sense's words, or the intake's where it is not understood. */
const toldBy = (name: string, note: string): string =>
  note === ''
    ? `Apple’s ${name} tells nothing.`
    : note.replace(new RegExp(`^${name}\\b`), `Apple’s ${name}`)
const isNotUnderstood = (note: string): boolean => note.includes(' is not understood')
/** sense ended it for that (src/sense/sources.ts). */
const isHung = (note: string): boolean => note.includes(' it told of none of ')
/** A source that cannot work says why; of one that tells of nothing the intake knows, which has no words. */
const isQuiet = (status: SensorStatus): boolean => noteOf(status, Gap.networkStatistics) === ''

export const MAC_CAUSES = {
  'sources-forced': {
    level: 'failure',
    concern: 'blind',
    holds: (status) => leftOut(status).length > 0,
    text: (status) =>
      `${leftOut(status).length > 1 ? 'Neither programs nor flows are' : leftOut(status)[0] === 'flows' ? 'Network flows are not' : 'Programs are not'} seen: \`--sources\` names none that would.`,
    remedy: 'Start the agent without --sources, or name one of each kind.',
  },
  'filter-silent': {
    ...blindWithout('flows'),
    holds: lacks(Gap.filterSilent),
    text: unless(
      'flows',
      'Network flows are not seen: the network filter runs and tells nothing of them.',
      'The network filter runs and tells nothing',
    ),
    remedy:
      'Switch Freshet’s filter off and on again in System Settings, Network; if it stays silent, restart the Mac.',
    url: ({ osVersion }) => settingsUrl('network-filter', osVersion),
  },
  entitlement: {
    ...blindWithout('processes'),
    holds: lacks(Gap.entitlement),
    text: unless(
      'processes',
      'macOS does not let this build use Endpoint Security: it lacks the entitlement.',
      'macOS does not let this build use Endpoint Security, as it lacks the entitlement',
    ),
    remedy:
      'Install the signed package; a build of your own wants a provisioning profile with com.apple.developer.endpoint-security.client.',
  },
  'full-disk-access': {
    ...blindWithout('processes'),
    holds: lacks(Gap.fullDiskAccess),
    text: unless(
      'processes',
      'Programs are not seen as they start: Freshet has no Full Disk Access.',
      'Freshet has no Full Disk Access, without which Endpoint Security tells it nothing',
    ),
    // The name in that list is the daemon's.
    remedy: 'Give freshetd Full Disk Access in System Settings, Privacy & Security.',
    url: () => settingsUrl('full-disk-access'),
  },
  'client-limit': {
    ...blindWithout('processes'),
    holds: lacks(Gap.clientLimit),
    text: unless(
      'processes',
      'Programs are not seen as they start: other security products hold all places that Endpoint Security has.',
      'Other security products hold all places that Endpoint Security has',
    ),
    remedy: 'Remove one of them; Freshet tries again by itself.',
  },
  'endpoint-security': {
    ...blindWithout('processes'),
    holds: lacks(Gap.endpointSecurity),
    text: (status) =>
      `${unless('processes', 'Programs are not seen as they start: Endpoint Security fails.', 'Endpoint Security fails')(status)} ${noteOf(status, Gap.endpointSecurity)}`.trim(),
    remedy: 'Restart the Mac; Freshet tries again by itself.',
  },
  eslogger: {
    ...blindWithout('processes'),
    holds: (status) => isMissed(status, Gap.eslogger),
    text: (status) =>
      `${standIn(status, 'processes') === undefined ? 'Programs are not seen as they start. ' : ''}${toldBy('eslogger', noteOf(status, Gap.eslogger))}`,
    remedy: (status) =>
      isNotUnderstood(noteOf(status, Gap.eslogger))
        ? 'Install a newer Freshet; if there is none, report it with the version of macOS.'
        : isHung(noteOf(status, Gap.eslogger))
          ? 'Freshet starts it again by itself; where it goes on so, restart the Mac.'
          : 'Let the agent run as root, and give what starts it (freshetd, or your terminal) Full Disk Access in System Settings, Privacy & Security.',
    url: (status) =>
      isNotUnderstood(noteOf(status, Gap.eslogger)) || isHung(noteOf(status, Gap.eslogger))
        ? ''
        : settingsUrl('full-disk-access'),
  },
  'short-lived': {
    ...blindWithout('processes'),
    holds: (status) => isMissed(status, Gap.shortLived),
    text: (status) =>
      standIn(status, 'processes') === undefined
        ? `Programs are not seen: the list of processes cannot be looked at either. ${noteOf(status, Gap.shortLived)}`.trim()
        : 'Programs that begin and end between two looks, and use no network, are not seen.',
    remedy: 'Let Endpoint Security or eslogger tell of them.',
  },
  filter: {
    ...blindWithout('flows'),
    holds: lacks(Gap.filter),
    text: unless(
      'flows',
      'Network flows are not seen: the network filter does not run, or was not approved.',
      'The network filter does not run, or was not approved',
    ),
    remedy: 'Allow Freshet’s network extension and its filter in System Settings.',
    url: ({ osVersion }) => settingsUrl('network-extension', osVersion),
  },
  'filter-off': {
    ...blindWithout('flows'),
    holds: lacks(Gap.filterOff),
    text: unless(
      'flows',
      'Network flows are not seen: the network filter is switched off on this Mac.',
      'The network filter is switched off on this Mac',
    ),
    remedy: 'Remove `/Library/Application Support/Freshet/filter-off` to switch it on.',
  },
  'filter-service': {
    ...blindWithout('flows'),
    holds: lacks(Gap.filterService),
    text: unless(
      'flows',
      'Network flows are not seen: launchd does not give the agent the service that the network filter connects to.',
      'The agent does not get from launchd the service that the network filter connects to',
    ),
    remedy: 'Start the agent through its launchd job, as the package installs it, not by hand.',
  },
  'network-statistics': {
    ...blindWithout('flows'),
    holds: (status) => isMissed(status, Gap.networkStatistics),
    text: (status) =>
      `${noteOf(status, Gap.networkStatistics) || 'macOS’s NetworkStatistics works and tells of no flow.'} ${
        standIn(status, 'flows') === undefined
          ? 'Nothing else sees network flows.'
          : 'Flows are seen by nettop instead.'
      }`,
    remedy: (status) =>
      isQuiet(status)
        ? 'Freshet believes it again as soon as it tells of one; where it goes on so, restart the Mac.'
        : 'Install a newer Freshet; if there is none, report it with the version of macOS.',
  },
  'nettop-counts': {
    level: 'warning',
    concern: 'gap',
    holds: (status) => isMissed(status, Gap.nettopCounts),
    text: 'Flows are counted some per cent low under load, and those of less than a second may be missing: nettop prints once a second.',
    remedy: 'Let the network filter or NetworkStatistics tell of them.',
  },
  nettop: {
    ...blindWithout('flows'),
    holds: (status) => isMissed(status, Gap.nettop),
    text: (status) => `Network flows are not seen. ${toldBy('nettop', noteOf(status, Gap.nettop))}`,
    remedy: (status) =>
      isNotUnderstood(noteOf(status, Gap.nettop))
        ? 'Install a newer Freshet; if there is none, report it with the version of macOS.'
        : 'See that /usr/bin/nettop runs; Freshet tries again by itself.',
  },
  'filter-version': {
    ...blindWithout('flows'),
    holds: lacks(Gap.filterVersion),
    text: unless(
      'flows',
      'The network filter that runs is of an earlier version, and its flows are not understood.',
      'The network filter that runs is of an earlier version and is not understood',
    ),
    remedy: 'Restart the Mac to finish the update.',
    url: () => '',
  },
  'platform-claims': {
    level: 'warning',
    concern: 'gap',
    holds: lacks(Gap.platformClaims),
    text: `${SOURCE_NAMES.endpoint_security} calls programs a part of macOS that System Integrity Protection does not protect, so what it says of signatures is not believed.`,
    remedy:
      'See what `csrutil status` says, and switch System Integrity Protection on again in macOS Recovery (`csrutil enable`); where it is on, report it with the version of macOS.',
  },
} as const satisfies Record<string, WordsOf<SensorStatus>>
