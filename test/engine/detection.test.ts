import assert from 'node:assert/strict'
import { Direction } from '../../src/records/record.gen.ts'
import { HOUR_MS, MIB, SCRIPT_HASH, Script, tell, tellByPoints } from './scenario.ts'

const ann = { pid: 100, path: '/home/ann/probe', parent: 50 }
/** systemd, a shell, and a program nobody has seen. */
const stranger = () =>
  new Script()
    .start()
    .system(1, '/usr/lib/systemd/systemd', 0)
    .system(50, '/usr/bin/bash')
    .program(ann)

const terms = (reasons: { term: string }[]) => reasons.map(({ term }) => term)

describe('detection', () => {
  it('opens an alert on an unsigned upload in its middle and says why', () => {
    const { alerts } = tell(stranger().upload({ id: 1, total: 8 * MIB, answer: 1_000 }))
    const [first] = alerts
    assert.equal(first?.state, 'opened')
    assert.equal(first?.severity, 'medium')
    assert.ok(first.bytesOut < 2 * MIB)
    assert.match(
      first.sentence,
      /^“probe” \(unsigned, first seen less than 0\.1 s before, run by “bash”\) sent 1\.0 MB/,
    )
    assert.match(first.sentence, /to 203\.0\.113\.7:443 .* and got 125 B back/)
    assert.deepEqual(terms(first.reasons), ['volume', 'destination', 'novelty', 'signer'])
    const points = first.reasons.reduce((sum, reason) => sum + reason.points, 0)
    assert.ok(Math.abs(points - first.score) < 0.03)
    assert.deepEqual(
      first.chain.map(({ path }) => path),
      ['/home/ann/probe', '/usr/bin/bash', '/usr/lib/systemd/systemd'],
    )
    assert.equal(first.identity.sha256, 'ab'.repeat(32))
  })

  it('names eight of who started it, and how many more are above', () => {
    const nested = (shells: number) => {
      const script = new Script().start().system(1, '/usr/lib/systemd/systemd', 0)
      for (let at = 0; at < shells; at++)
        script.system(50 + at, '/usr/bin/bash', at === 0 ? 1 : 49 + at)
      const { alerts } = tell(
        script
          .program({ ...ann, parent: 49 + shells })
          .upload({ id: 1, total: 8 * MIB, answer: 1_000 }),
      )
      const { chain } = alerts[0] ?? assert.fail('no alert')
      return [chain.length, chain.at(-1)?.moreAbove]
    }
    assert.deepEqual(nested(5), [7, undefined])
    assert.deepEqual(nested(6), [8, undefined])
    assert.deepEqual(nested(7), [8, 1])
    assert.deepEqual(nested(20), [8, 14])
  })

  it('says the same bytes at the end as the flow had', () => {
    const total = 8 * MIB + 12_345
    const { alerts } = tell(stranger().upload({ id: 1, total, answer: 1_001 }).ticks(3))
    const last = alerts.at(-1)
    assert.equal(last?.state, 'final')
    assert.equal(last.bytesOut, total)
    assert.equal(last.bytesIn, 1_001)
    assert.equal(
      last.timeline.bytesOut.reduce((a, b) => a + b, 0),
      total,
    )
  })

  it('names the file that ran, though its like was seen elsewhere before', () => {
    const copy = { pid: 101, path: '/tmp/.hidden/dropper', parent: 50 }
    const { alerts } = tell(
      stranger()
        .program(copy)
        .upload({ id: 1, pid: copy.pid, total: 8 * MIB, answer: 0 }),
    )
    assert.equal(alerts[0]?.identity.path, copy.path)
    assert.equal(alerts[0]?.identity.name, 'dropper')
    assert.match(alerts[0]?.sentence ?? '', /^“dropper” /)
  })

  it('is silent below the floor of a program that answers get', () => {
    assert.equal(
      tellByPoints(stranger().upload({ id: 1, total: MIB - 1, answer: 500 })).alerts.length,
      0,
    )
    assert.equal(
      tellByPoints(stranger().upload({ id: 1, total: MIB, answer: 500 })).alerts.length,
      1,
    )
  })

  it('is silent on a download', () => {
    const script = stranger()
      .upload({ id: 1, total: 2 * MIB, answer: 50 * MIB })
      .ticks(40)
    assert.equal(tell(script).alerts.length, 0)
  })

  it('finds the upload in a pair whose downloads were larger', () => {
    const script = stranger()
      .upload({ id: 1, total: 30_000, answer: 6 * MIB })
      .upload({ id: 2, total: 3 * MIB, answer: 20_000 })
    const [first] = tellByPoints(script).alerts
    assert.match(
      first?.reasons.find(({ term }) => term === 'asymmetry')?.text ?? '',
      /largest flow/,
    )
  })

  it('leads with the flow that is one-sided where others of its pair brought more back', () => {
    const script = stranger()
      .upload({ id: 1, total: 4 * MIB, answer: 90, steps: 2 })
      .upload({ id: 2, total: 20_000, answer: 8 * MIB, steps: 2 })
    const last = tell(script.ticks(3)).alerts.at(-1)
    assert.match(
      last?.sentence ?? '',
      /sent 4\.2 MB to 203\.0\.113\.7:443 in one flow and got 90 B back in it: 99\.9 % of what passed there went out\. In all 4\.2 MB went out and 8\.4 MB came in, over 2 flows in 4\.0 s\.$/,
    )
  })

  it('says what was most unusual when nothing is one-sided any more', () => {
    const script = stranger()
      .upload({ id: 1, total: 4 * MIB, answer: 90, keepOpen: true })
      .flow({ id: 1, out: 4 * MIB, in: 50 * MIB, state: 'closed' })
    const last = tellByPoints(script.ticks(3)).alerts.at(-1)
    assert.match(last?.sentence ?? '', /got 52\.4 MB back: 7\.4 % of what passed went out\. /)
    assert.match(
      last?.sentence ?? '',
      /When it was most unusual, 99\.9 % of what passed went out\.$/,
    )
  })

  it('does not speak of a first byte that never came', () => {
    const script = stranger().upload({ id: 1, total: 2 * MIB, steps: 1 })
    const reason = tellByPoints(script).alerts[0]?.reasons.at(-1)
    assert.equal(reason?.term, 'no_response')
    assert.equal(reason.text, '2.1 MB went out in one flow and nothing came back')
    const answered = stranger()
      .upload({ id: 1, total: 100, answer: 50, steps: 1 })
      .upload({ id: 2, total: 2 * MIB, steps: 1 })
    assert.match(
      tellByPoints(answered).alerts[0]?.reasons.at(-1)?.text ?? '',
      /^one flow sent 2\.1 MB while nothing had come back$/,
    )
  })

  it('is silent on a program of the system at 8 MB', () => {
    const script = new Script().start().system(100, '/usr/bin/backup')
    assert.equal(tell(script.upload({ id: 1, total: 8 * MIB })).alerts.length, 0)
  })

  it('does not trust a file in a system directory that others can write', () => {
    for (const bad of [{ owner: 0, inspectFlags: 1 }, { owner: 1000 }]) {
      const script = new Script().start().program({ pid: 100, path: '/usr/bin/backup', ...bad })
      assert.equal(tell(script.upload({ id: 1, total: 8 * MIB })).alerts.length, 1)
    }
  })

  it('keys curl by whom it acts for, and does not trust it', () => {
    const script = stranger().system(101, '/usr/bin/curl', 100)
    const { alerts } = tell(script.upload({ id: 1, pid: 101, total: 8 * MIB, answer: 500 }))
    const [first] = alerts
    const key = `unsigned:sha256:${'ab'.repeat(32)}`
    assert.equal(first?.identity.key, `platform:/usr/bin/curl via ${key}`)
    assert.equal(first.responsibleKey, key)
    assert.match(
      first.sentence,
      /^“curl” \(a program of this system\), run for “\/home\/ann\/probe” \(unsigned, first seen .+ before\), sent/,
    )
  })

  it('looks through shells for the one a program acts for, and names scripts', () => {
    const script = new Script()
      .start()
      .system(1, '/usr/lib/systemd/systemd', 0)
      .system(40, '/usr/sbin/cron')
      .system(50, '/bin/sh', 40)
      .program({ pid: 60, path: '/usr/bin/python3.11', parent: 50, script: '/opt/x.py', owner: 0 })
      .upload({ id: 1, pid: 60, total: 8 * MIB, answer: 500 })
    assert.equal(
      tell(script).alerts[0]?.identity.key,
      `platform:/usr/bin/python3.11 script ${SCRIPT_HASH} via platform:/usr/sbin/cron`,
    )
  })

  it('says when the one it acts for was never seen', () => {
    const script = new Script()
      .start()
      .program({ pid: 60, path: '/usr/bin/nc.openbsd', parent: 777, owner: 0 })
      .upload({ id: 1, pid: 60, total: 2 * MIB })
    assert.equal(tell(script).alerts[0]?.identity.key, 'platform:/usr/bin/nc.openbsd via unknown')
  })

  it('notices 64 KiB without an answer for 30 s, though no report comes', () => {
    const script = stranger().upload({ id: 1, total: 65_536, steps: 1, keepOpen: true })
    assert.equal(tellByPoints(script.ticks(28)).alerts.length, 0)
    const { alerts } = tellByPoints(script.ticks(2))
    assert.equal(alerts[0]?.reasons.at(-1)?.term, 'no_response')
    assert.equal(alerts[0]?.reasons.at(-1)?.points, 25)
    assert.equal(alerts[0]?.bytesIn, 0)
    assert.match(alerts[0].sentence, /got nothing back: 100 % of what passed went out/)
  })

  it('does not call a peer silent that answered late but in time', () => {
    const script = stranger()
      .upload({ id: 1, total: 65_536, steps: 1, keepOpen: true })
      .ticks(20)
      .flow({ id: 1, out: 65_536, in: 10 })
    assert.equal(tell(script.ticks(60)).alerts.length, 0)
  })

  it('counts five small silent flows in ten minutes, and not four', () => {
    const script = stranger()
    for (let id = 1; id <= 4; id++) script.upload({ id, total: 1_024, steps: 1 }).wait(60_000)
    assert.equal(tellByPoints(script).alerts.length, 0)
    script.upload({ id: 5, total: 1_024, steps: 1 })
    const [first] = tellByPoints(script).alerts
    assert.equal(first?.reasons.at(-1)?.value, 5)
    assert.equal(first?.silentFlows, 5)
    assert.match(first?.sentence ?? '', /over 5 flows \(all without any answer\) and got nothing/)
    const small = stranger().upload({ id: 9, total: 500, steps: 1 })
    for (let id = 1; id <= 5; id++) small.upload({ id, total: 1_024, steps: 1 }).wait(60_000)
    const [other] = tellByPoints(small).alerts
    assert.match(other?.sentence ?? '', /over 6 flows \(at least 5 without any answer\) and got/)
  })

  it('forgets silent flows after ten minutes', () => {
    const script = stranger()
    for (let id = 1; id <= 8; id++) script.upload({ id, total: 1_024, steps: 1 }).wait(180_000)
    assert.equal(tell(script).alerts.length, 0)
  })

  it('does not count silent flows below 1 KiB, nor failed connections', () => {
    const script = stranger()
    for (let id = 1; id <= 20; id++) script.upload({ id, total: id < 10 ? 1_023 : 0, steps: 1 })
    const { alerts, sightings } = tell(script)
    assert.equal(alerts.length, 0)
    assert.equal(sightings.filter(({ of }) => of === 'destination').length, 1)
  })

  it('leaves inbound flows of servers out and counts them', () => {
    const script = stranger()
      .system(200, '/usr/sbin/sshd')
      .upload({ id: 1, pid: 200, total: 9 * MIB, direction: Direction.inbound })
    const { alerts, engine } = tell(script)
    assert.equal(alerts.length, 0)
    assert.equal(engine.counters().leftOut.inbound, 1)
    assert.equal(engine.counters().bytesOut, 9 * MIB)
  })

  it('takes the side with the ephemeral port for the one that connected, when nobody saw it', () => {
    const direction = Direction.unknown
    const served = stranger().upload({
      id: 1,
      total: 9 * MIB,
      direction,
      localPort: 8080,
      port: 51_000,
    })
    assert.equal(tell(served).alerts.length, 0)
    const sent = stranger().upload({
      id: 1,
      total: 9 * MIB,
      direction,
      localPort: 51_000,
      port: 8080,
    })
    assert.equal(tell(sent).alerts.length, 1)
  })

  it('leaves out what is no destination, by reason', () => {
    const script = stranger()
    const left = ['127.0.0.1', '::1', '169.254.1.1', 'fe80::1', '224.0.0.251', 'ff02::fb']
    const all = [...left, '255.255.255.255', '0.0.0.0']
    all.forEach((to, id) => {
      script.upload({ id, to, total: 9 * MIB, steps: 1 })
    })
    const { alerts, engine, sightings } = tell(script)
    assert.equal(alerts.length, 0)
    assert.deepEqual(engine.counters().leftOut, {
      inbound: 0,
      loopback: 2,
      link_local: 2,
      multicast: 2,
      broadcast: 1,
      unspecified: 1,
      own: 0,
    })
    assert.ok(sightings.every(({ of }) => of === 'identity'))
  })

  it('counts what happened on a private network half', () => {
    const outside = tellByPoints(stranger().upload({ id: 1, total: 8 * MIB })).alerts.at(-1)
    const inside = tellByPoints(
      stranger()
        .upload({ id: 1, to: '10.1.2.3', total: 8 * MIB, answer: 500 })
        .ticks(3),
    ).alerts.at(-1)
    assert.equal(outside?.severity, 'high')
    assert.equal(inside?.severity, 'medium')
    const volume = inside.reasons.find(({ term }) => term === 'volume')
    assert.equal(volume?.points, 12.5)
    assert.match(volume.text, /counts half: a private network/)
  })

  it('is no news after thirty days of network use, and is until then', () => {
    const day = 24 * HOUR_MS
    const later = (days: number) =>
      stranger()
        .upload({ id: 1, total: 2_000, answer: 2_000, steps: 1 })
        .wait(days * day)
        .exec({ pid: 100, path: '/home/ann/probe', pidversion: 2 })
        .inspected({ pid: 100, path: '/home/ann/probe', pidversion: 2 })
        .upload({ id: 2, pidversion: 2, total: 8 * MIB, to: '198.51.100.1' })
    assert.equal(tellByPoints(later(29)).alerts[0]?.reasons[0]?.term, 'novelty')
    assert.equal(tellByPoints(later(31)).alerts.length, 0)
  })

  it('keys IPv6 by /48 and shows the address', () => {
    const script = stranger().upload({ id: 1, to: '2001:db8:1:2::3', total: 2 * MIB })
    const destination = tell(script).alerts[0]?.destination
    assert.equal(destination?.key, '[2001:db8:1::/48]:443')
    assert.equal(destination?.address, '2001:db8:1:2::3')
  })

  it('keys by the registered domain where the source gives a host name', () => {
    const script = stranger()
      .name(1, 'Files.Example.ORG.')
      .upload({ id: 1, total: 2 * MIB })
    const destination = tell(script).alerts[0]?.destination
    assert.equal(destination?.key, 'example.org:443')
    assert.equal(destination?.hostname, 'files.example.org')
  })

  it('adds flows of one /24 and port into one pair, and keeps another port apart', () => {
    const script = stranger()
    for (let i = 1; i <= 4; i++)
      script.upload({ id: i, to: `203.0.113.${i}`, total: MIB / 2, answer: 100, steps: 1 })
    script.upload({ id: 9, port: 8443, total: MIB / 2, answer: 100, steps: 1 })
    const { alerts } = tell(script.ticks(62))
    assert.equal(alerts.at(-1)?.flows, 4)
    assert.equal(alerts.at(-1)?.bytesOut, 2 * MIB)
    assert.equal(new Set(alerts.map(({ id }) => id)).size, 1)
  })

  it('says first sightings once: of the program, its network use, its destinations', () => {
    const script = stranger()
      .upload({ id: 1, total: 500, answer: 500 })
      .upload({ id: 2, total: 500, answer: 500 })
      .upload({ id: 3, to: '198.51.100.1', total: 500, answer: 500 })
    const told = tell(script)
    const own = told.sightings.filter(({ identity }) => identity.name === 'probe')
    assert.deepEqual(
      own.map(({ of, destination }) => [of, destination?.key]),
      [
        ['identity', undefined],
        ['network', '203.0.113.0/24:443'],
        ['destination', '203.0.113.0/24:443'],
        ['destination', '198.51.100.0/24:443'],
      ],
    )
    const again = tell(stranger().upload({ id: 1, total: 500, answer: 500 }), {
      baseline: told.baseline,
    })
    assert.deepEqual(again.sightings, [])
  })

  it('begins the counters of a reused flow id again', () => {
    const script = stranger()
      .upload({ id: 1, total: 2 * MIB, keepOpen: true })
      .flow({ id: 1, epoch: 1, state: 'opened' })
      .flow({ id: 1, epoch: 0, out: 3 * MIB })
      .flow({ id: 1, epoch: 1, out: MIB, state: 'closed' })
      .ticks(2)
    const { alerts, engine } = tell(script)
    assert.equal(alerts.at(-1)?.bytesOut, 3 * MIB)
    assert.equal(engine.counters().bytesOut, 3 * MIB)
    assert.equal(engine.counters().staleReports, 1)
  })
})
