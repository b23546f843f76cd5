// Which libraries an SDK's stubs give through others. A linker takes a symbol from whichever library it is named through
// (Foundation has CoreFoundation's, Network libnetwork's), and names in the product the one or the other: which, depends on
// the SDK and on the linker.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** libbsm of /usr/lib/libbsm.0.dylib, Foundation of a framework's path. */
export const libraryName = (path: string): string =>
  path.slice(path.lastIndexOf('/') + 1).replace(/(\.[A-Z0-9]+)?\.dylib$/, '')

/** The names that `name` re-exports, itself or through what it re-exports; none where the SDK has no stub of it. */
export type Reexports = (name: string) => ReadonlySet<string>

/** Of the SDK that lies at `path`. Each stub is read once. */
export function sdkReexports(path: string): Reexports {
  const known = new Map<string, ReadonlySet<string>>()
  return (name) => {
    const found = known.get(name) ?? allOf(path, stubOf(name))
    known.set(name, found)
    return found
  }
}

/** Where the SDK has a library that is known by its name alone, below the SDK and without the ending. */
const stubOf = (name: string): string =>
  name.startsWith('lib') ? `usr/lib/${name}` : `System/Library/Frameworks/${name}.framework/${name}`

function allOf(sdk: string, stub: string): ReadonlySet<string> {
  const names = new Set<string>()
  const read = new Set<string>()
  const waiting = [stub]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (read.has(next)) continue
    read.add(next)
    for (const path of reexportedBy(textOf(join(sdk, `${next}.tbd`)))) {
      names.add(libraryName(path))
      waiting.push(path.replace(/^\//, '').replace(/\.dylib$/, ''))
    }
  }
  return names
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // Private libraries have no stub in an SDK; what they give lies within their umbrella's.
    return ''
  }
}

/**
 * The install names that a stub says it re-exports: text-based stubs of version 4 ("reexported-libraries", a document for
 * the library and one for each that lies within it) or of version 5, which is JSON.
 */
export function reexportedBy(text: string): string[] {
  if (text.startsWith('{')) {
    const { main_library: main, libraries = [] } = JSON.parse(text) as {
      main_library?: Json
      libraries?: Json[]
    }
    return [...(main ? [main] : []), ...libraries].flatMap(({ reexported_libraries: sets = [] }) =>
      sets.flatMap(({ names = [] }) => names),
    )
  }
  // A key at the margin, and the indented lines below it.
  const sections = text.matchAll(/^reexported-libraries:\n((?:[ \t].*\n?)*)/gm)
  return [...sections].flatMap(([, section = '']) =>
    [...section.matchAll(/libraries:\s*\[([^\]]*)\]/g)].flatMap(([, list = '']) =>
      list
        .split(',')
        .map((item) => item.trim().replaceAll(/^'|'$/g, ''))
        .filter((item) => item !== ''),
    ),
  )
}
type Json = { reexported_libraries?: { names?: string[] }[] }
