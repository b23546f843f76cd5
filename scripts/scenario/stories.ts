// The days and nights that are told, each with what its author expects of the detector. Nothing of it happened:
// it stands for what captures of real Macs will show.
import type { Severity } from '../../src/engine/finding.ts'
import { DAY_MS, HOUR_MS, type Mac, MINUTE_MS, type Running } from '../../src/eval/mac.ts'
import {
  adhoc,
  application,
  CHAT,
  CURL,
  GIT,
  type Program,
  SOFTWAREUPDATED,
  TERMINAL,
  UPDATER,
  unsigned,
  ZSH,
} from '../../src/eval/programs.ts'
import type { Random } from '../../src/eval/random.ts'
import { backUp, call, diagnose, logIn, MB, ordinaryDay, work } from './office.ts'

/** One alert that must come; none beside those that are expected. */
export type Expectation = {
  /** The identity's name, and the beginning of its key. */
  program: string
  key: string
  /** Host name or address. */
  to: string
  atLeast: Severity
  bytesOut: number
  flows: number
}

export type Story = {
  name: string
  /** What happens and what is expected, for a person. */
  about: string
  expects: Expectation[]
  tell: (mac: Mac, random: Random) => void
}

const KB = 1_000

/** An evening's work, the lid left open: what follows happens while nobody is there. */
function evening(mac: Mac, random: Random): Running {
  const launchd = mac.boot()
  work(mac, logIn(mac, launchd), random, 1)
  mac.idle(HOUR_MS)
  return launchd
}

/** A shell in a terminal, as a person opens it. */
function shell(mac: Mac, launchd: Running): Running {
  const terminal = mac.run(TERMINAL, launchd)
  mac.wait(300)
  const zsh = mac.run(ZSH, terminal)
  mac.wait(300)
  return zsh
}

const DROPZONE = { to: '192.0.2.66' }

const unknownNight = (
  name: string,
  about: string,
  program: Program,
  expected: Omit<Expectation, 'program' | 'key'> & { key?: string },
  upload: (mac: Mac, by: Running, random: Random) => void,
): Story => ({
  name,
  about,
  expects: [
    {
      program: program.path.slice(program.path.lastIndexOf('/') + 1),
      key: program.signer === 'adhoc' ? 'adhoc:' : 'unsigned:sha256:',
      ...expected,
    },
  ],
  tell(mac, random) {
    const launchd = evening(mac, random)
    const unknown = mac.run(program, launchd)
    mac.wait(2_000)
    upload(mac, unknown, random)
    mac.idle(2 * MINUTE_MS)
    mac.exit(unknown)
    mac.idle(5 * MINUTE_MS)
  },
})

