// What makes an excess rarer or less so: each term beside what is none, the sum's bound, and what vouches for nobody.
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { CLASSES } from '../../../src/engine/detection/classes.ts'
import {
  CONTEXT,
  CONTEXT_MOST,
  type ContextFacts,
  contextOf,
  contextReasons,
  placeTerm,
} from '../../../src/engine/detection/context.ts'
import { isNamedLike, signerNameText } from '../../../src/engine/detection/signer-name.ts'
import type { Circumstance } from '../../../src/engine/process/process.ts'
import { Origin } from '../../../src/records/record.gen.ts'
import type { UnixNs } from '../../../src/units.ts'

const NOW_MS = 1_800_000_000_000
const DAY_MS = 86_400_000
const ago = (days: number) => (BigInt(NOW_MS - days * DAY_MS) * 1_000_000n) as UnixNs
const circumstance = (of: Partial<Circumstance> = {}): Circumstance => ({
  ...{ path: '/opt/tool/tool', origin: undefined, starter: 'other', starterName: '' },
  ...{ organisation: '', builtAs: '', seenMs: NOW_MS },
  ...of,
})
const facts = (of: Partial<ContextFacts> = {}): ContextFacts => ({
  ...{ ofClass: 'unvouched', signerClass: 'unsigned', signingId: '', hostname: '' },
  ...{ circumstances: [circumstance()], isShared: false, nowMs: NOW_MS },
  ...{ impostor: undefined, buildsOf: () => undefined },
  ...of,
})
const termsOf = (of: Partial<ContextFacts>): string[] =>
  contextOf(facts(of)).terms.map(({ term }) => term)
const withOrigin = (
  kind: number,
  keeperUid: number | undefined,
  of: Partial<ContextFacts> = {},
) => {
  const origin = { kind, keeperUid, name: 'tool', installedAt: ago(3) }
  return contextOf(facts({ ...of, circumstances: [circumstance({ origin })] })).terms
}

