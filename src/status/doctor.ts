// `freshet doctor` as a pure function: facts in, checks out. What an agent says of itself comes as causes; the
// rest was looked at here: files, owners, the addon.
import type { AgentStatus } from './agent-status.ts'
import { count, size, span } from './amounts.ts'
import { type CauseCode, causesOf, diskTrouble } from './causes.ts'
import type { StatusErrorCode } from './socket.ts'

/** unknown: it could not be looked at, for want of an agent or of rights. */
export type CheckResult = 'ok' | 'warning' | 'failure' | 'unknown'

export type Check = {
  id: CheckId
  result: CheckResult
  /** What was found, the worst first; one when all is well. */
  found: Finding[]
}
/** `remedy` is empty where there is nothing to do. */
type Finding = { result: CheckResult; text: string; remedy: string }

/** A directory or file of the state, as stat(2) has it. */
export type Entry = { path: string; uid: number; mode: number; isDirectory: boolean }

/** What was looked at from outside. */
export type DoctorFacts = {
  /** process.platform. */
  platform: string
  /** Of this command. */
  version: string
  /** Layout of records: of this program, and of the addon it would load; or why that cannot be loaded. */
  layout: number
  addon: { layout: number } | { error: string }
  /** Whom engine and collector run as. */
  owner: { uid: number; name: string }
  state: {
    root: string
    /** The root, what is in it, and what is in agent/; empty when there is none yet. */
    entries: Entry[]
    /** Why it could not be looked at; or empty. */
    error: string
  }
  disk: AgentStatus['disk']
  /** On macOS: whether the app with the network filter lies where macOS wants it. */
  app?: { path: string; isThere: boolean; hasFilter: boolean }
  agent: AgentStatus | { code: StatusErrorCode; message: string }
}

type Words = {
  title: string
  /** Of the agent's own causes, those that belong here. */
  codes: readonly CauseCode[]
  /** What to say when none of them is so. */
  well?: (status: AgentStatus) => string
  /** Looked at from outside; `status` when an agent answers. */
  look?: (facts: DoctorFacts, status: AgentStatus | undefined) => Finding[]
  /** process.platform of the systems that have it; absent: all. */
  on?: string
}

const ok = (text: string): Finding => ({ result: 'ok', text, remedy: '' })
const failure = (text: string, remedy: string): Finding => ({ result: 'failure', text, remedy })
const warning = (text: string, remedy: string): Finding => ({ result: 'warning', text, remedy })

const CHECKS = {
  program: { title: 'program', codes: [], look: lookAtProgram },
  state: { title: 'state directory', codes: [], look: lookAtState },
  disk: { title: 'disk', codes: ['disk-full', 'disk-low'], look: lookAtDisk },
  agent: { title: 'agent', codes: [], look: lookAtAgent },
  app: { title: 'app', codes: [], look: lookAtApp, on: 'darwin' },
  sensor: {
    title: 'sensor',
    codes: [
      ...(['versions', 'sensor-silent', 'client-limit', 'endpoint-security', 'flows'] as const),
      ...(['not-root', 'process-events', 'tracefs', 'connect-events', 'flow-closes'] as const),
    ],
    well: ({ counters }) => `all it should see is seen; ${count(counters.records)} records so far`,
  },
  entitlement: {
    title: 'entitlement',
    codes: ['entitlement'],
    well: () => 'Endpoint Security may be used',
    on: 'darwin',
  },
  'full-disk-access': {
    title: 'Full Disk Access',
    codes: ['full-disk-access'],
    well: () => 'given',
    on: 'darwin',
  },
  filter: {
    title: 'network filter',
    codes: ['filter', 'filter-service', 'filter-version'],
    well: () => 'connected',
    on: 'darwin',
  },
  events: {
    title: 'events',
    codes: ['events-lost'],
    well: ({ counters }) => `none lost in the last hour, ${count(counters.lost)} since the start`,
  },
  attribution: {
    title: 'attribution',
    codes: ['unattributed'],
    well: ({ counters: { flows, unattributedFlows } }) =>
      `${count(unattributedFlows)} of ${count(flows)} flows without a program`,
  },
  baseline: {
    title: 'baseline',
    codes: ['baseline-rebuilt'],
    well: ({ counters }) => `${count(counters.identities)} programs known`,
  },
  outbox: {
    title: 'outbox',
    codes: ['outbox-evicting', 'outbox-not-kept', 'outbox-nearly-full', 'outbox-rebuilt'],
    well: ({ outbox }) =>
      `${count(outbox.items)} waiting, ${size(outbox.bytes)} of ${size(outbox.bytesMax)}`,
  },
  collector: {
    title: 'collector',
    codes: [
      ...(['collector-token', 'collector-refused', 'collector-settings'] as const),
      ...(['collector-certificate', 'collector-away', 'collector-troubled'] as const),
      'collector-none',
    ],
    well: ({ collector }) => `${collector.state} to ${collector.url}`,
  },
  clock: {
    title: 'clock',
    codes: ['clock'],
    well: ({ clockOffsetMs }) =>
      clockOffsetMs === undefined
        ? 'no collector to compare it with yet'
        : `within ${span(Math.abs(clockOffsetMs))} of the collector’s`,
  },
  restarts: {
    title: 'restarts',
    codes: ['restarts'],
    well: ({ restarts, startedAtMs }) =>
      `${count(restarts)} deaths of the engine in a day; it runs since ${new Date(startedAtMs).toISOString()}`,
  },
} as const satisfies Record<string, Words>

