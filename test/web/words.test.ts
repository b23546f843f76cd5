import assert from 'node:assert/strict'
import type { LiveInfo } from '../../src/collector/views/page-api.ts'
import { machinesText } from '../../src/collector/web/group-words.ts'
import { actedForKey, nameOfKey, shortHash } from '../../src/collector/web/identity-key.ts'
import { namesOfSeveral } from '../../src/collector/web/lists.ts'
import {
  ANSWERED_FROM_BYTES,
  ANSWERED_MEANS,
  aboveText,
  amountText,
  answeredText,
  connectionText,
  devicesText,
  foreignText,
  inName,
  isMirrored,
  isWithoutHandshake,
  listedText,
  machinesTitle,
  namelessText,
  outName,
  policyText,
  qualifiedText,
  reportingText,
  revisionText,
  runForText,
  scriptNote,
  watchedText,
  wentText,
} from '../../src/collector/web/words.ts'
import { emptyFeatures } from '../../src/engine/detection/features.ts'
import { explain } from '../../src/engine/detection/reasons.ts'
import { noPoints, scoreInto } from '../../src/engine/detection/score.ts'
import { SILENT_FLOW_BYTES } from '../../src/engine/pair/silent-flows.ts'
import { SILENT_AFTER_MS } from '../../src/engine/pair/silent-watch.ts'

const HASH = `${'c0ffee'.repeat(10)}cafe`

