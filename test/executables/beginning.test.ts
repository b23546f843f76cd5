// Whom freshet-sense runs for, and with what in its environment.
import assert from 'node:assert/strict'
import { unwantedOf, whyNotFor } from '../../src/cli/sense-beginning.ts'

describe('freshet-sense begins', () => {
  it('for root', () => assert.equal(whyNotFor(0, 0), undefined))

  it('for nobody else, with who that is and what to do', () => {
    assert.match(
      whyNotFor(1000, 1000) ?? '',
      /^freshet-sense watches a machine as root, and this is uid 1000: run it with sudo\. The program/,
    )
  })

  it('not with rights that its file gives to whoever runs it', () => {
    assert.match(whyNotFor(1000, 0) ?? '', /this is uid 1000 with the rights of uid 0/)
    assert.match(whyNotFor(0, 1000) ?? '', /this is uid 0 with the rights of uid 1000/)
    assert.match(whyNotFor(undefined, undefined) ?? '', /watches a machine as root/)
  })

  it('with what a shell, sudo and systemd set', () => {
    const usual = {
      ...{
        PATH: '/bin',
        HOME: '/root',
        LANG: 'C',
        LC_ALL: 'C',
        TZ: 'UTC',
        TERM: 'xterm',
        SHLVL: '1',
      },
      ...{ SUDO_UID: '1000', SUDO_COMMAND: 'x', INVOCATION_ID: 'x', JOURNAL_STREAM: '1:2', _: 'x' },
    }
    assert.deepEqual(unwantedOf(usual), [])
    assert.deepEqual(unwantedOf({}), [])
  })

  for (const name of [
    ...['NODE_OPTIONS', 'NODE_V8_COVERAGE', 'NODE_COMPILE_CACHE', 'NODE_CHANNEL_FD', 'NODE_PATH'],
    ...['OPENSSL_CONF', 'OPENSSL_MODULES', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'SSLKEYLOGFILE'],
    ...['LD_PRELOAD', 'LD_LIBRARY_PATH', 'LD_AUDIT', 'DYLD_INSERT_LIBRARIES', 'GLIBC_TUNABLES'],
    ...['UV_THREADPOOL_SIZE', 'FRESHET_STATE', 'GCONV_PATH', 'LOCPATH', 'path', 'HOMEX', 'XLC_ALL'],
  ])
    it(`anew without ${name}`, () =>
      assert.deepEqual(unwantedOf({ PATH: '/bin', [name]: '', HOME: '/' }), [name]))
})