export type CheckId = keyof typeof CHECKS
export const CHECK_IDS = Object.keys(CHECKS) as CheckId[]
export const titleOf = (id: CheckId): string => CHECKS[id].title
/** Causes that a check tells of. */
export const codesOf = (id: CheckId): readonly CauseCode[] => wordsOf(id).codes

const RANK = { ok: 0, unknown: 1, warning: 2, failure: 3 } as const satisfies Record<
  CheckResult,
  number
>

/** Every check of this platform, in the order in which they matter to each other. */
export function diagnose(facts: DoctorFacts): Check[] {
  const status = 'code' in facts.agent ? undefined : facts.agent
  return CHECK_IDS.filter((id) => (wordsOf(id).on ?? facts.platform) === facts.platform).map(
    (id) => {
      const found = findingsOf(wordsOf(id), facts, status).toSorted(
        (a, b) => RANK[b.result] - RANK[a.result],
      )
      return { id, result: found[0]?.result ?? 'unknown', found }
    },
  )
}

/** 2 with a failure among them, 1 with a warning, else 0: what is unknown is so because of something that fails. */
export function exitStatusOf(checks: readonly Check[]): 0 | 1 | 2 {
  if (checks.some(({ result }) => result === 'failure')) return 2
  return checks.some(({ result }) => result === 'warning') ? 1 : 0
}

const wordsOf = (id: CheckId): Words => CHECKS[id]

function findingsOf(
  { codes, well, look }: Words,
  facts: DoctorFacts,
  status: AgentStatus | undefined,
): Finding[] {
  if (look) return look(facts, status)
  if (!status) return [{ result: 'unknown', text: 'no agent answers', remedy: '' }]
  const causes = causesOf(status).filter(({ code }) => codes.includes(code))
  if (causes.length === 0) return [ok(well?.(status) ?? '')]
  return causes.map(({ level, text, remedy, url }) => ({
    result: level,
    text,
    remedy: url === '' ? remedy : `${remedy} \`open "${url}"\``,
  }))
}

function lookAtProgram({ addon, layout, version }: DoctorFacts): Finding[] {
  if ('error' in addon)
    return [
      failure(
        addon.error,
        'Build it: `node scripts/setup.mjs` in a clone; else install the package again.',
      ),
    ]
  if (addon.layout !== layout)
    return [
      failure(
        'The native addon writes records of another layout than this program reads.',
        'Build it anew: `node scripts/setup.mjs` in a clone; else install the package again.',
      ),
    ]
  return [ok(`Freshet ${version}, its addon fits`)]
}