describe('page: words that depend on numbers', () => {
  it('count recordings apart from machines, which none of them is', () => {
    const machine = { id: '01234567-89ab-4cde-8f01-23456789abcd' }
    const recording = { id: '01234567-89ab-8cde-8f01-23456789abcd' }
    assert.equal(devicesText([machine]), '1 machine')
    assert.equal(devicesText([machine, machine, recording]), '2 machines and 1 recording')
    assert.equal(devicesText([recording, recording]), '2 recordings')
    assert.equal(machinesTitle([machine]), 'Machine')
    assert.equal(machinesTitle([recording]), 'Machines')
    const of = (machines: number, device: { id: string }) =>
      machinesText({ machines, newest: { device } } as Parameters<typeof machinesText>[0])
    assert.equal(of(3, machine), '3 machines')
    assert.equal(of(3, recording), '3 recordings')
    assert.equal(of(1, recording), '1 recording')
  })
  it('say what started the first of a chain that goes on', () => {
    const chain = (length: number, moreAbove = 0, pid = 50) =>
      Array.from({ length }, (_, at) => ({ pid, moreAbove: at === length - 1 ? moreAbove : 0 }))
    assert.equal(aboveText([]), '')
    assert.equal(aboveText(chain(7)), '')
    assert.equal(aboveText(chain(8, 0, 1)), '')
    assert.match(aboveText(chain(8, 1)), /^One more is above these/)
    assert.match(aboveText(chain(8, 1234)), /^1,234 more are above these/)
    assert.match(aboveText(chain(8)), /names 8 at the most: whether more .* not told/)
  })
  it('say in which unit a health event counts', () => {
    const amount = (count: number, text: string) => amountText({ count, text })
    assert.equal(amount(1234, '1234 records were dropped because'), '1,234 records')
    assert.equal(amount(1, '1 record was dropped'), '1 record')
    assert.equal(amount(2, '2 processes or flows found no room'), '2 processes or flows')
    assert.equal(amount(45_100_000, '45.1 MB were sent in ways that are'), '45.1 MB')
    assert.equal(amount(3, 'something that says no number'), '3 times')
    assert.equal(amount(1, 'the agent was killed or crashed'), 'once')
    assert.equal(amount(2, '20 records were dropped'), '2 times')
  })
  it('know which names are of several', () => {
    const named = (...names: string[]) => [
      ...namesOfSeveral(names.map((hostname) => ({ hostname }))),
    ]
    assert.deepEqual(named('a', 'b', 'a', 'a'), ['a'])
    assert.deepEqual(named('a', 'b'), [])
  })
  it('say how many flows went unanswered, and never deny what came in', () => {
    const of = { state: 'final', bytesIn: 500, flows: 4, silentFlows: 0, unreadFlows: 0 } as const
    assert.equal(answeredText({ ...of, bytesIn: 0 }), 'nothing came back')
    assert.equal(
      answeredText({ ...of, bytesIn: 0, state: 'opened', flows: 1 }),
      'nothing has come back so far',
    )
    assert.equal(answeredText({ ...of, flows: 1 }), 'it was answered')
    // A flow of 266 B that got nothing back may be among the four: what is counted is said.
    assert.equal(answeredText(of), 'none of 1,024 B or more unanswered')
    assert.equal(answeredText({ ...of, silentFlows: 3 }), '3 of 1,024 B or more unanswered')
    assert.equal(answeredText({ ...of, silentFlows: 4 }), '4 unanswered')
    assert.equal(ANSWERED_FROM_BYTES, SILENT_FLOW_BYTES)
    assert.ok(ANSWERED_MEANS.includes(`${SILENT_AFTER_MS / 1000} s`), ANSWERED_MEANS)
    const unread = { ...of, bytesIn: 0, unreadFlows: 2 }
    assert.equal(answeredText(unread), '2 of them not read to the end')
  })
  it('say how far the bytes out are what they look like, and why', () => {
    const of = {
      state: 'final' as const,
      ...{
        flows: 9,
        unreadFlows: 0,
        atMostFlows: 0,
        tunnelledFlows: 0,
        guessedFlows: 0,
        inAboutFlows: 0,
      },
    }
    assert.equal(outName(of), 'Out')
    assert.equal(outName({ ...of, state: 'updated' }), 'Out, at least')
    assert.equal(outName({ ...of, unreadFlows: 1 }), 'Out, at least')
    assert.equal(outName({ ...of, atMostFlows: 1 }), 'Out, at most')
    assert.equal(outName({ ...of, atMostFlows: 1, unreadFlows: 1 }), 'Out, about')
    assert.equal(outName({ ...of, atMostFlows: 1, state: 'opened' }), 'Out, about')
    assert.equal(inName(of), 'In')
    assert.equal(inName({ ...of, unreadFlows: 1 }), 'In, at least')
    assert.equal(inName({ ...of, state: 'opened' }), 'In, at least')
    assert.equal(qualifiedText(of), '')
    assert.equal(
      qualifiedText({ ...of, atMostFlows: 1, tunnelledFlows: 1, guessedFlows: 3 }),
      'More may be counted of one flow than was sent. One flow left through a tunnel (a VPN or a relay), whose own ' +
        'flow has these bytes once more. The program of 3 flows is a guess: found by process number and time alone, or another had the flow before.',
    )
    assert.match(qualifiedText({ ...of, tunnelledFlows: 2 }), /^2 flows left through a tunnel/)
    const bounded = { ...of, inAboutFlows: 2 }
    assert.deepEqual([outName(bounded), inName(bounded)], ['Out', 'In, about'])
    assert.equal(qualifiedText(bounded), 'What came in over 2 flows is not exact.')
  })

  it('say how much of a list is on the page', () => {
    const noun: [string, string] = ['alert', 'alerts']
    assert.equal(listedText(1, 1, 1, noun), '1 alert.')
    assert.equal(listedText(12, 12, 12, noun), '12 alerts.')
    assert.equal(listedText(2, 12, 12, noun), '2 of 12 alerts.')
    assert.equal(listedText(100, 100, 4200, noun), 'The newest 100 of 4,200 alerts.')
    assert.equal(
      listedText(3, 100, 4200, noun),
      '3 of the newest 100; the collector keeps 4,200 alerts.',
    )
  })
  it('claim to watch all only where nothing is missing', () => {
    const machine = (degraded: string) => ({
      hostname: 'mac-1',
      live: { degraded } as LiveInfo,
    })
    assert.match(watchedText([machine('')]), /^Every program that starts on mac-1/)
    const part = watchedText([machine('no tracefs')])
    assert.match(part, /mac-1 is being watched in part/)
    assert.doesNotMatch(part, /every/i)
    assert.match(watchedText([machine(''), machine('')]), /^2 machines .* every program/)
    const some = watchedText([machine(''), machine('no tracefs')])
    assert.match(some, /^2 machines are being watched, 1 of them in part/)
    assert.doesNotMatch(some, /every/i)
  })
  it('explain totals that are alike, and no others', () => {
    assert.equal(isMirrored(8_400_000, 8_390_000), true)
    assert.equal(isMirrored(8_390_000, 8_400_000), true)
    assert.equal(isMirrored(8_400_000, 5_000_000), false)
    assert.equal(isMirrored(0, 0), false)
    assert.equal(isMirrored(900, 900), false)
  })
  it('explain a measured share that is not the one in the text beside it', () => {
    const of = { term: 'asymmetry', points: 25, threshold: 0.99, unit: 'ratio' }
    const text = '99.9 % of what passed went out'
    assert.equal(isWithoutHandshake({ ...of, value: 1, text }), true)
    assert.equal(isWithoutHandshake({ ...of, value: 0.9995, text }), false)
    const flow = 'its largest flow sent 8.4 MB and got 2.0 kB'
    assert.equal(isWithoutHandshake({ ...of, value: 1, text: flow }), false)
  })
  it('say what a script’s path does not, and which code is foreign', () => {
    assert.equal(scriptNote('kernel'), '')
    assert.equal(scriptNote(''), '')
    assert.equal(scriptNote('claimed'), 'as the process itself says')
    assert.equal(scriptNote('inline'), 'a text on its command line')
    assert.equal(foreignText(['/a.so', '/b.so'], false), '/a.so, /b.so')
    assert.equal(foreignText(['/a.so'], true), '/a.so and more')
    assert.equal(foreignText([], true), 'from files that were not told')
  })
  it('call the policy that no one has sent by its name', () => {
    assert.equal(policyText(0), 'built-in policy')
    assert.equal(policyText(3), 'version 3')
  })
})