export const STORIES: readonly Story[] = [
  {
    name: 'office-day',
    about: 'a working day with a call, lunch with the lid closed, the nightly backup: no alert',
    expects: [],
    tell: (mac, random) => ordinaryDay(mac, random, 8),
  },
  {
    name: 'backup-night',
    about: 'a known backup program sends gigabytes and hears kilobytes: no alert',
    expects: [],
    tell(mac, random) {
      const launchd = evening(mac, random)
      backUp(mac, launchd)
      mac.idle(HOUR_MS)
      backUp(mac, launchd)
    },
  },
  {
    name: 'calls',
    about: 'three long video calls and their one-sided statistics, by a known program: no alert',
    expects: [],
    tell(mac, random) {
      const launchd = evening(mac, random)
      for (let i = 0; i < 3; i++) {
        call(mac, launchd)
        mac.idle(20 * MINUTE_MS)
      }
    },
  },
  {
    name: 'developer',
    about:
      'a build a few minutes, each a program never seen, each asks a small question of the network: no alert',
    expects: [],
    tell(mac, random) {
      const zsh = shell(mac, evening(mac, random))
      for (let build = 1; build <= 12; build++) {
        const git = mac.run(GIT, zsh)
        mac.wait(100)
        mac.transfer(git, {
          to: '203.0.113.30',
          hostname: 'git.example',
          out: 30 * KB,
          in: 400 * KB,
          overMs: 2_000,
        })
        mac.exit(git, 2_500)
        mac.wait(20_000)
        const made = mac.run(adhoc('/Users/me/src/probe/build/probe', build), zsh)
        mac.wait(100)
        mac.transfer(made, {
          to: '203.0.113.31',
          hostname: 'api.staging.example',
          out: 40 * KB,
          in: 70 * KB,
          overMs: 1_000,
        })
        mac.exit(made, 1_500)
        mac.idle(4 * MINUTE_MS)
      }
    },
  },
  {
    name: 'os-update',
    about:
      'gigabytes come in, the Mac restarts with other builds of its own programs and reports to its maker: no alert',
    expects: [],
    tell(mac, random) {
      const launchd = evening(mac, random)
      const update = mac.run(SOFTWAREUPDATED, launchd)
      mac.wait(1_000)
      mac.transfer(update, {
        to: '17.253.5.203',
        hostname: 'swcdn.apple.com',
        out: 9 * MB,
        in: 3_100 * MB,
        overMs: 8 * MINUTE_MS,
      })
      mac.idle(15 * MINUTE_MS)
      mac.wait(10 * MINUTE_MS)
      const again = mac.boot()
      diagnose(mac, again, 30)
      work(mac, logIn(mac, again), random, 1)
    },
  },
  {
    name: 'application-update',
    about:
      "an application's own updater fetches a new version, which then goes on as the old one did: no alert",
    expects: [],
    tell(mac, random) {
      const launchd = evening(mac, random)
      const chat = mac.run(CHAT, launchd)
      mac.wait(500)
      const updater = mac.run(UPDATER, chat)
      mac.wait(500)
      mac.transfer(updater, {
        to: '203.0.113.41',
        hostname: 'dl.kestrel.example',
        out: 300 * KB,
        in: 280 * MB,
        overMs: MINUTE_MS,
      })
      mac.idle(2 * MINUTE_MS)
      mac.exit(updater)
      mac.exit(chat)
      const next = mac.run({ ...CHAT, build: 2 }, launchd)
      mac.wait(500)
      mac.transfer(next, {
        to: '203.0.113.40',
        hostname: 'ws.kestrel.example',
        out: 3 * MB,
        in: 8 * MB,
        overMs: 5 * MINUTE_MS,
      })
      mac.idle(6 * MINUTE_MS)
    },
  },
  {
    name: 'new-backup',
    about:
      'a backup program is installed and takes its first copy: one alert, which a policy or an approval is for',
    expects: [
      {
        program: 'Silo',
        key: 'S1L0BKP000:',
        to: 'vault.silo.example',
        atLeast: 'medium',
        bytesOut: 1_200 * MB,
        flows: 1,
      },
    ],
    tell(mac, random) {
      const launchd = evening(mac, random)
      const silo = mac.run(application('Silo', 'example.silo.backup', 'S1L0BKP000'), launchd)
      mac.wait(MINUTE_MS)
      mac.transfer(silo, {
        to: '203.0.113.85',
        hostname: 'vault.silo.example',
        out: 1_200 * MB,
        in: 300 * KB,
        overMs: 6 * MINUTE_MS,
      })
      mac.idle(10 * MINUTE_MS)
    },
  },
  unknownNight(
    'night-burst',
    'something unsigned sends 120 MB in a minute and a half to a bare address: one alert',
    unsigned('/private/tmp/.cache/indexd'),
    { to: DROPZONE.to, atLeast: 'high', bytesOut: 120 * MB, flows: 1 },
    (mac, by) => {
      mac.transfer(by, { ...DROPZONE, out: 120 * MB, in: 60 * KB, overMs: 90_000 })
      mac.idle(2 * MINUTE_MS)
    },
  ),
  unknownNight(
    'night-drip',
    'something ad hoc signed sends 180 kB an hour all night long: one alert once it is more than a megabyte',
    adhoc('/Users/me/Library/Caches/.helper/syncagent'),
    { to: 'cdn.metrics.example', atLeast: 'medium', bytesOut: 10 * 180 * KB, flows: 10 },
    (mac, by) => {
      for (let hour = 0; hour < 10; hour++) {
        mac.transfer(by, {
          to: '192.0.2.140',
          hostname: 'cdn.metrics.example',
          out: 180 * KB,
          in: 5 * KB,
          overMs: 12_000,
        })
        mac.idle(HOUR_MS)
      }
    },
  ),
  unknownNight(
    'night-many-flows',
    'something unsigned opens hundreds of small connections that nobody answers: one alert',
    unsigned('/Users/me/Library/Application Support/.x/updater'),
    { to: DROPZONE.to, atLeast: 'medium', bytesOut: 240 * 6 * KB, flows: 240 },
    (mac, by, random) => {
      for (let i = 0; i < 240; i++) {
        mac.transfer(by, { ...DROPZONE, port: 8443, out: 6 * KB, in: 0, overMs: 800 })
        mac.idle(random.between(2, 9) * 1_000)
      }
    },
  ),
  unknownNight(
    'night-silent',
    'something unsigned sends 3 MB in one connection and not a byte comes back: one alert',
    unsigned('/private/var/tmp/kworkerd'),
    { to: DROPZONE.to, atLeast: 'high', bytesOut: 3 * MB, flows: 1 },
    (mac, by) => {
      mac.transfer(by, { ...DROPZONE, port: 4444, out: 3 * MB, in: 0, overMs: 2 * MINUTE_MS })
      mac.idle(3 * MINUTE_MS)
    },
  ),
  {
    name: 'night-curl',
    about:
      "something unsigned has the system's own curl send for it: one alert, on curl for that program",
    expects: [
      {
        program: 'curl',
        key: 'platform:com.apple.curl via unsigned:sha256:',
        to: 'paste.example',
        atLeast: 'high',
        bytesOut: 40 * MB,
        flows: 4,
      },
    ],
    tell(mac, random) {
      const launchd = evening(mac, random)
      const dropper = mac.run(unsigned('/private/tmp/setup-helper'), launchd)
      mac.wait(1_000)
      for (let part = 0; part < 4; part++) {
        const zsh = mac.run(ZSH, dropper)
        mac.wait(50)
        const curl = mac.run(CURL, zsh)
        mac.wait(100)
        mac.transfer(curl, {
          to: '192.0.2.201',
          hostname: 'paste.example',
          out: 10 * MB,
          in: 6 * KB,
          overMs: 14_000,
        })
        mac.exit(curl, 15_000)
        mac.exit(zsh, 15_100)
        mac.idle(30_000)
      }
      mac.idle(5 * MINUTE_MS)
    },
  },
  {
    name: 'lid-closed',
    about:
      'the lid is closed in the middle of an upload, which goes on in the morning: still one alert',
    expects: [
      {
        program: 'photo-export',
        key: 'adhoc:',
        to: DROPZONE.to,
        atLeast: 'high',
        bytesOut: 50 * MB,
        flows: 2,
      },
    ],
    tell(mac, random) {
      const launchd = evening(mac, random)
      const program = mac.run(adhoc('/Users/me/Downloads/photo-export'), launchd)
      mac.wait(1_000)
      mac.transfer(program, { ...DROPZONE, out: 20 * MB, in: 10 * KB, overMs: 50_000 })
      mac.idle(MINUTE_MS)
      mac.sleep(2 * HOUR_MS)
      mac.transfer(program, { ...DROPZONE, out: 30 * MB, in: 12 * KB, overMs: 60_000 })
      mac.idle(5 * MINUTE_MS)
    },
  },
]

/** Days before the story on which the Mac was used as ever. */
const LEARNT_DAYS = [60, 45, 30, 21, 14, 9, 6, 4, 3, 2, 1]

/** The days before all stories, in a Mac of their own that begins `LEARNT_DAYS[0]` days earlier. */
export function tellBefore(mac: Mac, random: Random): void {
  const [first = 0] = LEARNT_DAYS
  for (const day of LEARNT_DAYS) {
    mac.until((first - day) * DAY_MS)
    ordinaryDay(mac, random)
    const launchd = mac.boot()
    const zsh = shell(mac, launchd)
    const git = mac.run(GIT, zsh)
    mac.wait(200)
    mac.transfer(git, {
      to: '203.0.113.30',
      hostname: 'git.example',
      out: 30 * KB,
      in: 400 * KB,
      overMs: 2_000,
    })
    const update = mac.run(SOFTWAREUPDATED, launchd)
    mac.wait(200)
    mac.transfer(update, {
      to: '17.253.5.203',
      hostname: 'swcdn.apple.com',
      out: 20 * KB,
      in: 4 * MB,
      overMs: 9_000,
    })
    mac.idle(MINUTE_MS)
  }
}

export const DAYS_BEFORE = LEARNT_DAYS[0] ?? 0
