// Which file an interpreter was given to run. The cases are those of the sensor's own rules, read from their test, so
// that the two cannot drift apart.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { ACTING_PROGRAMS } from '../../src/engine/process/acting-programs.ts'
import { INTERPRETERS } from '../../src/importers/interpreters.gen.ts'
import {
  ARGUMENTS_MAX,
  absolutePath,
  isOwnDescriptor,
  nameScript,
  scriptOf,
} from '../../src/importers/script-rules.ts'
import { Script } from '../../src/records/record.gen.ts'

const NATIVE = readFileSync(
  new URL('../../native/test/script_rules_test.cc', import.meta.url),
  'utf8',
)

/** The strings of a table or call of the native test. */
const stringsOf = (text: string): string[] =>
  [...text.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, inner]) => JSON.parse(`"${inner}"`) as string)

function between(begin: string, end: string): string {
  const from = NATIVE.indexOf(begin)
  assert.ok(from >= 0, begin)
  return NATIVE.slice(from + begin.length, NATIVE.indexOf(end, from))
}

const ANSWERS = new Map<number, string>([
  [Script.none, '[none]'],
  [Script.inline, '[inline]'],
  [Script.module, '[module]'],
  [Script.standardInput, '[input]'],
  [Script.claimed, '[not told]'],
])
const answer = (program: string, line: string, isCut = false): string => {
  const { from, path, hasOtherCode } = nameScript(program, line.split(' '), isCut)
  const beside = hasOtherCode === true ? ' with other code' : ''
  return from === Script.argument ? `${path}${beside}` : (ANSWERS.get(from) ?? `[${from}]`)
}

describe('Rules of scripts', () => {
  it("answer what the sensor's answer", () => {
    const strings = stringsOf(
      between('constexpr Case kCases[] = {', '\n};').replace(/\}, *\/\/.*/g, '},'),
    )
    assert.equal(strings.length % 3, 0)
    assert.ok(strings.length > 3 * 60)
    for (let at = 0; at < strings.length; at += 3) {
      const [program = '', line = '', wants] = strings.slice(at, at + 3)
      assert.equal(answer(program, line), wants, `${program}: ${line}`)
    }
  })

  it('are there for each program that runs texts for others', () => {
    const ruled = new Set(INTERPRETERS.flatMap(({ names }) => names))
    // Many in one: which is said by its first argument.
    for (const name of ['busybox', 'toybox']) {
      ruled.add(name)
      assert.equal(answer(name, `${name} sh x.sh`), 'x.sh')
    }
    const unruled = ACTING_PROGRAMS.filter(
      ({ name, kind }) => (kind === 'interpreter' || kind === 'shell') && !ruled.has(name),
    )
    assert.deepEqual(
      unruled.map(({ name }) => name),
      [],
    )
  })

  it('guess nothing from what is cut', () => {
    const cases = [
      ...between('GuessesNothingFromWhatIsCut', '// Where nothing').matchAll(
        /cut(?:_gawk)?\(".*?;/g,
      ),
    ]
    assert.ok(cases.length >= 6)
    for (const [one] of cases) {
      const [line = '', wants] = stringsOf(one)
      assert.equal(answer(line.startsWith('gawk') ? 'gawk' : 'python3', line, true), wants, line)
    }
    const many = ['python3', ...Array.from({ length: ARGUMENTS_MAX - 1 }, () => '-u')]
    assert.equal(nameScript('python3', many).from, Script.standardInput)
    assert.equal(nameScript('python3', [...many, 'evil.py']).from, Script.claimed)
    assert.equal(nameScript('python3', []).from, Script.none)
  })

  it('know names that are no files', () => {
    const [yes = '', no = ''] = between('KnowsNamesThatAreNoFiles', 'CHECK(IsStandardInput')
      .split('for (')
      .slice(1)
    for (const path of stringsOf(yes)) assert.equal(isOwnDescriptor(path), true, path)
    for (const path of stringsOf(no)) assert.equal(isOwnDescriptor(path), false, path)
    assert.ok(stringsOf(yes).length >= 7 && stringsOf(no).length >= 9)
  })

  it('make paths absolute', () => {
    assert.equal(absolutePath('/home/u', 'x.py'), '/home/u/x.py')
    assert.equal(absolutePath('/home/u/', './a/../x.py'), '/home/u/x.py')
    assert.equal(absolutePath('/home/u', '../../../x'), '/x')
    assert.equal(absolutePath('/home/u', '/opt//a/./x'), '/opt/a/x')
    assert.equal(absolutePath('', 'x'), '')
    assert.equal(absolutePath('home', 'x'), '')
    assert.equal(absolutePath('/', '..'), '/')
    const python = (folder: string): object => scriptOf('python3', ['python3', 'x.py'], folder)
    const noOther = { hasOtherCode: false }
    assert.deepEqual(python('/a'), { path: '/a/x.py', from: Script.argument, ...noOther })
    assert.deepEqual(python(''), { path: '', from: Script.claimed, ...noOther })
  })
})
