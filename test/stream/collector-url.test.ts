import assert from 'node:assert/strict'
import { collectorUrl } from '../../src/stream/collector-url.ts'

describe("a collector's address", () => {
  const taken: [string, string][] = [
    ['wss://collector.example.org', 'wss://collector.example.org/v1/stream'],
    ['https://collector.example.org:8443/', 'wss://collector.example.org:8443/v1/stream'],
    ['wss://example.org/freshet', 'wss://example.org/freshet'],
    ['http://127.0.0.1:8470', 'ws://127.0.0.1:8470/v1/stream'],
    ['ws://127.9.9.9:1/', 'ws://127.9.9.9:1/v1/stream'],
    ['ws://[::1]:8470', 'ws://[::1]:8470/v1/stream'],
    ['ws://localhost:8470', 'ws://localhost:8470/v1/stream'],
  ]
  for (const [written, meant] of taken)
    it(`${written} is ${meant}`, () => assert.equal(collectorUrl(written).href, meant))

  const refused: [string, RegExp][] = [
    ['collector', /is no URL/],
    ['ftp://example.org', /begins with wss/],
    ['ws://example.org', /in the clear: use wss/],
    ['http://10.0.0.1', /in the clear/],
    ['ws://127.0.0.1.example.org', /in the clear/],
    ['ws://[::2]', /in the clear/],
    ['wss://user:secret@example.org', /more than host, port and path: example\.org$/],
    ['wss://example.org/?token=x', /more than host/],
  ]
  for (const [written, why] of refused)
    it(`${written} is refused`, () => assert.throws(() => collectorUrl(written), why))
})
