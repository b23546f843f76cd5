// What `freshet doctor` finds from outside: the program's files, the state directory, the disk, whether an agent
// answers. Pure: facts in, findings out.
import { join, relative } from 'node:path'
import { commandFor, rootCommandIn } from '../hint.ts'
import { shellWord } from '../shell-word.ts'
import type { AgentStatus } from './agent-status.ts'
import { size, span } from './amounts.ts'
import { STATUS_SOCKET, type StatusErrorCode } from './asking.ts'
import { diskTrouble } from './causes.ts'
import { APP_PATH, DAEMON_JOB, DAEMON_JOB_PATH } from './identity.gen.ts'
import { standIn } from './source-words.ts'
import { policyText } from './view.ts'

/** Of a check that only an agent could answer. */
export const NO_AGENT = 'no agent answers'

/** unknown: it could not be looked at, for want of an agent or of rights. */
export type CheckResult = 'ok' | 'warning' | 'failure' | 'unknown'

/** `remedy` is empty where there is nothing to do. */
export type Finding = { result: CheckResult; text: string; remedy: string }

/** A directory or file of the state, as stat(2) has it. */
/** `name`: its owner's, empty where the machine has none for it. */
export type Entry = {
  path: string
  uid: number
  name: string
  gid: number
  mode: number
  isDirectory: boolean
}

/** What was looked at from outside. */
export type DoctorFacts = {
  /** As `agentOfMachine` has it. */
  machine?: string | undefined
  /** A collector runs with this state. */
  hasCollector?: boolean
  /** process.platform. */
  platform: string
  /** Of this command. */
  version: string
  /** Layout of records: of this program, and of the addon it would load; or why that cannot be loaded. */
  layout: number
  addon: { layout: number } | { error: string }
  /** Whom engine and collector run as. */
  owner: { uid: number; gid: number; name: string }
  state: {
    root: string
    /** The directories above it, from the topmost on. */
    above: Entry[]
    /** The root, what is in it, and what is in agent/; empty when there is none yet. */
    entries: Entry[]
    /** Why it could not be looked at; or empty. */
    error: string
  }
  disk: AgentStatus['disk']
  /** On macOS: whether app, network filter and the daemon's launchd job are where they belong. */
  mac?: { hasApp: boolean; hasFilter: boolean; hasJob: boolean }
  /** What it says of itself, or why it cannot be asked, without what to do. */
  agent: AgentStatus | { code: StatusErrorCode; message: string }
}

export const ok = (text: string): Finding => ({ result: 'ok', text, remedy: '' })
const failure = (text: string, remedy: string): Finding => ({ result: 'failure', text, remedy })
const warning = (text: string, remedy: string): Finding => ({ result: 'warning', text, remedy })

