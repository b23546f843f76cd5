// Every field that a policy may have, with its bounds: the one place that says so. Agents check by it (policy.ts), editors by
// docs/policy.schema.json, which is made of it (npm run generate).
import { EXPECTED_IDS, unknownText } from './expected.ts'
import { HASH, HOST, MOMENT_UTC, NAME, NETWORK, PATH, TEAM } from './policy-fields.ts'
import type { Format, ObjectShape, Shape } from './policy-shape.ts'
import {
  BUDGET_MAX,
  BUDGET_MIN,
  DEFAULT_PROFILE,
  NEW_PROGRAMS_MAX,
  PROFILE_NAMES,
  PROFILES,
} from './profiles.ts'

/** The form of documents that this version reads. */
export const POLICY_SCHEMA = 1
/** Entries a list may have; what is beyond is refused, not cut. */
export const LIST_ENTRIES_MAX = 1_024
const VERSION_MAX = 2 ** 32 - 1
const PID_MAX = 2 ** 31 - 1
const UID_MAX = 2 ** 32 - 2
const PORT_MAX = 65_535
const BYTES_MAX = 2 ** 50
const TEXT_CHARS_MAX = 200
const PATH_CHARS_MAX = 4_096
/** Of a domain 253, of a network 49. */
const HOST_CHARS_MAX = 256

const text = (charsMax: number, format?: Format): Shape => ({
  of: 'text',
  charsMax,
  ...(format && { format }),
})
const list = (each: Shape): Shape => ({ of: 'list', each, entriesMax: LIST_ENTRIES_MAX })
const path = text(PATH_CHARS_MAX, PATH)
const host = text(HOST_CHARS_MAX, HOST)

const PARENT_RULE: ObjectShape = {
  of: 'object',
  fields: {
    parent: {
      shape: path,
      isRequired: true,
      text: 'Path of one of the seven processes above it; a * at its end stands for any rest.',
    },
    program: {
      shape: path,
      isRequired: true,
      text: 'Path of the program that may send; a * at its end stands for any rest.',
    },
  },
}

/** By which an exception may name what it is for. */
export const NAMING = [
  ...['host', 'port', 'program', 'parent', 'signingId', 'team', 'signer', 'hash', 'user'],
] as const

export const EXCEPTION: ObjectShape = {
  of: 'object',
  fields: {
    host: { shape: host, text: 'Where to: a network, or a domain with everything under it.' },
    port: { shape: { of: 'whole', min: 1, max: PORT_MAX }, text: 'The port there.' },
    program: {
      shape: path,
      text: 'Path of the program; a * at its end stands for any rest. Nobody checks who may write there.',
    },
    parent: {
      shape: path,
      text: 'Path of one of the seven processes above it; a * at its end stands for any rest.',
    },
    signingId: {
      shape: text(TEXT_CHARS_MAX, NAME),
      text: 'What the program is signed as. Wants team, hash or signer platform beside it: anybody can sign as anything.',
    },
    team: {
      shape: text(TEXT_CHARS_MAX, TEAM),
      text: 'Apple’s id of the team that signed the program, where the signature holds.',
    },
    signer: {
      shape: {
        of: 'choice',
        among: [
          ...['platform', 'app_store', 'notarized', 'developer_id', 'unknown', 'adhoc'],
          ...['unsigned', 'invalid'],
        ],
      },
      text: 'How the program is vouched for, as alerts have it.',
    },
    hash: {
      shape: text(TEXT_CHARS_MAX, HASH),
      text: 'SHA-256 of the program, or of the script that it runs: 64 digits. Or its code directory hash: 40.',
    },
    user: {
      shape: {
        of: 'either',
        shapes: [{ of: 'whole', min: 0, max: UID_MAX }, text(TEXT_CHARS_MAX, NAME)],
        wrong: `is neither a user’s name nor a number in 0..${UID_MAX}`,
      },
      text: 'Whose process it is: a name, which the agent looks up, or a number.',
    },
    until: {
      shape: text(TEXT_CHARS_MAX, MOMENT_UTC),
      isRequired: true,
      text: 'It holds back nothing from then on.',
    },
    bytesPerDayMax: {
      shape: { of: 'whole', min: 0, max: BYTES_MAX },
      isRequired: true,
      text: 'What all that it names may send together in 24 hours; beyond, alerts come after all.',
    },
    owner: { shape: text(TEXT_CHARS_MAX), text: 'Who stands for it.' },
    reason: { shape: text(TEXT_CHARS_MAX), text: 'Why it is harmless.' },
  },
  rules: [
    {
      wrong: `names nothing: it wants one of ${NAMING.join(', ')}, or several`,
      test: (given) => NAMING.some((name) => given[name] !== undefined),
      schema: { anyOf: NAMING.map((name) => ({ required: [name] })) },
    },
    {
      wrong:
        'has signingId alone: anybody can sign as anything, so it wants team, hash or signer “platform” beside it',
      test: ({ signingId, team, hash, signer }) =>
        signingId === undefined ||
        team !== undefined ||
        hash !== undefined ||
        signer === 'platform',
      schema: {
        anyOf: [
          { not: { required: ['signingId'] } },
          { required: ['team'] },
          { required: ['hash'] },
          { required: ['signer'], properties: { signer: { const: 'platform' } } },
        ],
      },
    },
  ],
}