describe('page: what a destination and a program are called', () => {
  const reasonsOf = (bareAddress: boolean) => {
    const points = noPoints()
    const features = { ...emptyFeatures(), bareAddress, newToIdentity: true }
    scoreInto(features, points)
    return explain(features, points, 'unsigned')
  }

  it('[D15] no name was asked for only where the system says names', () => {
    const destination = { port: 443 }
    assert.match(namelessText({ reasons: reasonsOf(true), destination }), /^none was asked for/)
    const unsaid = namelessText({ reasons: reasonsOf(false), destination })
    assert.match(unsaid, /^not known: the system does not say/)
    assert.doesNotMatch(unsaid, /none/)
    assert.match(namelessText({ reasons: [], destination }), /^not known/)
    const peer = { reasons: [], destination: { port: 0 } }
    assert.equal(namelessText(peer), 'none: it came to this machine')
  })

  it('[D5] a row says whom a program was run for, by name', () => {
    const path = '/private/tmp/setup-helper'
    assert.equal(runForText({ as: 'for', path }), path)
    assert.equal(runForText({ as: 'for', path: 'platform:/usr/sbin/cron' }), 'cron')
    assert.equal(runForText({ as: 'for', path: '' }), 'a process that was not seen')
    assert.equal(runForText({ as: 'itself', path }), '')
    assert.equal(runForText({ as: 'by', path }), '')
  })
})

describe('page: revisions', () => {
  it('[D28] are final once: an alert that went on after its close says so', () => {
    const states = ['opened', 'final', 'updated', 'final'] as const
    assert.deepEqual(
      states.map((state, index) => revisionText(state, index === states.length - 1)),
      ['opened', 'closed, then went on', 'updated', 'final'],
    )
  })
})

describe('page: [D10] what was replayed', () => {
  const replay = {
    id: '0f0e7f2a-0000-8000-8000-000000000000',
    hostname: 'mac (replayed from a.fcap)',
  }
  const agent = { id: '3f0e7f2a-0000-4000-8000-000000000000', hostname: 'mac' }

  it('is not called unconnected, as it can never report again; an agent that is away is', () => {
    assert.equal(connectionText({ ...replay, connected: false }), 'Replayed')
    assert.equal(connectionText({ ...replay, connected: true }), 'Being replayed')
    assert.equal(connectionText({ ...agent, connected: false }), 'Not connected')
    assert.equal(connectionText({ ...agent, connected: true }), 'Connected')
  })
  it('is no machine that should report', () => {
    const text = (...devices: Parameters<typeof reportingText>[0]) => reportingText(devices)
    const replayed = { ...replay, connected: false }
    assert.deepEqual(text(replayed), { text: 'Live · no machine yet', isWhole: true })
    const well = { ...agent, connected: true }
    assert.deepEqual(text(replayed, well), { text: 'Live · mac', isWhole: true })
    const away = { ...agent, connected: false }
    assert.deepEqual(text(replayed, away), {
      text: 'Live · 0 of 1 machines reporting',
      isWhole: false,
    })
  })
})

