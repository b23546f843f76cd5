// The set-up's traps, each tried as a machine would set it.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import {
  beginningText,
  childEnvironment,
  handOver,
  missingTools,
  tooOld,
} from '../../scripts/setup.mjs'
import { leaveOut, whyNotRoot } from '../left-out.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const setup = join(root, 'scripts/setup.mjs')

describe('set-up', () => {
  it('does nothing, and says nothing, when all is made', () => {
    // The processor's time: the wall's is that of whatever else runs.
    const told = `import{writeSync}from'node:fs';process.on('exit',()=>{const{user,system}=process.cpuUsage();writeSync(3,String((user+system)/1000))})`
    const { status, output } = spawnSync(
      process.execPath,
      ['--import', `data:text/javascript,${encodeURIComponent(told)}`, setup],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe', 'pipe'] },
    )
    const [, stdout, stderr, tookMs] = output
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' })
    assert.ok(Number(tookMs) > 0 && Number(tookMs) < 1500, `${tookMs} ms: it looks at too much`)
  })

  it('says before the build of minutes that it is one, and of what', () => {
    assert.match(beginningText('addon'), /^building the addon: its C\+\+ is compiled.*some minutes/)
    assert.equal(beginningText('page'), 'building the page ...')
    assert.equal(beginningText('packages'), 'installing packages ...')
  })

  it('refuses a node that is too old with one sentence, and takes the oldest that is not', () => {
    for (const version of ['18.20.8', '20.18.9', '19.0.0'])
      assert.match(tooOld(version) ?? '', /is too old: set-up needs 20\.19 or later/, version)
    for (const version of ['20.19.0', '22.0.0', '26.10.0']) assert.equal(tooOld(version), undefined)
    const pretend =
      "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'18.1.0'}})"
    const made = spawnSync(process.execPath, ['--import', pretend, setup], { encoding: 'utf8' })
    assert.equal(made.status, 1)
    assert.equal(made.stderr.trim().split('\n').length, 1)
    assert.match(made.stderr, /^freshet: set-up: node 18\.1\.0 is too old/)
  })

  it('names each missing tool and how to get it', () => {
    const sentence = missingTools({
      cc: '/nowhere/cc',
      node: process.execPath,
      make: '/nowhere/make',
    })
    assert.match(
      sentence ?? '',
      /^\/nowhere\/cc, \/nowhere\/make not found: .*(apt-get|xcode-select)/,
    )
    assert.equal(missingTools({ node: process.execPath }), undefined)
  })

  it('says in a sentence whose clone it is that may not be changed, and what to do', function () {
    leaveOut(this, whyNotRoot())
    const clone = mkdtempSync(join(tmpdir(), 'freshet clone '))
    try {
      chmodSync(clone, 0o755)
      mkdirSync(join(clone, 'node_modules/one'), { recursive: true })
      const asks = (uid: number, ...made: string[]) => {
        const call = `console.log((await import('${pathToFileURL(setup)}')).closedClone(${JSON.stringify(made)}, ${JSON.stringify(clone)}) ?? 'open')`
        const asked = spawnSync(process.execPath, ['--input-type=module', '-e', call], {
          encoding: 'utf8',
          uid,
          gid: uid,
        })
        return asked.stdout.trim() || asked.stderr
      }
      const ask = (...made: string[]) => asks(65534, ...made)
      const closed = ask('.', 'node_modules')
      assert.match(
        closed,
        /^\/.* belongs to root, and nobody may not change it: run this as root, or /,
      )
      assert.match(
        closed,
        /`sudo chown -R nobody '.*freshet clone .*'`, or work in a clone of your own$/,
      )
      assert.match(asks(65533, '.'), /root, and 65533 may not change it: .*`sudo chown -R 65533 /)
      assert.match(ask('dist'), /belongs to root/, 'what is not there is made in what is')
      chownSync(clone, 65534, 65534)
      chownSync(join(clone, 'node_modules'), 65534, 65534)
      assert.match(ask('.', 'node_modules'), /node_modules\/one belongs to root/)
      chownSync(join(clone, 'node_modules/one'), 65534, 65534)
      assert.equal(ask('.', 'node_modules', 'dist'), 'open')
    } finally {
      rmSync(clone, { recursive: true })
    }
  })

  it("gives what root made in another's clone to its owner, and follows no link", function () {
    leaveOut(this, whyNotRoot())
    const clone = mkdtempSync(join(tmpdir(), 'freshet-clone-'))
    try {
      const other = join(clone, 'other')
      writeFileSync(other, '')
      mkdirSync(join(clone, 'node_modules/one'), { recursive: true })
      symlinkSync(other, join(clone, 'node_modules/one/link'))
      handOver(clone)
      const owner = (path: string) => lstatSync(join(clone, path)).uid
      assert.equal(owner('node_modules/one'), 0, "root's own clone stays root's")
      chownSync(clone, 65534, 65534)
      handOver(clone)
      assert.deepEqual(
        ['node_modules', 'node_modules/one', 'node_modules/one/link', 'other'].map(owner),
        [65534, 65534, 65534, 0],
      )
    } finally {
      rmSync(clone, { recursive: true })
    }
  })

  it('gives nothing over that lies behind a link out of the clone, and says so', function () {
    leaveOut(this, whyNotRoot())
    const place = mkdtempSync(join(tmpdir(), 'freshet-links-'))
    try {
      const clone = join(place, 'clone')
      const other = join(place, 'other')
      for (const path of ['clone/src/collector/web/dist', 'other/build/Release', 'other/cache'])
        mkdirSync(join(place, path), { recursive: true })
      symlinkSync(other, join(clone, 'native'))
      symlinkSync(join(other, 'cache'), join(clone, '.cache'))
      symlinkSync('nowhere', join(clone, 'node_modules'))
      chownSync(clone, 65534, 65534)
      const script = `(await import('${pathToFileURL(setup).href}')).handOver(${JSON.stringify(clone)})`
      const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
        encoding: 'utf8',
      })
      assert.equal(
        stderr,
        'freshet: native/build leads out of this clone by a link, so it is not given to uid 65534\n',
      )
      const owner = (path: string) => lstatSync(join(place, path)).uid
      for (const path of ['other/build', 'other/build/Release', 'other/cache'])
        assert.equal(owner(path), 0, path)
      for (const path of ['clone/.cache', 'clone/node_modules', 'clone/src/collector/web/dist'])
        assert.equal(owner(path), 65534, path)
    } finally {
      rmSync(place, { recursive: true })
    }
  })

  it('does not let the machine say which headers, packages or node are used', () => {
    const own = join(root, 'node_modules/.bin')
    const env = childEnvironment(
      {
        PATH: `${own}:/usr/bin`,
        NODE_ENV: 'production',
        npm_config_nodedir: '/usr',
        NPM_CONFIG_NODEDIR: '/usr',
        npm_package_config_node_gyp_nodedir: '/usr',
        npm_config_omit: 'optional',
        npm_config_cache: '/kept',
      },
      '../pinned',
    )
    assert.deepEqual(env, {
      PATH: '/usr/bin',
      npm_config_cache: '/kept',
      npm_config_nodedir: '../pinned',
    })
  })

  describe('node-gyp in a folder with spaces, where .npmrc and the environment name other headers', () => {
    let folder: string
    before(() => {
      folder = mkdtempSync(join(realpathSync(tmpdir()), 'freshet set up '))
      mkdirSync(join(folder, 'native'))
      writeFileSync(
        join(folder, 'native/binding.gyp'),
        '{ "targets": [{ "target_name": "a", "type": "none" }] }',
      )
      writeFileSync(join(folder, '.npmrc'), 'nodedir=/nowhere\n')
    })
    after(() => rmSync(folder, { recursive: true, force: true }))

    it('is configured with the pinned headers', () => {
      // This test's own node is the pinned one: its package carries the headers.
      const home = dirname(dirname(realpathSync(process.execPath)))
      const gyp = join(root, 'node_modules/node-gyp/bin/node-gyp.js')
      const made = spawnSync(process.execPath, [gyp, 'configure', '--directory=native'], {
        cwd: folder,
        encoding: 'utf8',
        env: childEnvironment(
          { ...process.env, HOME: folder, npm_config_nodedir: '/nowhere' },
          home,
        ),
      })
      assert.equal(made.status, 0, made.stderr)
      const config = readFileSync(join(folder, 'native/build/config.gypi'), 'utf8')
      assert.equal(/"nodedir": "(.*)"/.exec(config)?.[1], home)
      assert.match(
        readFileSync(join(home, 'include/node/node_version.h'), 'utf8'),
        /MAJOR_VERSION 26/,
      )
    })
  })

  it('is not needed by `npm test` alone: every script that runs code has it in front', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    for (const name of ['start', 'test', 'test:long', 'check', 'bench'])
      assert.equal(scripts[`pre${name}`], 'node scripts/setup.mjs', name)
  })
})
