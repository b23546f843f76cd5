// What a Mach-O file says of itself: architecture, minimum system, SDK, libraries. By <mach-o/loader.h> and
// <mach-o/fat.h>; 64-bit little-endian images only, which is all that macOS 13 runs.

export type MachImage = {
  arch: 'arm64' | 'x86_64'
  type: 'executable' | 'bundle' | 'library' | 'object' | 'other'
  /** LC_BUILD_VERSION for macOS; undefined when the image carries none. */
  minimumSystem: string | undefined
  sdk: string | undefined
  /** Paths as they are loaded, in the file's order. */
  libraries: string[]
  /** Names, in the file's order. */
  segments: string[]
  isSigned: boolean
}

export class MachOError extends Error {
  override readonly name = 'MachOError'
}

const MAGIC_64 = 0xfeedfacf
/** Big-endian, whatever the images are. */
const FAT_MAGIC = 0xcafebabe
const HEADER_BYTES = 32
const FAT_ARCH_BYTES = 20
const IMAGES_MAX = 8
const ARCHS: Record<number, MachImage['arch']> = { 16777228: 'arm64', 16777223: 'x86_64' }
const TYPES: Record<number, MachImage['type']> = {
  1: 'object',
  2: 'executable',
  6: 'library',
  8: 'bundle',
}
const LC_LOAD_DYLIB = 0xc
const LC_LOAD_WEAK_DYLIB = 0x80000018
const LC_REEXPORT_DYLIB = 0x8000001f
const LC_SEGMENT_64 = 0x19
const LC_CODE_SIGNATURE = 0x1d
const LC_BUILD_VERSION = 0x32
const PLATFORM_MACOS = 1

/** The images of a file: one, or one an architecture. Throws MachOError on what is not whole. */
export function readMachO(file: Uint8Array): MachImage[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  if (file.length >= 8 && view.getUint32(0) === FAT_MAGIC) return readFat(view)
  return [readImage(view)]
}

function readFat(view: DataView): MachImage[] {
  const count = view.getUint32(4)
  if (count === 0 || count > IMAGES_MAX || 8 + count * FAT_ARCH_BYTES > view.byteLength)
    throw new MachOError(`a universal file of ${count} images`)
  return Array.from({ length: count }, (_, index) => {
    const at = 8 + index * FAT_ARCH_BYTES
    const offset = view.getUint32(at + 8)
    const size = view.getUint32(at + 12)
    if (offset + size > view.byteLength)
      throw new MachOError(`image ${index} ends at ${offset + size} of ${view.byteLength} bytes`)
    return readImage(new DataView(view.buffer, view.byteOffset + offset, size))
  })
}

function readImage(view: DataView): MachImage {
  if (view.byteLength < HEADER_BYTES || view.getUint32(0, true) !== MAGIC_64)
    throw new MachOError('no 64-bit Mach-O image')
  const cpu = view.getUint32(4, true)
  const arch = ARCHS[cpu]
  if (arch === undefined) throw new MachOError(`cpu type 0x${cpu.toString(16)}`)
  const image: MachImage = {
    arch,
    type: TYPES[view.getUint32(12, true)] ?? 'other',
    minimumSystem: undefined,
    sdk: undefined,
    libraries: [],
    segments: [],
    isSigned: false,
  }
  const commands = view.getUint32(16, true)
  const end = HEADER_BYTES + view.getUint32(20, true)
  if (end > view.byteLength) throw new MachOError(`load commands of ${end} bytes`)
  let at = HEADER_BYTES
  for (let index = 0; index < commands; index++) {
    const size = at + 8 <= end ? view.getUint32(at + 4, true) : 0
    if (size < 8 || at + size > end) throw new MachOError(`load command ${index} at ${at}`)
    readCommand(new DataView(view.buffer, view.byteOffset + at, size), image)
    at += size
  }
  return image
}

function readCommand(view: DataView, image: MachImage): void {
  const command = view.getUint32(0, true)
  if (command === LC_BUILD_VERSION && view.byteLength >= 24) {
    if (view.getUint32(8, true) !== PLATFORM_MACOS) return
    image.minimumSystem = versionOf(view.getUint32(12, true))
    image.sdk = versionOf(view.getUint32(16, true))
  } else if (command === LC_CODE_SIGNATURE) image.isSigned = true
  else if (command === LC_SEGMENT_64 && view.byteLength >= 24)
    image.segments.push(nameAt(view, 8, 16))
  else if (
    command === LC_LOAD_DYLIB ||
    command === LC_LOAD_WEAK_DYLIB ||
    command === LC_REEXPORT_DYLIB
  )
    image.libraries.push(stringAt(view, view.byteLength >= 24 ? view.getUint32(8, true) : 0))
}

/** xxxx.yy.zz in nibbles; a patch level of 0 is not said. */
function versionOf(packed: number): string {
  const patch = packed & 0xff
  return `${packed >>> 16}.${(packed >>> 8) & 0xff}${patch === 0 ? '' : `.${patch}`}`
}

function stringAt(view: DataView, at: number): string {
  if (at === 0 || at >= view.byteLength) throw new MachOError('a library without a name')
  return nameAt(view, at, view.byteLength - at)
}

/** Up to its zero, or `length` bytes. */
function nameAt(view: DataView, at: number, length: number): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at, length)
  const end = bytes.indexOf(0)
  return Buffer.from(bytes.subarray(0, end < 0 ? bytes.length : end)).toString('utf8')
}
