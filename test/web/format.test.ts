import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  ageText,
  agoText,
  argumentsText,
  barShare,
  barText,
  bytesExact,
  bytesText,
  clockText,
  durationText,
  endpointText,
  fileName,
  isoText,
  middle,
  mostBytes,
  msOf,
  outShareText,
  pointsText,
  portText,
  rateText,
  signerText,
  tickTexts,
  userText,
  valueText,
  visible,
} from '../../src/collector/web/format.ts'

describe('page: bytes', () => {
  it('have three digits in decimal units', () => {
    assert.equal(bytesText(0), '0 B')
    assert.equal(bytesText(999), '999 B')
    assert.equal(bytesText(1000), '1.00 kB')
    assert.equal(bytesText(8_388_608), '8.39 MB')
    assert.equal(bytesText(83_886_080), '83.9 MB')
    assert.equal(bytesText(2 ** 53 - 1), '9.01 PB')
  })
  it('go to the next unit instead of showing 1000 of one', () => {
    assert.equal(bytesText(999_499), '999 kB')
    assert.equal(bytesText(999_500), '1.00 MB')
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 53 - 1 }), (count) => {
        assert.match(bytesText(count), /^\d{1,3}(\.\d{1,2})? (B|kB|MB|GB|TB|PB)$/)
      }),
    )
  })
  it('are within 1 % of what was counted', () => {
    const size: Record<string, number> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, PB: 1e15 }
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 53 - 1 }), (count) => {
        const [number, unit] = bytesText(count).split(' ') as [string, string]
        assert.ok(Math.abs((Number(number) * (size[unit] as number)) / count - 1) < 0.01)
      }),
    )
  })
  it('can be told to the last one', () => assert.equal(bytesExact(8_388_608), '8,388,608 B'))
  it('[D8] are bars on one scale, on which 1 MB and 1.2 GB differ, and so do 20 kB and nothing', () => {
    const most = mostBytes([
      { bytesOut: 1_200_000_000, bytesIn: 4 },
      { bytesOut: 1_000_000, bytesIn: 20_000 },
    ])
    assert.equal(most, 1_200_000_000)
    const shares = [0, 999, 20_000, 1_000_000, 1_200_000_000, 2e9].map((one) => barShare(one, most))
    assert.deepEqual(
      shares.map((share) => Number(share.toFixed(2))),
      [0, 0, 0.21, 0.49, 1, 1],
    )
    assert.equal(
      mostBytes([{ bytesOut: 12, bytesIn: 0 }]),
      100_000,
      'little does not look like much',
    )
    assert.equal(mostBytes([]), 100_000)
    assert.match(barText(most), /logarithmic .* empty at 1\.00 kB, full at 1\.20 GB/)
  })
  it('say the share that went out, cut so that 100 % means all', () => {
    assert.equal(outShareText(1), '100 %')
    assert.equal(outShareText(0.99999), '99.9 %')
    assert.equal(outShareText(0.99), '99.5 %')
    assert.equal(outShareText(0.8), '90.0 %')
    assert.equal(outShareText(0), '50.0 %')
    assert.equal(outShareText(-1), '0.0 %')
  })
})

describe('page: times', () => {
  const nowMs = Date.UTC(2026, 10, 24, 12, 0, 0)
  const ago = (seconds: number): string =>
    (BigInt(nowMs) * 1_000_000n - BigInt(seconds) * 1_000_000_000n).toString()
  it('say an age in its largest unit', () => {
    assert.equal(ageText(ago(0), nowMs), 'now')
    assert.equal(ageText(ago(59), nowMs), '59 s')
    assert.equal(ageText(ago(60), nowMs), '1 min')
    assert.equal(ageText(ago(7199), nowMs), '1 h')
    assert.equal(ageText(ago(86400 * 3), nowMs), '3 d')
  })
  it('say an age in words', () => {
    assert.equal(agoText(ago(0), nowMs), 'just now')
    assert.equal(agoText(ago(60), nowMs), '1 min ago')
  })
  it('say now of a clock that runs ahead', () => assert.equal(ageText(ago(-90), nowMs), 'now'))
  it('show the date of another day only', () => {
    assert.equal(clockText(ago(61), nowMs, 'UTC'), '11:58:59')
    assert.equal(clockText(ago(86400), nowMs, 'UTC'), '23 Nov 2026, 12:00:00')
  })
  it('put the date below the ticks of a chart that is not of today', () => {
    const noon = nowMs / 1000
    assert.deepEqual(tickTexts([noon, noon + 60], nowMs, 'UTC'), ['12:00:00', '12:01:00'])
    const midnight = noon - 12 * 3600
    assert.deepEqual(tickTexts([midnight - 60, midnight - 30, midnight], nowMs, 'UTC'), [
      '23:59:00\n23 Nov 2026',
      '23:59:30',
      '00:00:00\n24 Nov 2026',
    ])
  })
  it('keep every nanosecond', () => {
    assert.equal(isoText('1764000000123456789'), '2025-11-24T16:00:00.123456789Z')
    assert.equal(isoText('1'), '1970-01-01T00:00:00.000000001Z')
  })
  it('are cut to milliseconds, never rounded up', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 62n }), (ns) => {
        assert.equal(BigInt(msOf(ns.toString())), ns / 1_000_000n)
      }),
    )
  })
  it('say a duration in its two largest units', () => {
    assert.equal(durationText(0), '0 s')
    assert.equal(durationText(0.42), '0.4 s')
    assert.equal(durationText(12), '12 s')
    assert.equal(durationText(185), '3 min 5 s')
    assert.equal(durationText(86400), '1 d')
    assert.equal(durationText(86400 + 3700), '1 d 1 h')
  })
})

