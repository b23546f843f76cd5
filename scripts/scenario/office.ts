// What is ordinary on the made-up Mac: the days before a story, and the story's own working hours.
import { HOUR_MS, type Mac, MINUTE_MS, type Running } from '../../src/eval/mac.ts'
import {
  APSD,
  BACKUP,
  CALLS,
  CHAT,
  CLOUDD,
  INKWELL_SITE,
  MAIL,
  NOTES,
  type Program,
  SAFARI,
  SITES,
  SUBMITDIAG,
  TRUSTD,
} from '../../src/eval/programs.ts'
import type { Random } from '../../src/eval/random.ts'

const KB = 1_000
export const MB = 1_000 * KB

export type Desk = Record<
  'apsd' | 'trustd' | 'cloudd' | 'safari' | 'mail' | 'chat' | 'notes',
  Running
>

/** Somebody logs in: the programs that are open all day. */
export function logIn(mac: Mac, launchd: Running): Desk {
  const start = (program: Program): Running => {
    mac.wait(400)
    return mac.run(program, launchd)
  }
  return {
    apsd: start(APSD),
    trustd: start(TRUSTD),
    cloudd: start(CLOUDD),
    safari: start(SAFARI),
    mail: start(MAIL),
    chat: start(CHAT),
    notes: start(NOTES),
  }
}

/** So many hours of reading, writing and syncing, a round each ten minutes. */
export function work(mac: Mac, desk: Desk, random: Random, hours: number): void {
  for (let round = 0; round < hours * 6; round++) {
    const site = random.pick(SITES)
    mac.transfer(desk.safari, {
      ...site,
      out: random.between(4 * KB, 60 * KB),
      in: random.between(200 * KB, 3 * MB),
      overMs: random.between(2, 40) * 1_000,
    })
    mac.transfer(desk.mail, {
      to: '198.51.100.25',
      hostname: 'imap.heron.example',
      port: 993,
      out: random.between(1, 4) * KB,
      in: random.between(6, 60) * KB,
      overMs: 3_000,
    })
    // A message with an attachment now and then: one way, and nobody minds.
    if (round % 9 === 4)
      mac.transfer(desk.mail, {
        to: '198.51.100.26',
        hostname: 'smtp.heron.example',
        port: 587,
        out: random.between(1, 4) * MB,
        in: 5 * KB,
        overMs: 9_000,
      })
    mac.transfer(desk.chat, {
      to: '203.0.113.40',
      hostname: 'ws.kestrel.example',
      out: random.between(1, 9) * KB,
      in: random.between(4, 30) * KB,
      overMs: 20_000,
    })
    if (round % 3 === 0)
      mac.transfer(desk.apsd, {
        to: '17.57.144.84',
        hostname: 'courier.push.apple.com',
        port: 5223,
        out: 2 * KB,
        in: 5 * KB,
        overMs: 4_000,
      })
    if (round % 6 === 1)
      mac.transfer(desk.trustd, {
        to: '17.253.21.201',
        hostname: 'ocsp2.apple.com',
        out: 1 * KB,
        in: 6 * KB,
        overMs: 1_000,
      })
    if (round % 6 === 3) {
      mac.transfer(desk.cloudd, {
        to: '17.248.150.10',
        hostname: 'p01-content.icloud.com',
        out: random.between(1, 6) * MB,
        in: random.between(20, 90) * KB,
        overMs: 12_000,
      })
      mac.transfer(desk.notes, { ...INKWELL_SITE, out: 90 * KB, in: 40 * KB, overMs: 2_000 })
    }
    mac.idle(10 * MINUTE_MS)
  }
}

/** The nightly backup: gigabytes out, kilobytes in, by a program known for doing that. */
export function backUp(
  mac: Mac,
  launchd: Running,
  program: Program = BACKUP,
  megabytes = 2_400,
): Running {
  const backup = mac.run(program, launchd)
  mac.wait(3_000)
  mac.transfer(backup, {
    to: '203.0.113.80',
    hostname: 'store.granary.example',
    out: megabytes * MB,
    in: 700 * KB,
    overMs: 4 * MINUTE_MS,
  })
  mac.idle(6 * MINUTE_MS)
  mac.exit(backup)
  return backup
}

/** A call of half an hour: much both ways, and statistics to a server that hardly answers. */
export function call(mac: Mac, launchd: Running): void {
  const calls = mac.run(CALLS, launchd)
  mac.wait(1_500)
  const overMs = 20 * MINUTE_MS
  mac.transfer(calls, {
    to: '203.0.113.61',
    hostname: 'turn.meadow.example',
    port: 3478,
    protocol: 17,
    out: 310 * MB,
    in: 290 * MB,
    overMs,
  })
  mac.transfer(calls, {
    to: '203.0.113.62',
    hostname: 'stats.meadow.example',
    out: 2 * MB,
    in: 9 * KB,
    overMs,
  })
  mac.idle(overMs + MINUTE_MS)
  mac.exit(calls)
}

/** What the system tells its maker after a crash. */
export function diagnose(mac: Mac, launchd: Running, megabytes: number): void {
  const diagnosis = mac.run(SUBMITDIAG, launchd)
  mac.wait(500)
  mac.transfer(diagnosis, {
    to: '17.32.194.6',
    hostname: 'radarsubmissions.apple.com',
    out: megabytes * MB,
    in: 8 * KB,
    overMs: 15_000,
  })
  mac.idle(MINUTE_MS)
  mac.exit(diagnosis)
}

/** A working day, shut down at its end. */
export function ordinaryDay(mac: Mac, random: Random, hours = 4): void {
  const launchd = mac.boot()
  const desk = logIn(mac, launchd)
  work(mac, desk, random, hours / 2)
  call(mac, launchd)
  mac.sleep(HOUR_MS)
  work(mac, desk, random, hours / 2)
  backUp(mac, launchd)
  diagnose(mac, launchd, 3)
}