function lookAtState({ state, owner }: DoctorFacts, status: AgentStatus | undefined): Finding[] {
  const { root, entries, error } = state
  if (error !== '')
    return [{ result: 'unknown', text: error, remedy: 'Look as root: `sudo npx freshet doctor`.' }]
  const [top] = entries
  if (!top) return [ok(`${root} is not there yet; the agent makes it`)]
  if (!top.isDirectory)
    return [failure(`${root} is not a directory.`, 'Choose another with --state, or remove it.')]
  // Of an agent that runs the owner is right by definition: it would not have started.
  const uid = status ? top.uid : owner.uid
  const foreign = entries.find((entry) => entry.uid !== uid)
  const found: Finding[] = []
  if (foreign)
    found.push(
      failure(
        `${foreign.path} belongs to uid ${foreign.uid}, but the agent runs as ${status ? '' : `${owner.name}, `}uid ${uid}, and cannot use it.`,
        `Give it over: \`chown -R ${uid} '${root}'\`.`,
      ),
    )
  for (const { path, mode, isDirectory } of entries) {
    if (!isDirectory) continue
    const wanted = path === root ? 0o711 : 0o700
    const open = mode & 0o777 & ~wanted
    if (open === 0) continue
    found.push(
      ((open & 0o022) !== 0 ? failure : warning)(
        `${path} is open to others (mode ${(mode & 0o777).toString(8)}).`,
        `Close it: \`chmod ${wanted.toString(8)} '${path}'\`.`,
      ),
    )
  }
  return found.length > 0 ? found : [ok(`${root}, of uid ${top.uid}, closed to others`)]
}

function lookAtDisk({ disk }: DoctorFacts, status: AgentStatus | undefined): Finding[] {
  const known = disk ?? status?.disk
  if (!known) return [{ result: 'unknown', text: 'the file system does not say', remedy: '' }]
  const trouble = diskTrouble(known)
  if (trouble) return [{ result: trouble.level, text: trouble.text, remedy: trouble.remedy }]
  return [ok(`${size(known.freeBytes)} of ${size(known.totalBytes)} free`)]
}

const AGENT_REMEDIES = {
  'no-agent': 'Start one: `npx freshet up`, or `npx freshet agent` with a collector elsewhere.',
  closed: 'Ask as root: `sudo npx freshet doctor`.',
  refused: 'Ask as root: `sudo npx freshet doctor`.',
  timeout: 'It hangs: stop it with SIGTERM, start it again, and report it.',
  garbage: 'Run this command and the agent from one release: stop the agent and start it again.',
} as const satisfies Record<StatusErrorCode, string>

function lookAtAgent(facts: DoctorFacts, status: AgentStatus | undefined): Finding[] {
  const { agent, version } = facts
  if ('code' in agent) {
    const { code, message } = agent
    const text =
      code === 'no-agent'
        ? `No agent runs with ${facts.state.root}.`
        : `${message[0]?.toUpperCase() ?? ''}${message.slice(1)}.`
    return [failure(text, AGENT_REMEDIES[code])]
  }
  if (!status || status.version === version)
    return [ok(`runs for ${span(Date.now() - agent.startedAtMs)}, its engine as ${agent.user}`)]
  return [
    warning(
      `The agent that runs is Freshet ${status.version}, this command is ${version}.`,
      'Start the agent again, so that what was installed runs.',
    ),
  ]
}

function lookAtApp({ app }: DoctorFacts): Finding[] {
  if (!app) return [{ result: 'unknown', text: 'not looked for', remedy: '' }]
  if (!app.isThere)
    return [
      failure(
        `${app.path} is not there: it brings the network filter and the menu bar.`,
        'Install the package again; macOS takes extensions only from apps in /Applications.',
      ),
    ]
  if (!app.hasFilter)
    return [failure(`${app.path} holds no network filter.`, 'Install the package again.')]
  return [ok(`${app.path}, with its network filter`)]
}
