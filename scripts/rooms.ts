// The rooms of src: what each may import, and what others may import of it. layers.ts holds it against the code.

type Room = {
  /** Rooms it may import, itself included always. */
  rooms: readonly string[]
  /** Packages and built-ins it may import; undefined: all that no other rule refuses. */
  packages?: readonly string[]
}

const LEFT_OF_STREAM = [
  'units',
  'place',
  'native-module',
  'printable',
  'oldest',
  'shell-word',
  'state-file',
  'given-file',
  'hint',
  'unpack',
  'trouble',
  'version',
  'host',
  'records',
  'sources',
  'baseline',
  'engine',
  'trust',
] as const

/** A room of the engine's house, with those of it that it may import. */
const ofEngine = (rooms: readonly string[], packages: readonly string[] = []): Room => ({
  rooms: [
    ...['units', 'printable', 'oldest', 'records', 'baseline'],
    ...rooms.map((room) => `engine-${room}`),
  ],
  packages,
})

/** Files on top of the engine's rooms that all of these stand on; the others there join the rooms, and no room imports them. */
const ENGINE_GROUND: ReadonlySet<string> = new Set(
  [
    'address',
    'clock',
    'counters',
    'exception',
    'expected',
    'expected-rows',
    'finding',
    'hours',
    'limits',
    'policy',
    'policy-fields',
    'policy-shape',
    'policy-table',
    'profiles',
    'scope',
    'sentence',
    'sources',
  ].map((name) => `src/engine/${name}.ts`),
)

const COLLECTOR = [
  'collector-terms',
  'collector-views',
  'collector-door',
  'collector-fleet',
  'collector-store',
  'collector-gateway',
  'collector-api',
  'collector-machines',
  'collector-keeping',
] as const

/** From left to right: a room's imports are all above it. */
export const ROOMS: Record<string, Room> = {
  units: { rooms: [], packages: [] },
  printable: { rooms: [], packages: [] },
  oldest: { rooms: [], packages: [] },
  'shell-word': { rooms: [], packages: [] },
  'state-file': { rooms: [], packages: ['node:fs', 'node:path'] },
  'given-file': { rooms: ['state-file'], packages: ['node:fs'] },
  unpack: { rooms: [], packages: ['node:zlib'] },
  trouble: { rooms: [], packages: [] },
  place: { rooms: [], packages: ['node:sea', 'node:url'] },
  // Native modules beside an executable, which root loads too.
  'native-module': {
    rooms: ['place'],
    packages: ['node:crypto', 'node:fs', 'node:path'],
  },
  hint: { rooms: ['place', 'shell-word'], packages: ['node:os', 'node:path'] },
  version: { rooms: ['place'] },
  host: { rooms: ['units', 'place', 'native-module', 'state-file', 'version'] },
  records: { rooms: ['units'], packages: [] },
  // Which of a Mac's sources run and are believed: sense, the engine role and the status ask one table.
  sources: { rooms: ['records'], packages: [] },
  baseline: { rooms: ['units', 'oldest', 'hint', 'state-file'] },
  sense: { rooms: ['units', 'place', 'native-module', 'version', 'records', 'sources'] },
  // The engine's house, along the way a record takes; on top what joins its rooms. Others say "engine" for all of it.
  'engine-ground': ofEngine([]),
  'engine-process': ofEngine(['ground']),
  'engine-identity': ofEngine(['ground', 'process']),
  'engine-flow': ofEngine(['ground', 'process', 'identity']),
  'engine-destination': ofEngine(['ground'], ['tldts']),
  'engine-pair': ofEngine(['ground', 'process', 'identity', 'flow', 'destination']),
  'engine-detection': ofEngine(
    ['ground', 'process', 'identity', 'flow', 'destination', 'pair'],
    ['node:crypto'],
  ),
  engine: ofEngine(['ground', 'process', 'identity', 'flow', 'destination', 'pair', 'detection']),
  capture: { rooms: LEFT_OF_STREAM },
  // Of the engine only its addresses and names of programs: what a log's text means.
  importers: {
    rooms: ['units', 'unpack', 'given-file', 'records', 'baseline', 'engine'],
    packages: ['node:crypto', 'node:fs', 'node:fs/promises', 'node:path'],
  },
  // Lines of programs of the system, as the importers read them.
  intake: {
    rooms: ['units', 'records', 'sources', 'baseline', 'engine', 'importers'],
    packages: ['node:crypto'],
  },
  // Certificates and pins: what two machines know each other by.
  trust: {
    rooms: [],
    packages: ['node:crypto', 'node:net', '@peculiar/x509', 'reflect-metadata'],
  },
  stream: { rooms: LEFT_OF_STREAM },
  // Signed documents: who may say what to an agent, and what of it an agent takes. Both sides import it.
  policy: { rooms: [...LEFT_OF_STREAM, 'stream'], packages: ['node:crypto'] },
  // What the collector's rooms have in common: what it bounds, counts, refuses and keeps secret.
  'collector-terms': { rooms: [...LEFT_OF_STREAM, 'stream'] },
  // What the page and the JSON API say, and how it is said of what agents sent.
  'collector-views': { rooms: [...LEFT_OF_STREAM, 'stream'] },
  'collector-door': {
    rooms: [...LEFT_OF_STREAM, 'stream', 'collector-terms'],
  },
  // Who may come: devices, their certificates, tokens.
  'collector-fleet': {
    rooms: [...LEFT_OF_STREAM, 'stream', 'policy', 'collector-terms', 'collector-views'],
  },
  'collector-store': {
    rooms: [...LEFT_OF_STREAM, 'stream', 'collector-terms', 'collector-views'],
  },
  'collector-gateway': {
    rooms: [...LEFT_OF_STREAM, 'stream', 'collector-terms', 'collector-fleet', 'collector-store'],
  },
  'collector-api': {
    rooms: [
      ...LEFT_OF_STREAM,
      'stream',
      'collector-terms',
      'collector-views',
      'collector-store',
      'collector-gateway',
    ],
  },
  // Agents of other machines: joins the authority, the registry and the door to what runs.
  'collector-machines': {
    rooms: [
      ...LEFT_OF_STREAM,
      'stream',
      'policy',
      'collector-terms',
      'collector-door',
      'collector-fleet',
      'collector-store',
      'collector-gateway',
      'collector-api',
    ],
  },
  // That the store keeps what it may, by a clock that is believed, and nothing that was to go.
  'collector-keeping': {
    rooms: [
      ...LEFT_OF_STREAM,
      'stream',
      'collector-terms',
      'collector-views',
      'collector-fleet',
      'collector-store',
      'collector-api',
    ],
  },
  collector: { rooms: [...LEFT_OF_STREAM, 'stream', 'policy', ...COLLECTOR] },
  replay: { rooms: [...LEFT_OF_STREAM, 'capture', 'importers', 'stream'] },
  // What detectors are worth: made-up machines, attacks among them, and what is found of those.
  eval: {
    rooms: [
      'units',
      'place',
      'state-file',
      'version',
      'records',
      'baseline',
      'engine',
      'capture',
      'importers',
      'replay',
    ],
    packages: [
      ...['node:crypto', 'node:fs', 'node:fs/promises', 'node:path', 'node:url'],
      'node:worker_threads',
    ],
  },
  // Simulated agents: the real uplink, with made-up findings.
  swarm: { rooms: [...LEFT_OF_STREAM, 'stream', 'policy'] },
  status: { rooms: [...LEFT_OF_STREAM, 'stream'] },
  web: { rooms: [], packages: ['preact', 'preact/hooks', '@preact/signals', 'uplot', 'vite'] },
  agent: {
    rooms: [...LEFT_OF_STREAM, 'capture', 'intake', 'stream', 'policy', 'status', 'sense'],
  },
  cli: {
    rooms: [
      ...LEFT_OF_STREAM,
      'capture',
      'importers',
      'intake',
      'replay',
      'eval',
      'stream',
      'policy',
      'status',
      'sense',
      'swarm',
      'collector',
      ...COLLECTOR,
      'agent',
    ],
  },
}

