// Facts about this machine that an alert's reader wants beside it.
import { readFileSync } from 'node:fs'
import { arch, hostname, release } from 'node:os'
import { systemControl } from './libc.ts'

/** A string is empty when the system does not say. */
export type HostFacts = {
  hostname: string
  /** "linux" or "macos". */
  os: string
  osVersion: string
  osBuild: string
  /** Model. */
  hardware: string
  arch: string
  /** UUID of this boot. */
  bootId: string
}

const FACT_CHARS_MAX = 256

/** Reads a few files (Linux) or system controls (macOS). Throws nothing: what cannot be read is empty. */
export function describeMachine(): HostFacts {
  const facts = process.platform === 'darwin' ? macFacts() : linuxFacts()
  const all: HostFacts = { hostname: hostname(), arch: arch(), ...facts }
  for (const name of Object.keys(all) as (keyof HostFacts)[])
    all[name] = all[name].trim().slice(0, FACT_CHARS_MAX)
  return all
}

type SystemFacts = Omit<HostFacts, 'hostname' | 'arch'>

function linuxFacts(): SystemFacts {
  const vendor = read('/sys/class/dmi/id/sys_vendor').trim()
  const product = read('/sys/class/dmi/id/product_name').trim()
  return {
    os: 'linux',
    osVersion: osReleaseName(read('/etc/os-release')),
    osBuild: release(),
    // Boards without DMI name themselves in the device tree, ended by a NUL.
    hardware: `${vendor} ${product}`.trim() || read('/proc/device-tree/model').replace(/\0/g, ''),
    bootId: read('/proc/sys/kernel/random/boot_id'),
  }
}

function macFacts(): SystemFacts {
  const plist = read('/System/Library/CoreServices/SystemVersion.plist')
  return {
    os: 'macos',
    osVersion: plistString(plist, 'ProductVersion'),
    osBuild: plistString(plist, 'ProductBuildVersion'),
    hardware: systemControl('hw.model') ?? '',
    bootId: (systemControl('kern.bootsessionuuid') ?? '').toLowerCase(),
  }
}

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