/** As a record has it. */
const EXPECTED_ROW: ObjectShape = {
  of: 'object',
  fields: {
    id: { shape: text(TEXT_CHARS_MAX, NAME), isRequired: true, text: 'What it is counted by.' },
    signingIds: {
      shape: list(text(TEXT_CHARS_MAX, NAME)),
      isRequired: true,
      text: 'What its processes are signed as: any of these.',
    },
    team: {
      shape: text(TEXT_CHARS_MAX, TEAM),
      isRequired: true,
      text: 'Apple’s id of the team that signed them.',
    },
    hosts: { shape: list(host), isRequired: true, text: 'Where to: any of these.' },
    bytesPerDayMax: {
      shape: { of: 'whole', min: 0, max: BYTES_MAX },
      isRequired: true,
      text: 'What they may send to all of these together in 24 hours.',
    },
  },
  rules: [
    {
      wrong: 'wants at least one signing id and one host: with none it would name any',
      test: ({ signingIds, hosts }) => hasEntry(signingIds) && hasEntry(hosts),
      schema: { properties: { signingIds: { minItems: 1 }, hosts: { minItems: 1 } } },
    },
  ],
}

/** What is no list is told as that. */
const hasEntry = (value: unknown): boolean => !Array.isArray(value) || value.length > 0

export const POLICY: ObjectShape = {
  of: 'object',
  fields: {
    $schema: {
      shape: text(PATH_CHARS_MAX),
      text: 'Where an editor finds this schema; agents do not look at it.',
    },
    schema: {
      shape: {
        of: 'constant',
        value: POLICY_SCHEMA,
        wrong: `is not ${POLICY_SCHEMA}, the one form that this version reads`,
      },
      byDefault: POLICY_SCHEMA,
      text: 'The form of the document.',
    },
    version: {
      shape: { of: 'whole', min: 0, max: VERSION_MAX },
      byDefault: 0,
      text: 'Names the policy in alerts. It decides nothing.',
    },
    profile: {
      shape: { of: 'choice', among: PROFILE_NAMES },
      byDefault: DEFAULT_PROFILE,
      text: 'What holds where the document says nothing of it.',
    },
    budgetPerHostDay: {
      shape: { of: 'number', min: BUDGET_MIN, max: BUDGET_MAX },
      byDefault: PROFILES[DEFAULT_PROFILE].budgetPerHostDay,
      text: 'False alerts that a host may have in a day, on average. The default is the profile’s.',
    },
    newProgramsPerDay: {
      shape: { of: 'number', min: 0, max: NEW_PROGRAMS_MAX },
      byDefault: PROFILES[DEFAULT_PROFILE].newProgramsPerDay,
      text: 'Programs that nobody vouches for and that are new on a host in a day, before its own days say how many. The default is the profile’s.',
    },
    includeLoopback: {
      shape: { of: 'flag' },
      byDefault: false,
      text: 'Detects on connections to this machine itself, too.',
    },
    hashUserNames: {
      shape: { of: 'flag' },
      byDefault: false,
      text: 'Names of users, and of their home folders in paths, leave the machine as pseudonyms whose key stays on it.',
    },
    externalNetworks: {
      shape: list(text(HOST_CHARS_MAX, NETWORK)),
      text: 'Private addresses that count as outside.',
    },
    hostWhitelist: {
      shape: list(host),
      text: 'AN0032’s HostWhitelist: connections there raise no alert.',
    },
    parentProcessCheck: {
      shape: list(PARENT_RULE),
      text: 'AN0032’s ParentProcessCheck: the program raises no alert under the parent.',
    },
    exceptions: {
      shape: list(EXCEPTION),
      text: 'What is harmless for a while and up to a volume: by all that an entry names together.',
    },
    expectedApplications: {
      shape: list({ of: 'choice', among: EXPECTED_IDS, wrong: unknownText }),
      text: 'Applications of the shipped list that are expected here (freshet policy expected): each with its team, its hosts and a volume.',
    },
    expectedRows: {
      shape: list(EXPECTED_ROW),
      text: 'The same as they were when they were accepted. Agents put them there for captures; a file has no need to.',
    },
    ownPids: {
      shape: list({ of: 'whole', min: 0, max: PID_MAX }),
      text: 'Processes that are the agent’s own. It adds its own two by itself.',
    },
  },
}