describe('page: keys of identities', () => {
  it('tell for whom a program acted', () => {
    const own = `unsigned:sha256:${HASH}`
    assert.equal(actedForKey(own), undefined)
    assert.equal(actedForKey(`platform:/usr/bin/curl via ${own}`), own)
    assert.equal(actedForKey(`platform:/usr/bin/node script /srv/a.js via unknown`), 'unknown')
    for (const key of ['copy:com.apple.curl', 'unknown:path:/x', `${own} with foreign code`])
      assert.equal(actedForKey(`platform:/bin/sh script inline via ${key}`), key)
    assert.equal(
      actedForKey('platform:/usr/bin/curl via ABCDE12345:com.example.app'),
      'ABCDE12345:com.example.app',
    )
  })
  it('are not misled by a path that holds the word', () => {
    assert.equal(actedForKey('platform:/srv/london via york/run'), undefined)
    assert.equal(
      actedForKey('platform:/usr/bin/node script /srv/a via b.js via platform:/usr/bin/make'),
      'platform:/usr/bin/make',
    )
  })
  it('have short names', () => {
    assert.equal(nameOfKey('platform:/usr/bin/make'), 'make')
    assert.equal(nameOfKey('unsigned:path:/opt/x/tool'), 'tool')
    assert.equal(nameOfKey(`unsigned:sha256:${HASH}`), 'program c0ffeec0ffee')
    assert.equal(nameOfKey('unknown:path:/usr/bin/logs'), 'logs')
    assert.equal(nameOfKey('gone:0707:a%20via%20b'), 'a via b')
    assert.equal(nameOfKey('gone::%FF'), '%FF')
    assert.equal(actedForKey('platform:curl via gone:07:sh'), 'gone:07:sh')
    assert.equal(nameOfKey('platform:/usr/bin/make with foreign code'), 'make with foreign code')
    assert.equal(nameOfKey('unknown'), 'a process that was not seen')
    assert.equal(nameOfKey('ABCDE12345:com.example.app'), 'ABCDE12345:com.example.app')
    assert.equal(shortHash(HASH), 'c0ffeec0ffee')
  })
})

describe('page: how much went to destinations', () => {
  const told = (bytesOut: number) => ({
    ...{ bytesOut, bytesIn: 5, flows: 1, largestFlowOut: bytesOut },
    ...{ firstHourAt: '1', lastHourAt: '1', hours: 1 },
  })
  const one = (key: string, of: ReturnType<typeof told> | null) => ({ key, firstAt: '1', told: of })

  it('is not known yet while no hour was told, and is no 0 B', () => {
    const destinations = [one('a', null), one('b', null)]
    const text = wentText({ destinations, total: 2, bytesOut: 0, bytesIn: 0 })
    assert.equal(
      text,
      'How much went to 2 destinations is not known yet. An hour is told when it is over.',
    )
  })

  it('is the sum of what was told, with what is not listed', () => {
    const destinations = [one('a', told(3000)), one('b', null)]
    assert.match(
      wentText({ destinations, total: 2, bytesOut: 3000, bytesIn: 5 }),
      /^3\.00 kB out and 5 B in, to 2 destinations, in the hours that are kept\. .* not in it yet\.$/,
    )
    assert.match(
      wentText({ destinations, total: 5, bytesOut: 4000, bytesIn: 5 }),
      /to 5 destinations \(3 more than are listed, with 1\.00 kB out\), in the hours/,
    )
    const single = { destinations: [one('a', told(0))], total: 1, bytesOut: 0, bytesIn: 0 }
    assert.match(wentText(single), /^0 B out and 0 B in, to one destination, in/)
  })
})
