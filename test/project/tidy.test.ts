// The rules of scripts/tidy.ts over every file that is, or would be, committed.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tidyFaults } from '../../scripts/tidy.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

describe('every committed file', () => {
  it('is tidy', () => {
    const listed = execFileSync(
      'git',
      [
        '-c',
        `safe.directory=${root.replace(/\/$/, '')}`,
        'ls-files',
        '-z',
        '-co',
        '--exclude-standard',
      ],
      {
        cwd: root,
        encoding: 'utf8',
      },
    )
    const files = listed
      .split('\0')
      .filter((path) => path && statSync(join(root, path), { throwIfNoEntry: false })?.isFile())
    assert.ok(files.length > 30, 'git lists the files')
    assert.deepEqual(
      files.flatMap((path) => tidyFaults(path, readFileSync(join(root, path)))),
      [],
    )
  })
})

describe('an untidy file is named with its line:', () => {
  const refused: [string, string, string, RegExp][] = [
    ['a note to oneself', 'src/a.ts', `\n// ${'TO'}DO later`, /^src\/a\.ts:2: .*issue tracker/],
    ['a path of one machine', 'docs/a.md', `see /work/${'main'}/x`, /^docs\/a\.md:1: /],
    ['the home of root', 'src/a.ts', `'/${'root'}/.cache'`, /path of one machine/],
    ['an SDK of one machine', 'docs/a.md', `--sdk /tmp/${'sdk'}12`, /path of one machine/],
    [
      'a host of packages',
      'scripts/a.sh',
      `npm ci --registry=https://${'registry'}.example/npm`,
      /packages come from/,
    ],
    ['one test alone', 'test/a.test.ts', `it.${'only'}('x', () => {})`, /^test\/a\.test\.ts:1: /],
    ['a test left out', 'test/a.test.ts', `describe.${'skip'}('x', () => {})`, /part of the tests/],
    ['a test left out unsaid', 'test/a.test.ts', `this.${'skip'}()`, /without saying why/],
    [
      'a test with a reason of its own',
      'test/a.test.ts',
      `leave${'Out'}(this, works ? undefined : 'no such thing')`,
      /tools\.ts knows/,
    ],
    ['a test that probes', 'test/a.test.ts', `spawnSync('gcc', ['--${'version'}'])`, /tries it/],
    ['a silenced check', 'src/a.ts', `// @ts-${'ignore'}`, /silences a check/],
    ['a registry', '.npmrc', 'registry=https://packages.example', /one registry/],
    ['a path that breaks', 'src/a.ts', `new URL('..', import.meta.${'url'}).pathname`, /space/],
    ['a long file', 'native/a.cc', '\n'.repeat(400), /401 lines/],
    ['a long suite', 'test/a.test.ts', '\n'.repeat(500), /501 lines/],
    ['a large file', 'docs/a.md', 'x'.repeat(300_000), /300000 B/],
    ['a large picture', 'docs/a.png', 'x'.repeat(3_000_000), /for a picture/],
    ['foreign line ends', 'src/a.ts', 'a\r\n', /carriage return/],
    ['a zero byte', 'src/a.ts', 'a\0', /zero byte/],
  ]
  for (const [what, path, text, fault] of refused)
    it(what, () => assert.match(tidyFaults(path, Buffer.from(text)).join('\n'), fault))

  it('and a tidy one is not', () => {
    for (const reason of ['whyNotRoot()', "whyNotLinux() ?? whyNoTool('blocks')"])
      assert.deepEqual(
        tidyFaults('test/a.test.ts', Buffer.from(`    leaveOut(this, ${reason})`)),
        [],
      )
    for (const text of ['// Only what is needed.\n', "'/home/ann/work/a'", '/usr/lib/root/x'])
      assert.deepEqual(tidyFaults('src/a.ts', Buffer.from(text)), [])
  })
})
