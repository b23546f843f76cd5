// The built page, read once at the start: afterwards no request's path touches the file system.
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { embedded, PLACE } from '../../place.ts'

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
}
const FILES_BYTES_MAX = 16 * 1024 * 1024

export type PageFile = { body: Buffer; type: string; cacheControl: string }

/** URL path to file. '/' is index.html. Empty when the page was not built. */
export type PageFiles = ReadonlyMap<string, PageFile>

/** In the executable, the names of the page's files begin so. */
const EMBEDDED = 'web/'

/** Reads the page that the set-up built beside this module, or the executable's own. Throws when it is larger than any page is. */
export function readPageFiles(folder?: string): PageFiles {
  const { paths, read } =
    folder === undefined && PLACE.isExecutable ? embeddedPage() : pageIn(folder ?? PLACE.page)
  const files = new Map<string, PageFile>()
  let bytes = 0
  for (const path of paths) {
    const body = read(path)
    bytes += body.length
    if (bytes > FILES_BYTES_MAX)
      throw new Error(`the page in ${folder ?? PLACE.page} is larger than ${FILES_BYTES_MAX} bytes`)
    const file: PageFile = {
      body,
      type: TYPES[extname(path)] ?? 'application/octet-stream',
      // The names of assets carry a hash of what is in them; the others keep their names.
      cacheControl: path.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    }
    files.set(`/${path}`, file)
    if (path === 'index.html') files.set('/', file)
  }
  return files
}

type Page = { paths: string[]; read: (path: string) => Buffer }

const embeddedPage = (): Page => ({
  paths: embedded.names(EMBEDDED).map((name) => name.slice(EMBEDDED.length)),
  read: (path) => Buffer.from(embedded.bytes(`${EMBEDDED}${path}`)),
})

const pageIn = (folder: string): Page => ({
  paths: listFiles(folder, ''),
  read: (path) => readFileSync(join(folder, path)),
})

function listFiles(folder: string, under: string): string[] {
  try {
    return readdirSync(join(folder, under), { withFileTypes: true }).flatMap((entry) => {
      const path = under === '' ? entry.name : `${under}/${entry.name}`
      if (entry.isDirectory()) return listFiles(folder, path)
      return entry.isFile() ? [path] : []
    })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
