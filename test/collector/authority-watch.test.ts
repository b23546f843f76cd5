// What a collector does about an authority that a command has replaced, second by second.
import assert from 'node:assert/strict'
import { createAuthorityWatch } from '../../src/collector/machines/authority-watch.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('an authority that a command has replaced', () => {
  it('is followed once the disk has room, where it had none, and that is said once', async () => {
    let isOther = true
    let isFull = true
    let [renewed, told] = [0, 0]
    const log: string[] = []
    const watch = createAuthorityWatch({
      authority: {
        look() {
          const was = isOther
          isOther = false
          return was
        },
        isOutOfTime: () => false,
        ...{ trusted: ['a', 'b'], pin: 'the new one' },
      } as never,
      certificate: {
        async again() {
          if (isFull) throw new Error('tls/server.pem cannot be written: ENOSPC')
          return { cert: 'c', key: 'k' }
        },
        isOutOfTime: () => false,
      } as never,
      span: () => ({ fromMs: 0, toMs: 0 }),
      gateway: {
        tellAuthorities: async () => void told++,
        endUnvouched: async () => 0,
      },
      log: (text) => log.push(text),
      renew: () => renewed++,
    })
    for (let looks = 0; looks < 5; looks++) {
      watch.look()
      await turn()
    }
    assert.deepEqual([renewed, told, log.length], [0, 0, 1], log.join('\n'))
    assert.match(log.join(), /is not taken up, and tried again each second: .*ENOSPC/)
    isFull = false
    for (let looks = 0; looks < 5; looks++) {
      watch.look()
      await turn()
    }
    assert.deepEqual([renewed, told], [1, 1])
    assert.match(
      log.slice(1).join('\n'),
      /^the collector's new authority is taken up\n.*the pin the new one/,
    )
  })
})
