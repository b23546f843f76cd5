// Programs that act for others: what they send says nothing of them and much of who runs them.
import { ACTING_PROGRAMS, ACTING_SIGNING_IDS } from './acting-programs.ts'

const NAMES: ReadonlySet<string> = new Set(ACTING_PROGRAMS.map(({ name }) => name))

/**
 * Ends of a file name that say which version, variant or machine it is of, one at a time: nc.openbsd, ksh93,
 * python3.11-dbg, perl5.36-x86_64-linux-gnu, php8.2-cgi, vim.basic.
 */
const ENDS = [
  /-[a-z0-9_]+-(linux|kfreebsd|gnu)(-?[a-z0-9]+)*$/,
  /[-.](openbsd|traditional|basic|tiny|nox|gtk3?|dbg|debug|cgi|fpm|cli|gui|lucid|preview|static|real|bin)$/,
  /-?[0-9]+(\.[0-9]+)*[a-z]{0,2}$/,
]

/**
 * ld.so(8), musl's and the emulators of qemu-user, by the names that the ABI supplements and distributions give them, and
 * by that of a version (ld-2.31.so).
 */
const LOADER =
  /^(ld(64)?\.so|ld-linux|ld-musl|ld-[0-9]+\.[0-9]|libc\.(so$|musl-)|dyld$|qemu-(i386|x86_64|arm|aarch64|riscv|ppc|s390x|mips))/

/** File name of an absolute path. */
export const fileName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** Whether the program at this path is called like a dynamic loader, which can be given a program to run. */
export const isLoaderName = (path: string): boolean => LOADER.test(fileName(path))

/** A name of the list, under a version or not. */
function isListed(name: string): boolean {
  let rest = name
  for (;;) {
    if (NAMES.has(rest)) return true
    const shorter: string =
      ENDS.map((end) => rest.replace(end, '')).find((cut) => cut !== rest) ?? ''
    if (shorter === '') return false
    rest = shorter
  }
}

const answers = new Map<string, boolean>()
const ANSWERS_MAX = 4_096

/** Whether the program at this path is one that others use to send. By its file name alone. */
export function actsByName(path: string): boolean {
  const known = answers.get(path)
  if (known !== undefined) return known
  // A Mac's Python is called Python.
  const answer = isListed(fileName(path).toLowerCase()) || isLoaderName(path)
  if (answers.size >= ANSWERS_MAX) answers.clear()
  answers.set(path, answer)
  return answer
}

/**
 * Whether what is signed so (macOS) is: Apple names most of its own `com.apple.` and their name, makers of interpreters
 * theirs by the name alone (`node`, `deno`, `bun`), as codesign(1) does that signs ad hoc (`perl5.34-55554944…`).
 */
export const actsBySigningId = (signingId: string): boolean =>
  ACTING_SIGNING_IDS.has(signingId) ||
  (signingId.startsWith('com.apple.')
    ? actsByName(signingId.slice('com.apple.'.length))
    : !/\.[A-Za-z]/.test(signingId) && actsByName(signingId.replace(SIGNED_AD_HOC, '')))

/** What it puts behind the file's name: "UUID" and the UUID of the image, in hexadecimal. */
const SIGNED_AD_HOC = /-55554944[0-9a-f]{32}$/