describe('page: values of reasons', () => {
  it('are written in their unit', () => {
    assert.equal(valueText(1_048_576, 'B'), '1.05 MB')
    assert.equal(valueText(30, 's'), '30 s')
    assert.equal(valueText(0.9998, 'ratio'), '99.9 % out')
    assert.equal(valueText(0.8, 'ratio'), '90.0 % out')
    assert.equal(valueText(1, 'flows'), '1 flow')
    assert.equal(valueText(5, 'flows'), '5 flows')
    assert.equal(valueText(2.345, ''), '2.35')
  })
  it('carry the sign of their points', () => {
    assert.equal(pointsText(25), '+25')
    assert.equal(pointsText(-15), '−15')
    assert.equal(pointsText(7.46), '+7.5')
    assert.equal(pointsText(0), '0')
    assert.equal(pointsText(-0.01), '0')
  })
  it('say rates with a digit more when they are small', () => {
    assert.equal(rateText(0), '0/s')
    assert.equal(rateText(0.44), '0.4/s')
    assert.equal(rateText(1204.4), '1,204/s')
  })
})

describe('page: foreign text', () => {
  it('cannot turn the direction of what follows', () => {
    assert.equal(visible('invoice\u202Efdp.exe'), 'invoice\\u{202E}fdp.exe')
    assert.equal(visible('\u2066a\u2069'), '\\u{2066}a\\u{2069}')
  })
  it('cannot hide or break a line', () => {
    assert.equal(visible('\u200B\uFEFF'), '\\u{200B}\\u{FEFF}')
    assert.equal(visible('a\nb\0'), 'a\\u{A}b\\u{0}')
    assert.equal(visible('\uD800'), '\\u{D800}')
  })
  it('is otherwise left alone', () => {
    for (const text of ['<img src=x onerror=alert(1)>', 'Größe – 大小 📦', 'a b'])
      assert.equal(visible(text), text)
  })
  it('has nothing invisible left, whatever it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.doesNotMatch(visible(text), /[\p{Cc}\p{Cf}\p{Cs}]/u)
        assert.equal(visible(visible(text)), visible(text))
      }),
    )
  })
  it('is cut in its middle, keeping both ends', () => {
    const path = `/${'deep/'.repeat(800)}program`
    const cut = middle(path, 40)
    assert.equal(Array.from(cut).length, 40)
    assert.ok(cut.startsWith('/deep/') && cut.endsWith('/program'), cut)
    assert.equal(middle('/usr/bin/curl', 40), '/usr/bin/curl')
  })
  it('is never longer than asked and never a broken character', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.integer({ min: 1, max: 60 }),
        (text, lengthMax) => {
          const cut = middle(text, lengthMax)
          assert.ok(Array.from(cut).length <= lengthMax)
          assert.ok(cut.isWellFormed())
        },
      ),
    )
  })
})

describe('page: arguments', () => {
  const told = { texts: ['curl'], count: 1, leftOutBytes: 0, atLeast: false, missed: false }
  it('are words of a shell', () => {
    assert.equal(argumentsText(told), 'curl')
    const texts = ['curl', '-u', 'ana:se cret', '', "it's", '$(id)', 'https://example.org/a']
    assert.equal(
      argumentsText({ ...told, texts, count: 7 }),
      `curl -u 'ana:se cret' '' 'it'\\''s' '$(id)' https://example.org/a`,
    )
  })
  it('say what is not there', () => {
    const cut = { ...told, count: 5_000, leftOutBytes: 12_345 }
    assert.equal(argumentsText(cut), 'curl (cut: 5,000 arguments, 12,345 B left out)')
    assert.match(argumentsText({ ...cut, atLeast: true }), /more than 12,345 B left out/)
    assert.match(argumentsText({ ...told, texts: [], count: 0, missed: true }), /^not read/)
    assert.equal(argumentsText({ ...told, texts: [], count: 0 }), '')
  })
})

describe('page: names', () => {
  it('put IPv6 in brackets before a port', () => {
    assert.equal(endpointText('2001:db8::1', 443), '[2001:db8::1]:443')
    assert.equal(endpointText('192.0.2.1', 443), '192.0.2.1:443')
    assert.equal(endpointText('192.0.2.1', 0), '192.0.2.1')
    assert.equal(portText(443), '443')
    assert.doesNotMatch(portText(0), /0/)
  })
  it('say a user by name, number, or not at all', () => {
    assert.equal(userText('ada', 1000), 'ada')
    assert.equal(userText('', 1000), 'uid 1000')
    assert.equal(userText('', 0xffff_ffff), 'unknown user')
  })
  it('keep a signer class that this page does not know', () => {
    assert.equal(signerText('app_store'), 'App Store')
    assert.equal(signerText('something_new'), 'something_new')
  })
  it('take the last part of a path', () => {
    assert.equal(fileName('/usr/bin/curl'), 'curl')
    assert.equal(fileName('curl'), 'curl')
    assert.equal(fileName('/usr/bin/'), '/usr/bin/')
  })
})
