// What is wrong with an executable or a native module for macOS, which nothing here can run.
import assert from 'node:assert/strict'
import { executableFaults, macModules, moduleFaults } from '../../scripts/executables/mac.ts'
import { readMachO } from '../../scripts/mac/mach-o.ts'
import { image, universal, X86_64 } from '../project/mach-o-image.ts'

const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'
const segments = ['__TEXT', 'NODE_SEA', '__LINKEDIT']
const EXECUTABLE = 2

/** One half of an executable, as far as it is looked at. */
const half = (change: Parameters<typeof image>[0] = {}, fuse = '1'): Buffer =>
  Buffer.concat([image({ type: EXECUTABLE, segments, ...change }), Buffer.from(`${FUSE}:${fuse}`)])
const both = (change: Parameters<typeof image>[0] = {}, fuse = '1'): string[] =>
  executableFaults(universal(half(), half({ cpu: X86_64, ...change }, fuse)))

describe('an executable for macOS', () => {
  it('is well with both processors, a program within, the minimum system and no signature', () => {
    assert.deepEqual(both(), [])
  })

  it('is none with one processor', () => {
    assert.deepEqual(executableFaults(half()), ['holds arm64'])
    assert.deepEqual(executableFaults(universal(half(), half())), ['holds arm64 and arm64'])
  })

  it('is none where a half lacks its program, or does not know of it', () => {
    assert.deepEqual(both({ segments: ['__TEXT', '__LINKEDIT'] }), [
      'x86_64: has no segment NODE_SEA',
    ])
    assert.deepEqual(both({}, '0'), [`1 of 2 know that there is a program within (${FUSE})`])
  })

  it('is none where its end is not what can be signed, where it is signed, or is no program', () => {
    assert.deepEqual(both({ segments: ['__TEXT', '__LINKEDIT', 'NODE_SEA'] }), [
      'x86_64: ends with NODE_SEA',
    ])
    assert.deepEqual(both({ isSigned: true }), [
      'x86_64: has a signature, which a build leaves out',
    ])
    assert.deepEqual(both({ type: 8 }), ['x86_64: is of the type bundle'])
  })

  it('is none for another system than the rest', () => {
    assert.deepEqual(both({ minimum: 0x000e0000 }), [
      'x86_64: minimum system 14.0 in place of 13.5',
    ])
  })
})

describe('a native module for macOS', () => {
  it('is well for both processors, as a bundle or a library', () => {
    const of = (type: number) => readMachO(universal(image({ type }), image({ type, cpu: X86_64 })))
    assert.deepEqual(moduleFaults(of(8)), [])
    assert.deepEqual(moduleFaults(of(6)), [])
    assert.deepEqual(moduleFaults(of(EXECUTABLE)), [
      'arm64: is of the type executable, which no program loads',
      'x86_64: is of the type executable, which no program loads',
    ])
    assert.deepEqual(moduleFaults(readMachO(image())), ['holds arm64'])
  })

  it('is missed with how it is built', () => {
    assert.throws(
      () => macModules('/none', '/nowhere', '/nowhere'),
      /\/nowhere\/freshet\.node is not there: build it with npm run build:mac/,
    )
  })
})
