import assert from 'node:assert/strict'
import { collectorUrl } from '../../src/stream/collector-url.ts'

describe("a collector's address", () => {
  const taken: [string, string][] = [
    ['wss://collector.example.org', 'wss://collector.example.org/v1/stream'],
    ['https://collector.example.org:8443/', 'wss://collector.example.org:8443/v1/stream'],
    ['wss://example.org/freshet', 'wss://example.org/freshet'],
    ['https://[::1]:8470', 'wss://[::1]:8470/v1/stream'],
  ]
  for (const [written, meant] of taken)
    it(`${written} is ${meant}`, () => assert.equal(collectorUrl(written).href, meant))

  const refused: [string, RegExp][] = [
    ['collector', /is no URL/],
    ['ftp://example.org', /is neither/],
    ['ws://example.org', /has an address with https:.*is neither/],
    ['http://127.0.0.1:8470', /named by its state directory: http:.*is neither/],
    ['wss://user:secret@example.org', /more than host, port and path: example\.org$/],
    ['wss://example.org/?token=x', /more than host/],
  ]
  for (const [written, why] of refused)
    it(`${written} is refused`, () => assert.throws(() => collectorUrl(written), why))
})
