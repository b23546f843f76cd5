// The watched host's file systems: a user, a home, /opt and names, mounted over the machine's own where this process alone
// sees it. So paths are the same on whatever machine this runs, and nothing is left behind.
import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { PLACE } from '../../src/place.ts'
import type { Workload } from './table.ts'

export const HOME = '/home/ada'
/** Nobody's on any machine. */
const UID = 4711
const SSH_OPTIONS = `-q -i ${HOME}/.ssh/id -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null`

const mount = (...words: string[]): void => {
  execFileSync('mount', words, { stdio: ['ignore', 'ignore', 'inherit'] })
}

/** REQUIRES: this process is root, in a mount namespace of its own whose mounts are private. `directory` lasts as long. */
export function makeHome(workload: Workload, directory: string): void {
  for (const place of ['/home', '/opt', '/srv', '/run/sshd']) {
    mkdirSync(place, { recursive: true })
    mount('-t', 'tmpfs', '-o', 'mode=755', 'none', place)
  }
  mkdirSync(`${HOME}/.cache`, { recursive: true })
  mkdirSync(`${HOME}/.ssh`)
  const over = (path: string, text: string): void => {
    const file = join(directory, path.replaceAll('/', '_'))
    writeFileSync(file, text)
    chmodSync(file, 0o644)
    mount('--bind', file, path)
  }
  const hosts = workload.servers.map(({ address, host }) => `${address} ${host}`)
  over('/etc/hosts', `127.0.0.1 localhost\n${hosts.join('\n')}\n`)
  // No `x`: then nobody looks for a shadow.
  over(
    '/etc/passwd',
    `${readFileSync('/etc/passwd', 'utf8')}ada:*:${UID}:${UID}::${HOME}:/bin/bash\n`,
  )
  over('/etc/group', `${readFileSync('/etc/group', 'utf8')}ada:x:${UID}:\n`)
  for (const { name, text } of workload.apps ?? []) {
    mkdirSync(`/opt/${name}`)
    copyFileSync(process.execPath, `/opt/${name}/${name}`)
    // Bytes after the end of an ELF file are nobody's, and make its content another's.
    appendFileSync(`/opt/${name}/${name}`, `freshet workload ${workload.name} ${name}`)
    chmodSync(`/opt/${name}/${name}`, 0o755)
    writeFileSync(`/opt/${name}/app.mjs`, text)
  }
  for (const name of workload.implants ?? []) {
    const path = `${HOME}/.cache/${name}`
    copyFileSync(PLACE.probe, path)
    appendFileSync(path, `freshet workload ${workload.name} ${name}`)
    chmodSync(path, 0o755)
  }
  execFileSync('chown', ['-R', `${UID}:${UID}`, HOME])
}

/** What the servers left that a client wants: their certificate, and a key for ssh. */
export function giveKeys(directory: string): void {
  copyFileSync(`${directory}/cert.pem`, '/opt/authority.pem')
  chmodSync('/opt/authority.pem', 0o644)
  if (!existsSync(`${directory}/user`)) return
  copyFileSync(`${directory}/user`, `${HOME}/.ssh/id`)
  chmodSync(`${HOME}/.ssh/id`, 0o600)
  chownSync(`${HOME}/.ssh/id`, UID, UID)
}

/** Chromium as `/opt/chromium/chromium`, with the libraries beside it. */
export async function giveBrowser(): Promise<void> {
  const { default: chromium, inflate } = await import('@sparticuz/chromium')
  const packed = new URL('../bin/al2023.tar.br', import.meta.resolve('@sparticuz/chromium'))
  const executable = await chromium.executablePath()
  const libraries = join(await inflate(packed.pathname), 'lib')
  mkdirSync('/opt/chromium')
  copyFileSync(executable, '/opt/chromium/chromium')
  execFileSync('cp', ['-rL', libraries, '/opt/chromium/lib'])
  execFileSync('chmod', ['-R', 'a+rX', '/opt/chromium'])
}

/** Variables of the session. */
export const sessionEnvironment = (): Record<string, string> => ({
  PATH: '/usr/bin:/bin:/usr/sbin',
  HOME,
  LANG: 'C.UTF-8',
  CA: '/opt/authority.pem',
  CURL_CA_BUNDLE: '/opt/authority.pem',
  SSL_CERT_FILE: '/opt/authority.pem',
  GIT_SSL_CAINFO: '/opt/authority.pem',
  NODE_EXTRA_CA_CERTS: '/opt/authority.pem',
  // Not the machine's: it may name a proxy, or authorities of its own.
  npm_config_cafile: '/opt/authority.pem',
  npm_config_globalconfig: '/dev/null',
  npm_config_fetch_retries: '0',
  SSH: `ssh ${SSH_OPTIONS}`,
  SSH_OPTIONS,
  // A person closes it after a while; it has no end of its own.
  BROWSER:
    'env LD_LIBRARY_PATH=/opt/chromium/lib timeout 20 /opt/chromium/chromium --headless --no-sandbox --no-zygote ' +
    '--disable-gpu --disable-software-rasterizer --disable-dev-shm-usage --ignore-certificate-errors --no-first-run ' +
    `--disable-component-update --disable-background-networking --user-data-dir=${HOME}/.config/chromium`,
})
