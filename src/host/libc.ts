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

/**
 * struct passwd of <pwd.h>, 64-bit: char *name, *passwd; uint32 uid, gid; and then what is not read here: on Linux
 * three pointers, on macOS (time_t change, char *class, *gecos, *dir, *shell, time_t expire) six words.
 * native/test/mac/host_asserts.h holds macOS's against Apple's headers.
 */
const PASSWD = { uidAt: 16, gidAt: 20, bytes: isMac ? 72 : 48 } as const

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

/** Calls with more room until the entry fits; how a user's entry is had, whatever it is asked by. */
export function lookUp(
  call: (entry: Buffer, text: Buffer, result: unknown[]) => number,
): PasswordEntry | undefined {
  const entry = Buffer.alloc(PASSWD.bytes)
  for (let size = ENTRY_BYTES_FIRST; size <= ENTRY_BYTES_MAX; size *= 4) {
    const text = Buffer.alloc(size)
    const result: unknown[] = [null]
    const error = call(entry, text, result)
    if (error === ERANGE) continue
    return error === 0 && result[0] ? decodePasswd(entry, text) : undefined
  }
  return undefined
}

/**
 * The struct passwd in `entry`, whose strings lie in `text`; undefined when its name does not. The part that is read
 * is the same on Linux and macOS.
 */
export function decodePasswd(entry: Buffer, text: Buffer): PasswordEntry | undefined {
  const at = Number(entry.readBigUInt64LE() - koffi.address(text))
  const end = at >= 0 && at < text.length ? text.indexOf(0, at) : -1
  if (end < 0) return undefined
  return {
    name: text.toString('utf8', at, end),
    uid: entry.readUInt32LE(PASSWD.uidAt),
    gid: entry.readUInt32LE(PASSWD.gidAt),
  }
}

/** sysctlbyname(3), the value's bytes. undefined on Linux and where there is none. */
export function systemControl(name: string): Buffer | undefined {
  if (!isMac) return undefined
  const sysctlbyname = library.func(
    'int sysctlbyname(const char *name, void *value, _Inout_ size_t *bytes, void *changed, size_t changed_bytes)',
  )
  const value = Buffer.alloc(VALUE_BYTES_MAX)
  const bytes = [value.length]
  if (sysctlbyname(name, value, bytes, null, 0) !== 0) return undefined
  return value.subarray(0, bytes[0])
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

let mallocTrim: ((pad: number) => number) | undefined | null

/** malloc_trim(3): what is free in the C library's heap goes back to the system. Nothing where there is none (musl, macOS). */
export function trimHeap(): void {
  if (mallocTrim === undefined)
    try {
      mallocTrim = library.func('int malloc_trim(size_t pad)') as (pad: number) => number
    } catch {
      mallocTrim = null
    }
  mallocTrim?.(0)
}

/** <sys/socket.h> of Linux: SOL_SOCKET, SO_PEERCRED, and where uid stands in struct ucred {pid, uid, gid}. */
const SOL_SOCKET = 1
const SO_PEERCRED = 17
const UCRED_BYTES = 12
const UCRED_UID_AT = 4

let peerCredentials: ((fd: number) => number | undefined) | undefined

/**
 * The effective uid of who connected the local socket `fd`: SO_PEERCRED (unix(7)), getpeereid(3) on macOS.
 * undefined when the kernel does not say.
 */
export function peerUidOf(fd: number): number | undefined {
  peerCredentials ??= isMac ? macCredentials() : linuxCredentials()
  return peerCredentials(fd)
}

function macCredentials(): (fd: number) => number | undefined {
  const getpeereid = library.func(
    'int getpeereid(int fd, _Out_ uint32_t *uid, _Out_ uint32_t *gid)',
  )
  return (fd) => {
    const uid: unknown[] = [null]
    if (getpeereid(fd, uid, [null]) !== 0) return undefined
    return typeof uid[0] === 'number' ? uid[0] : undefined
  }
}

function linuxCredentials(): (fd: number) => number | undefined {
  const getsockopt = library.func(
    'int getsockopt(int fd, int level, int name, void *value, _Inout_ uint32_t *bytes)',
  )
  return (fd) => {
    const credentials = Buffer.alloc(UCRED_BYTES)
    const bytes = [UCRED_BYTES]
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, credentials, bytes) !== 0) return undefined
    return bytes[0] === UCRED_BYTES ? credentials.readUInt32LE(UCRED_UID_AT) : undefined
  }
}