/** What others may import of a room: its face. Rooms of the engine's house see all of each other. */
export const FACES: Record<string, readonly string[]> = {
  engine: ['src/engine/engine.ts'],
  'engine-process': ['src/engine/process/acting.ts'],
  'engine-identity': [],
  'engine-flow': [],
  'engine-destination': [
    'src/engine/destination/destination.ts',
    'src/engine/destination/registered-domain.ts',
  ],
  'engine-pair': [],
  'engine-detection': ['src/engine/detection/judging.ts', 'src/engine/detection/score.ts'],
  'collector-door': ['src/collector/door/door.ts'],
  'collector-fleet': ['src/collector/fleet/fleet.ts'],
  'collector-store': ['src/collector/store/store.ts'],
  'collector-gateway': ['src/collector/gateway/gateway.ts', 'src/collector/gateway/devices.ts'],
  'collector-api': ['src/collector/api/site.ts'],
  'collector-machines': ['src/collector/machines/machines.ts'],
}

/**
 * 'web' for src/collector/web/..., 'collector-store' for src/collector/store/..., 'engine-flow' for src/engine/flow/...,
 * 'cli' for src/cli.ts and src/cli/..., 'units' for src/units.ts.
 */
export function roomOf(path: string): string {
  if (path.startsWith('src/collector/web/')) return 'web'
  if (ENGINE_GROUND.has(path)) return 'engine-ground'
  const [, house, inner] = /^src\/(collector|engine)\/([^/.]+)\//.exec(path) ?? []
  if (inner !== undefined) return `${house}-${inner}`
  return /^src\/([^/.]+)/.exec(path)?.[1] ?? ''
}

/** 'engine' for each room of its house, else the room itself: what a rule for all of the engine is found by. */
export const houseOf = (room: string): string => (room.startsWith('engine-') ? 'engine' : room)
