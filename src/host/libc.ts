// The system's C library through koffi: the only file that loads it. Linux (glibc, musl) and macOS.
import koffi from 'koffi'

/** An entry of the user database. */
export type PasswordEntry = { name: string; uid: number; gid: number }

const ERANGE = 34
const ENTRY_BYTES_FIRST = 1024
/** An entry with more than this is taken for none. */
const ENTRY_BYTES_MAX = 1024 * 1024
const VALUE_BYTES_MAX = 1024
const UUID_BYTES = 16

const isMac = process.platform === 'darwin'
// The program itself: the C library is loaded with it on both systems.
const library = koffi.load(null)

/** struct passwd as <pwd.h> has it, up to the fields read here; the rest only takes space. */
const Passwd = koffi.struct('freshet_passwd', {
  pw_name: 'const char *',
  pw_passwd: 'void *',
  pw_uid: 'uint32_t',
  pw_gid: 'uint32_t',
  // macOS: pw_change, pw_class, pw_gecos, pw_dir, pw_shell, pw_expire. Linux: pw_gecos, pw_dir, pw_shell.
  rest: koffi.array('uint64_t', isMac ? 6 : 3),
})

type LookUp<Key> = (
  key: Key,
  entry: Buffer,
  text: Buffer,
  textBytes: number,
  result: unknown[],
) => number

const getpwuid_r: LookUp<number> = library.func(
  'int getpwuid_r(uint32_t uid, void *entry, void *text, size_t text_bytes, _Out_ void **result)',
)
const getpwnam_r: LookUp<string> = library.func(
  'int getpwnam_r(const char *name, void *entry, void *text, size_t text_bytes, _Out_ void **result)',
)

/** getpwuid_r(3). undefined when there is no such user, or the database does not answer. */
export function passwordEntryOfUid(uid: number): PasswordEntry | undefined {
  return lookUp((entry, text, result) => getpwuid_r(uid, entry, text, text.length, result))
}

/** getpwnam_r(3). undefined as above. */
export function passwordEntryOfName(name: string): PasswordEntry | undefined {
  return lookUp((entry, text, result) => getpwnam_r(name, entry, text, text.length, result))
}

function lookUp(
  call: (entry: Buffer, text: Buffer, result: unknown[]) => number,
): PasswordEntry | undefined {
  const entry = Buffer.alloc(koffi.sizeof(Passwd))
  for (let size = ENTRY_BYTES_FIRST; size <= ENTRY_BYTES_MAX; size *= 4) {
    const text = Buffer.alloc(size)
    const result: unknown[] = [null]
    const error = call(entry, text, result)
    if (error === ERANGE) continue
    if (error !== 0 || !result[0]) return undefined
    const found: { pw_name: string; pw_uid: number; pw_gid: number } = koffi.decode(
      result[0],
      Passwd,
    )
    return { name: found.pw_name, uid: found.pw_uid, gid: found.pw_gid }
  }
  return undefined
}

/** sysctlbyname(3), a text value. undefined on Linux and where there is none. */
export function systemControl(name: string): string | undefined {
  if (!isMac) return undefined
  const sysctlbyname = library.func(
    'int sysctlbyname(const char *name, void *value, _Inout_ size_t *bytes, void *changed, size_t changed_bytes)',
  )
  const value = Buffer.alloc(VALUE_BYTES_MAX)
  const bytes = [value.length]
  if (sysctlbyname(name, value, bytes, null, 0) !== 0) return undefined
  return value.toString('utf8', 0, bytes[0]).replace(/\0+$/, '')
}

/** gethostuuid(2), 32 hex digits: of the hardware, so another on a cloned disk. undefined on Linux. */
export function hostUuid(): string | undefined {
  if (!isMac) return undefined
  const gethostuuid = library.func('int gethostuuid(void *id, const void *wait)')
  const id = Buffer.alloc(UUID_BYTES)
  // struct timespec, 64 bits each: {1 s, 0 ns}.
  const wait = Buffer.alloc(16)
  wait.writeBigInt64LE(1n)
  return gethostuuid(id, wait) === 0 ? id.toString('hex') : undefined
}