describe('the context of a pair', () => {
  it('is rarer where everybody may write, and says nothing of ordinary places', () => {
    const places = {
      '/tmp/x': 'temporary',
      '/private/var/folders/a/T/x': 'temporary',
      '/Users/Shared/x': 'temporary',
      '/private/var/folders/a/AppTranslocation/b/d/X.app/Contents/MacOS/X': 'downloads',
      '/Volumes/Tool/Tool.app/Contents/MacOS/Tool': 'image',
      '/home/ann/Downloads/x': 'downloads',
      '/Users/ann/Desktop/x': 'downloads',
      '/home/ann/.config/x': 'hidden',
      '/opt/.hidden/x': 'hidden',
      '/home/ann/.cargo/bin/x': undefined,
      '/home/ann/work/x': undefined,
      '/usr/bin/x': undefined,
      '/opt/tmp/x': undefined,
      '/srv/Downloads/x': undefined,
      '': undefined,
    }
    for (const [path, term] of Object.entries(places)) equal(placeTerm(path)?.term, term, path)
  })

  it('takes the word of root, of an owner as that, and nobody’s where everybody may write', () => {
    const [of] = withOrigin(Origin.package, 0)
    deepEqual(of, {
      ...{ term: 'package', decades: CONTEXT.package },
      text: "the system's package “tool” brought it 3 days ago",
    })
    deepEqual(withOrigin(Origin.package, 1000), [])
    equal(withOrigin(Origin.unpackaged, 0)[0]?.term, 'unpackaged')
    match(withOrigin(Origin.brew, 1000)[0]?.text ?? '', /by its owner's own word$/)
    deepEqual(withOrigin(Origin.brew, undefined), [])
  })

  it('says that a download is one of vouched-for code alone, which is how the other comes too', () => {
    const notarized = { ofClass: 'notarized', signerClass: 'notarized' } as const
    equal(withOrigin(Origin.download, 501, notarized)[0]?.term, 'download')
    deepEqual(withOrigin(Origin.download, undefined, notarized), [])
    for (const ofClass of ['unvouched', 'script'] as const)
      deepEqual(withOrigin(Origin.download, 501, { ofClass }), [])
  })

  it('knows the App Store by the signature, not by a receipt', () => {
    deepEqual(termsOf({ ofClass: 'notarized', signerClass: 'app_store' }), ['appStore'])
    deepEqual(termsOf({ ofClass: 'notarized', signerClass: 'notarized' }), [])
  })

  it('says who started it', () => {
    const by = (starter: Circumstance['starter']) =>
      termsOf({ circumstances: [circumstance({ starter, starterName: 'x' })] })
    deepEqual(by('remote'), ['remote'])
    deepEqual(by('document'), ['document'])
    deepEqual(by('script'), ['script'])
    deepEqual(by('installer'), ['installer'])
    deepEqual(by('other'), [])
  })

  it('takes the rarest way in which it came to run: a copy that lies well excuses no other', () => {
    const origin = { kind: Origin.package, keeperUid: 0, name: 'x', installedAt: undefined }
    const well = circumstance({ origin })
    const badly = circumstance({ path: '/tmp/x' })
    for (const circumstances of [
      [well, badly],
      [badly, well],
    ])
      deepEqual(termsOf({ circumstances }), ['temporary'])
    deepEqual(termsOf({ circumstances: [] }), [])
  })

  it('is called like its signer for vouched-for code alone, and shared likewise', () => {
    const destination = {
      circumstances: [circumstance({ organisation: 'Backblaze, Inc.' })],
      hostname: 'api.backblaze.com',
      signingId: 'com.backblaze.bzbmenu',
      isShared: true,
    }
    for (const ofClass of CLASSES)
      deepEqual(
        termsOf({ ofClass, ...destination }),
        ofClass === 'unvouched' || ofClass === 'script'
          ? []
          : ['namedLikeSigner', 'sharedDestination'],
      )
  })

  it('is never more than its bound, whatever comes together, nor less where code is less vouched for', () => {
    const paths = ['/tmp/x', '/home/a/Downloads/x', '/usr/bin/x', '/home/a/.x/y', '']
    const any = fc.record({
      path: fc.constantFrom(...paths),
      origin: fc.option(
        fc.record({
          kind: fc.constantFrom(0, ...Object.values(Origin), 99),
          keeperUid: fc.constantFrom(0, 501, undefined),
          name: fc.constantFrom('', 'x'),
          installedAt: fc.constantFrom(undefined, ago(1), ago(-1)),
        }),
        { nil: undefined },
      ),
      starter: fc.constantFrom(
        ...(['remote', 'document', 'installer', 'script', 'other'] as const),
      ),
      starterName: fc.constantFrom('', 'x'),
      organisation: fc.constantFrom('', 'Backblaze, Inc.'),
      builtAs: fc.constantFrom('', 'builds of 1 /x'),
      seenMs: fc.constant(NOW_MS),
    })
    fc.assert(
      fc.property(
        fc.array(any, { maxLength: 4 }),
        fc.constantFrom('', 'a.backblaze.com'),
        fc.boolean(),
        fc.constantFrom(...CLASSES),
        fc.constantFrom(...CLASSES),
        (circumstances, hostname, isShared, one, other) => {
          const of = (ofClass: (typeof CLASSES)[number]) =>
            contextOf(facts({ circumstances, hostname, isShared, ofClass })).decades
          const [less, better] =
            CLASSES.indexOf(one) < CLASSES.indexOf(other) ? [one, other] : [other, one]
          ok(of(less) >= of(better) - 1e-9)
          ok(Math.abs(of(one)) <= CONTEXT_MOST)
        },
      ),
    )
  })

  it('gives points that add up to its part of the score, also where all are worth more than they may be', () => {
    const origin = { kind: Origin.unpackaged, keeperUid: 0, name: '', installedAt: undefined }
    const many = facts({
      circumstances: [
        circumstance({ path: '/tmp/x', origin, starter: 'document', starterName: 'x' }),
      ],
    })
    const context = contextOf(many)
    equal(context.decades, CONTEXT_MOST)
    const reasons = contextReasons(context, 30)
    equal(reasons.length, 3)
    const sum = reasons.reduce((all, { points }) => all + points, 0)
    ok(Math.abs(sum - 30 * CONTEXT_MOST) < 0.05, `${sum}`)
  })
})

describe('whether a destination is called like a signer', () => {
  it('compares what stands before the suffix with the organisation, its kind left out', () => {
    for (const [label, organisation] of [
      ['backblaze', 'Backblaze, Inc.'],
      ['dropbox', 'Dropbox, Inc.'],
      ['slack', 'Slack Technologies, Inc.'],
      ['agilebits', 'AgileBits Inc.'],
      ['loreal', "L'Oréal S.A."],
      ['two-words', 'Two Words GmbH & Co. KG'],
    ] as const)
      ok(isNamedLike(label, organisation), organisation)
    for (const [label, organisation] of [
      ['backblaze', 'Blackblaze, Inc.'],
      ['open', 'Open Whisper Systems'],
      ['zoom', 'Zoom Video Communications, Inc.'],
      ['inc', ''],
      ['software', 'Software Ambience Corp.'],
      ['', 'Dropbox, Inc.'],
      ['dropboxes', 'Dropbox, Inc.'],
    ] as const)
      ok(!isNamedLike(label, organisation), `${label} ${organisation}`)
  })

  it('says by whose word: a signing id is its maker’s own', () => {
    const of = (hostname: string, organisation: string, signingId: string) =>
      signerNameText(hostname, organisation, signingId)
    deepEqual(of('f001.backblaze.com', 'Backblaze, Inc.', ''), {
      by: 'organisation',
      text: '“backblaze.com” is called like who signed it, “Backblaze, Inc.”',
    })
    deepEqual(of('eu01.zoom.us', 'Zoom Video Communications, Inc.', 'us.zoom.xos'), {
      by: 'signingId',
      text: '“zoom.us” is the domain that its signing id “us.zoom.xos” begins with',
    })
    // Another suffix is another's domain where the maker chose the name himself.
    equal(of('zoom.xyz', '', 'us.zoom.xos'), undefined)
    equal(of('', 'Backblaze, Inc.', 'com.backblaze.x'), undefined)
  })

  it('is so of nothing below a suffix where anybody may have any name, nor of addresses', () => {
    for (const host of ['backblaze.github.io', 'backblaze.s3.amazonaws.com', '203.0.113.7', 'com'])
      equal(signerNameText(host, 'Backblaze, Inc.', 'com.backblaze.x'), undefined, host)
  })
})