export function lookAtProgram({ addon, layout, version }: DoctorFacts): Finding[] {
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

export function lookAtState(facts: DoctorFacts, status: AgentStatus | undefined): Finding[] {
  const { root, entries, error } = facts.state
  if (error !== '') return [{ result: 'unknown', text: error, remedy: askAsRoot(root) }]
  const [top] = entries
  // An agent that runs got there, and it would not have started with files of another.
  const found = status ? [] : wayFindings(facts)
  if (!top) return found.length > 0 ? found : [ok(`${root} is not there yet; the agent makes it`)]
  if (!top.isDirectory)
    return [failure(`${root} is not a directory.`, 'Choose another with --state, or remove it.')]
  const socket = entries.find(({ path }) => path === join(root, STATUS_SOCKET))
  if (socket?.isDirectory)
    found.push(
      failure(
        `${socket.path} is a directory, so the agent has no place for its status socket.`,
        `Remove it, and start the agent again: \`rm -r ${shellWord(socket.path)}\`.`,
      ),
    )
  // An agent makes its socket anew, whoever left one behind.
  const others = entries.filter((entry) => entry !== socket)
  found.push(...ownerFindings(facts, status, others), ...modeFindings(root, others))
  return found.length > 0 ? found : [ok(`${root}, of ${ownerText(top)}, closed to others`)]
}

/** A directory above that keeps the agent's user out. */
function wayFindings({ state: { root, above }, owner }: DoctorFacts): Finding[] {
  if (owner.uid === 0) return []
  const closed = above.find(({ uid, gid, mode }) => {
    const bit = uid === owner.uid ? 0o100 : gid === owner.gid ? 0o010 : 0o001
    return (mode & bit) === 0
  })
  if (!closed) return []
  return [
    failure(
      `${closed.path} is closed to ${ownerText(owner)}, as whom the agent runs (its mode is ${octal(closed.mode)}), so it cannot reach ${root}.`,
      `Choose a directory elsewhere with --state, or let others pass: \`chmod a+x ${shellWord(closed.path)}\`.`,
    ),
  ]
}

const ownerText = ({ name, uid }: Pick<Entry, 'name' | 'uid'>): string =>
  name === '' ? `uid ${uid}` : `${name} (uid ${uid})`

function ownerFindings(
  { state: { root }, owner }: DoctorFacts,
  status: AgentStatus | undefined,
  entries: readonly Entry[],
): Finding[] {
  const uid = status ? entries[0]?.uid : owner.uid
  const foreign = entries.filter((entry) => entry.uid !== uid)
  const used = foreign.find(({ path }) => isUsed(relative(root, path)))
  const strange = foreign.filter(({ path }) => !isUsed(relative(root, path)))
  return [
    ...strange.slice(0, STRANGE_TOLD).map((one) => strangeFinding(one, strange.length)),
    ...(used ? [usedFinding(used)] : []),
  ]

  function usedFinding(foreign: Entry): Finding {
    return failure(
      `${foreign.path} belongs to ${ownerText(foreign)}, but the agent runs as ${ownerText(status && entries[0] ? entries[0] : owner)} and cannot use it.`,
      `Give it over: \`chown -R ${uid} ${shellWord(root)}\`.`,
    )
  }
}

const STRANGE_TOLD = 3

/** What the agent opens, relative to the state directory: of another owner it cannot. What it has set aside is not among it. */
const isUsed = (name: string): boolean =>
  /^(|collector|agent(\/((baseline|outbox|lock)\.db(-wal|-shm|-journal)?|device-id|running|outbox\.not-kept|baseline\.unwritten|(flow-sources|pushed-policy|enrolment(-next|-asked)?)\.json))?)$/.test(
    name,
  )

/** One that the agent does not look at. */
function strangeFinding(entry: Entry, count: number): Finding {
  const { path, isDirectory } = entry
  return warning(
    `${path}, a ${isDirectory ? 'directory' : 'file'} of ${ownerText(entry)}, is none of the agent’s${count > STRANGE_TOLD ? ` (one of ${count})` : ''}: it is not read, and who put it there can write to this state.`,
    `Look what it is, and move it elsewhere: \`ls -ld ${shellWord(path)}\`.`,
  )
}

function modeFindings(root: string, entries: readonly Entry[]): Finding[] {
  const found: Finding[] = []
  for (const { path, mode, isDirectory } of entries) {
    if (!isDirectory) continue
    const wanted = path === root ? 0o711 : 0o700
    const open = mode & 0o777 & ~wanted
    if (open === 0) continue
    found.push(
      ((open & 0o022) !== 0 ? failure : warning)(
        `${path} is open to others (mode ${octal(mode)}).`,
        `Close it: \`chmod ${octal(wanted)} ${shellWord(path)}\`.`,
      ),
    )
  }
  return found
}

const octal = (mode: number): string => (mode & 0o777).toString(8)

export function lookAtDisk({ disk }: DoctorFacts, status: AgentStatus | undefined): Finding[] {
  const known = disk ?? status?.disk
  if (!known) return [{ result: 'unknown', text: 'the file system does not say', remedy: '' }]
  const trouble = diskTrouble(known)
  if (trouble) return [{ result: trouble.level, text: trouble.text, remedy: trouble.remedy }]
  return [ok(`${size(known.freeBytes)} of ${size(known.totalBytes)} free`)]
}

export function lookAtPolicy(status: AgentStatus | undefined): Finding[] {
  if (!status) return [{ result: 'unknown', text: NO_AGENT, remedy: '' }]
  const { policy } = status
  if (!policy) return [ok('the built-in one')]
  const text = policyText(policy)
  if (policy.refused.length === 0) return [ok(text)]
  return [
    warning(
      `${text}.`,
      'Without a root key give the agent its fleet’s with --policy-key FILE, or enrol it again with that; else sign one that it can take, as its words say, and send it.',
    ),
  ]
}

const askAsRoot = (root: string): string => `Ask as root: ${rootCommandIn('doctor', root)}.`

/** Below agent/: who has them has enrolled, or has run. */
const ENROLMENT_FILE = 'enrolment.json'
const DEVICE_ID_FILE = 'device-id'

/** Whether `name`, below agent/, is there. */
const hasOfAgent = ({ root, entries }: DoctorFacts['state'], name: string): boolean =>
  entries.some(({ path }) => path === join(root, 'agent', name))

/** With a collector that runs here `up` is refused; with one elsewhere it would report to another. */
function startRemedy({ state, hasCollector }: DoctorFacts): string {
  if (hasOfAgent(state, ENROLMENT_FILE)) return `Start it: ${commandFor('agent', state.root)}.`
  if (hasCollector)
    return `Start one beside the collector that runs here: ${commandFor(`agent --collector ${shellWord(state.root)}`, state.root)}.`
  return `Start one: ${commandFor('up', state.root)}, or \`agent\` in place of \`up\` with a collector elsewhere.`
}

function agentRemedy(code: StatusErrorCode, facts: DoctorFacts): string {
  const { state, mac, machine } = facts
  const again = `\`sudo launchctl kickstart -k system/${DAEMON_JOB}\``
  switch (code) {
    case 'no-agent':
      if (machine !== undefined)
        return `The agent of this machine has its state in ${machine}: root can ask how it is, ${rootCommandIn('doctor', machine)}. As this user you may watch what is yours, ${commandFor('up', state.root)}.`
      return mac?.hasJob
        ? `Start its job: ${again}; where launchd does not know it, \`sudo launchctl bootstrap system ${DAEMON_JOB_PATH}\`.`
        : startRemedy(facts)
    case 'closed':
    case 'refused':
      // Said of the state directory already where that is closed too.
      return state.error === '' ? askAsRoot(state.root) : ''
    case 'timeout':
      return mac?.hasJob
        ? `It hangs: start it again with ${again}, and report it.`
        : 'It hangs: stop it with SIGTERM, start it again, and report it.'
    case 'garbage':
      return 'Run this command and the agent from one release: stop the agent and start it again.'
    case 'place':
      return `Ask from within it: \`cd ${shellWord(state.root)}\`.`
    case 'no-directory':
      return 'Give --state the one that the agent was started with.'
    default:
      return code satisfies never
  }
}

/** A machine that takes what others send, and on which no agent was ever started. */
const collectsAlone = ({ hasCollector, machine, mac, state }: DoctorFacts): boolean =>
  hasCollector === true &&
  machine === undefined &&
  mac?.hasJob !== true &&
  !hasOfAgent(state, DEVICE_ID_FILE)

export function lookAtAgent(facts: DoctorFacts, status: AgentStatus | undefined): Finding[] {
  const { agent, version } = facts
  if ('code' in agent) {
    const { code, message } = agent
    const text =
      code === 'no-agent'
        ? `No agent runs with ${facts.state.root}.`
        : `${message[0]?.toUpperCase() ?? ''}${message.slice(1)}.`
    if (code === 'no-agent' && collectsAlone(facts))
      return [
        {
          ...ok(
            `none has ever run with ${facts.state.root}, where a collector runs: this machine collects, and is not watched itself`,
          ),
          remedy: `To watch it, too: ${commandFor(`agent --collector ${shellWord(facts.state.root)}`, facts.state.root)}.`,
        },
      ]
    return [failure(text, agentRemedy(code, facts))]
  }
  if (!status || status.version === version)
    return [ok(`has run for ${span(Date.now() - agent.startedAtMs)}, its engine as ${agent.user}`)]
  return [
    warning(
      `The agent that runs is Freshet ${status.version}, this command is ${version}.`,
      'Start the agent again, so that what was installed runs.',
    ),
  ]
}

export function lookAtApp({ mac }: DoctorFacts, status: AgentStatus | undefined): Finding[] {
  if (!mac) return [{ result: 'unknown', text: 'not looked for', remedy: '' }]
  // Where flows are seen without its filter, nothing waits for it.
  const fault = status && standIn(status, 'flows') !== undefined ? warning : failure
  if (!mac.hasApp)
    return [
      fault(
        `${APP_PATH} is not there: it brings the network filter and the menu bar.`,
        'Install the package again; macOS takes extensions only from apps in /Applications.',
      ),
    ]
  if (!mac.hasFilter)
    return [fault(`${APP_PATH} holds no network filter.`, 'Install the package again.')]
  return [ok(`${APP_PATH}, with its network filter`)]
}
