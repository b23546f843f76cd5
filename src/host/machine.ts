// Facts about this machine that an alert's reader wants beside it.
import { readFileSync } from 'node:fs'
import { arch, hostname, release, totalmem } from 'node:os'
import { systemControl } from './libc.ts'

/** A string is empty when the system does not say. */
export type HostFacts = {
  hostname: string
  /** "linux" or "macos". */
  os: string
  osVersion: string
  osBuild: string
  /** Model and memory. */
  hardware: string
  arch: string
  /** UUID of this boot. */
  bootId: string
}

const FACT_CHARS_MAX = 256
const VERSION_PLIST = '/System/Library/CoreServices/SystemVersion.plist'

/** Reads a few files (Linux) or system controls (macOS). Throws nothing: what cannot be read is empty. */
export function describeMachine(): HostFacts {
  const facts =
    process.platform === 'darwin' ? macFacts(systemControl, read(VERSION_PLIST)) : linuxFacts()
  const all: HostFacts = { hostname: hostname(), arch: arch(), ...facts }
  for (const name of Object.keys(all) as (keyof HostFacts)[])
    all[name] = all[name].trim().slice(0, FACT_CHARS_MAX)
  return all
}

type SystemFacts = Omit<HostFacts, 'hostname' | 'arch'>

function linuxFacts(): SystemFacts {
  const vendor = read('/sys/class/dmi/id/sys_vendor').trim()
  const product = read('/sys/class/dmi/id/product_name').trim()
  // Boards without DMI name themselves in the device tree, ended by a NUL.
  const model =
    `${vendor} ${product}`.trim() || read('/proc/device-tree/model').replace(/\0/g, '').trim()
  return {
    os: 'linux',
    osVersion: osReleaseName(read('/etc/os-release')),
    osBuild: release(),
    hardware: joined(model, memoryText(totalmem())),
    bootId: read('/proc/sys/kernel/random/boot_id'),
  }
}

/**
 * The facts of a Mac: `control` answers sysctlbyname(3), `versionPlist` is SystemVersion.plist, which has the version
 * where kern.osproductversion is missing.
 */
export function macFacts(
  control: (name: string) => Buffer | undefined,
  versionPlist: string,
): SystemFacts {
  const text = (name: string): string =>
    (control(name)?.toString('utf8') ?? '').replace(/\0+$/, '').trim()
  const chip = text('machdep.cpu.brand_string')
  const memory = control('hw.memsize')
  return {
    os: 'macos',
    osVersion: text('kern.osproductversion') || plistString(versionPlist, 'ProductVersion'),
    osBuild: text('kern.osversion') || plistString(versionPlist, 'ProductBuildVersion'),
    hardware: joined(
      text('hw.model'),
      chip,
      memory?.length === 8 ? memoryText(Number(memory.readBigUInt64LE())) : '',
    ),
    bootId: text('kern.bootsessionuuid').toLowerCase(),
  }
}

const joined = (...parts: string[]): string => parts.filter((part) => part !== '').join(', ')

/** Machines have whole GiB, of which firmware may keep a part. */
const memoryText = (bytes: number): string => `${Math.round(bytes / 2 ** 30)} GiB`

/** PRETTY_NAME of os-release(5), else NAME; without its shell quotes. */
export function osReleaseName(text: string): string {
  const value = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1]
  const quoted = value('PRETTY_NAME') ?? value('NAME') ?? ''
  return quoted.replace(/^(["'])(.*)\1$/, '$2').replace(/\\(["'$`\\])/g, '$1')
}

/** The string under `key` of an XML property list; empty when there is none. */
export function plistString(plist: string, key: string): string {
  return new RegExp(`<key>${key}</key>\\s*<string>([^<]*)</string>`).exec(plist)?.[1] ?? ''
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
