// A collector on a server and agents of other machines, each in a network namespace of its own, with nothing on loopback:
// from an empty directory to an alert of one of them on the page, and one of them thrown out.
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type {
  AlertsResponse,
  DeviceInfo,
  DevicesResponse,
} from '../../src/collector/views/page-api.ts'
import { leaveOut, whyNoTool } from '../left-out.ts'
import { times } from '../long.ts'
import { whyNotLive } from '../native/watch.ts'
import { launchChromium, openPage, whyNoBrowser } from '../web/browser.ts'
import { type Ran, run, until } from './installation.ts'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const AGENTS = times('FRESHET_FLEET', { usual: 2, long: 10 })
const PORT = 8442
const SINK_PORT = 9000
const UPLOAD_BYTES = 12 * 1024 * 1024

describe('a fleet', function () {
  this.timeout(300_000 + AGENTS * 30_000)
  let directory: string
  let browser: Awaited<ReturnType<typeof launchChromium>> | undefined
  const running: ChildProcess[] = []
  const links: string[] = []

  before(async function () {
    leaveOut(this, whyNotLive() ?? whyNoTool('network namespaces', 'mounts in a namespace'))
    leaveOut(this, await whyNoBrowser())
    directory = mkdtempSync(join(tmpdir(), 'freshet-fleet-'))
    // Other users run in it.
    chmodSync(directory, 0o755)
  })
  after(async () => {
    await browser?.close()
    for (const child of running.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
    for (const link of links)
      try {
        execFileSync('ip', ['link', 'delete', link], { stdio: 'ignore' })
      } catch {
        // It went with its namespace.
      }
    if (directory) rmSync(directory, { recursive: true, force: true })
  })

  type Machine = { name: string; holder: ChildProcess; state: string }

  /** A machine: a network and a hardware of its own. */
  const machine = async (name: string): Promise<Machine> => {
    const id = join(directory, `${name}.machine-id`)
    writeFileSync(id, `${Buffer.from(name).toString('hex').padStart(32, '0')}\n`, { mode: 0o644 })
    const script = `hostname ${name} && mount --bind ${id} /etc/machine-id && ip link set lo up && echo made && exec sleep 900`
    const holder = spawn('unshare', ['-n', '-m', '-u', 'sh', '-c', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    running.push(holder)
    await once(holder.stdout, 'data')
    return { name, holder, state: join(directory, name) }
  }
  const inside = ({ holder }: Machine, command: readonly string[]): [string, string[]] => [
    'nsenter',
    ['-t', `${holder.pid}`, '-n', '-m', '-u', ...command],
  ]
  const start = (of: Machine, ...args: string[]) => {
    const [program, words] = inside(of, [process.execPath, CLI, ...args, '--state', of.state])
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] })
    running.push(child)
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text))
    return { child, said: () => said }
  }
  const freshet = async (of: Machine, ...args: string[]): Promise<Ran> => {
    const [program, words] = inside(of, [process.execPath, CLI, ...args, '--state', of.state])
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (text) => (stdout += text))
    child.stderr.on('data', (text) => (stderr += text))
    const [status] = (await once(child, 'close')) as [number]
    return { status, stdout, stderr }
  }
  const well = async (of: Machine, ...args: string[]): Promise<string> => {
    const { status, stdout, stderr } = await freshet(of, ...args)
    assert.equal(status, 0, `${args.join(' ')}: ${stderr}`)
    return stdout.trim()
  }
  /** A cable from `server` to another machine, or to this one. */
  const cable = (server: Machine, to: Machine | undefined, subnet: number): string => {
    const [near, far] = [
      `ff${process.pid % 10_000}n${subnet}`,
      `ff${process.pid % 10_000}f${subnet}`,
    ]
    links.push(near)
    const serverPid = `${server.holder.pid}`
    execFileSync('ip', [
      'link',
      'add',
      near,
      'type',
      'veth',
      'peer',
      'name',
      far,
      'netns',
      serverPid,
    ])
    if (to) execFileSync('ip', ['link', 'set', near, 'netns', `${to.holder.pid}`])
    const up = (of: Machine | undefined, link: string, address: string) => {
      for (const words of [
        ['address', 'add', `${address}/24`, 'dev', link],
        ['link', 'set', link, 'up'],
      ]) {
        const [program, args] = of ? inside(of, ['ip', ...words]) : ['ip', words]
        execFileSync(program, args)
      }
    }
    up(server, far, `10.77.${subnet}.1`)
    up(to, near, `10.77.${subnet}.2`)
    return `10.77.${subnet}.1`
  }

  it(`of ${AGENTS} comes in by tokens, is watched, and loses one`, async () => {
    const server = await machine('server')
    const office = await Promise.all(
      Array.from({ length: AGENTS }, (_, index) => machine(`mac-${index + 1}`)),
    )
    const desk = cable(server, undefined, 0)
    const addresses = office.map((mac, index) => cable(server, mac, index + 1))
    const names = [desk, ...addresses].flatMap((address) => ['--name', address])
    const collector = start(server, 'collector', '--listen', `0.0.0.0:${PORT}`, ...names)
    await until(() => /^agents: /m.test(collector.said()), 'the collector')
    const [, pageUrl = ''] = /page: (\S+)/.exec(collector.said()) ?? []
    const [, key = ''] = /#key=(\S+)/.exec(pageUrl) ?? []
    const pin = await well(server, 'collector', 'pin')
    assert(collector.said().includes(`pin ${pin}`))

    const token = join(directory, 'token')
    const made = await well(
      server,
      ...['collector', 'tokens', 'make', '--label', 'office', '--group', 'berlin'],
      ...['--uses', `${AGENTS}`],
    )
    writeFileSync(token, made, { mode: 0o644 })
    const policy = async (...words: string[]): Promise<string> => {
      const { status, stdout, stderr } = await run([CLI, 'policy', ...words], { cwd: directory })
      assert.equal(status, 0, stderr)
      return stdout.trim()
    }
    const rootKey = await policy('keygen', '--out', 'root.key')
    const enrol = (mac: Machine, index: number, more: readonly string[] = []) =>
      freshet(
        mac,
        ...['enroll', '--collector', `https://${addresses[index]}:${PORT}`],
        ...['--token-file', token, '--pin', pin, '--policy-key', rootKey, ...more],
      )
    for (const [index, mac] of office.entries()) {
      const { status, stderr } = await enrol(mac, index)
      assert.equal(status, 0, stderr)
    }
    const agents = office.map((mac) => start(mac, 'agent'))

    const ca = execFileSync('sed', [
      '-n',
      '/BEGIN CERT/,/END CERT/p',
      join(server.state, 'collector/tls/authority.pem'),
    ])
    const api = <T>(path: string): Promise<T> =>
      new Promise((resolve, reject) => {
        const asked = request(
          `https://${desk}:${PORT}${path}`,
          { ca, agent: false, headers: { Authorization: `Bearer ${key}` } },
          (response) => {
            let body = ''
            response.on('data', (part) => (body += part))
            response.on('end', () => resolve(JSON.parse(body) as T))
          },
        )
        asked.once('error', reject)
        asked.end()
      })
    const connected = async (): Promise<DeviceInfo[]> =>
      (await api<DevicesResponse>('/api/devices')).devices.filter(
        (device) => device.connected && device.live && device.live.processes > 0,
      )
    await until(async () => (await connected()).length === AGENTS, 'all agents')
    const listed = await well(server, 'collector', 'devices', 'list')
    assert.equal(listed.split('\n').filter((line) => line.includes('quarantined')).length, AGENTS)

    const known = await connected()
    const idOf = (mac: Machine | undefined): string => {
      const found = known.find(({ hostname }) => hostname === mac?.name)
      assert(found)
      return found.id
    }
    const [oneId, lastId] = [idOf(office[0]), idOf(office.at(-1))]
    await well(server, 'collector', 'devices', 'rename', oneId, 'desk of Ana')
    browser = await launchChromium()
    const origin = `https://${desk}:${PORT}`
    // Nobody has given this browser the collector's authority.
    const { page, faults } = await openPage(browser, origin, { ignoreHTTPSErrors: true })
    await page.goto(`${origin}/#key=${key}`)
    await page.getByText('Live · ').first().waitFor()
    await page.goto(`${origin}/#/machine`)
    const roster = page.getByRole('region', { name: 'Enrolled machines' })
    /** How the page lists a machine, under the heads of its columns, once that is `as` it has to be. */
    const listedAs = async (mac: Machine | undefined, as: Record<string, RegExp>) => {
      let cells: Record<string, string> = {}
      const isAs = async () => {
        const heads = await roster.locator('thead th').allInnerTexts()
        const row = roster.locator('tbody tr', { hasText: new RegExp(`${mac?.name}(?!\\d)`) })
        const texts = (await row.count()) === 1 ? await row.locator('td').allInnerTexts() : []
        cells = Object.fromEntries(heads.map((head, at) => [head, texts[at] ?? '']))
        return Object.entries(as).every(([head, text]) => text.test(cells[head] ?? ''))
      }
      await until(isAs, `${mac?.name} as ${Object.values(as)}`).catch((error: Error) => {
        assert.fail(`${error.message}: ${JSON.stringify(cells)}`)
      })
    }
    const standsAs = (mac: Machine | undefined, text: RegExp) =>
      page
        .getByRole('region', { name: `Enrolment of ${mac?.name}`, exact: true })
        .getByText(text)
        .first()
        .waitFor()
    const quarantinedUnder = (policy: RegExp) => ({
      ...{ Standing: /^Quarantined$/, Group: /^berlin$/, Policy: policy },
      'Last heard of': /^Connected$/,
    })
    const none = /^(-|None)$/
    await listedAs(office[0], { ...quarantinedUnder(none), Machine: /^desk of Ana\s+mac-1\b/ })
    await listedAs(office.at(-1), quarantinedUnder(none))
    await standsAs(office[0], /^Quarantined, group berlin, called desk of Ana, enrolled/)

    // A policy for one of them, then for all; its key is known to no collector.
    writeFileSync(join(directory, 'policy.json'), '{"hostWhitelist":["192.0.2.0/24"]}')
    const publish = async (version: number, target: string, ...more: string[]) => {
      const out = join(directory, `policy-${version}`)
      const words = ['--as-version', `${version}`, '--not-after', '2099-12-31', '--target', target]
      await policy('sign', '--key', 'root.key', ...words, '--out', out, 'policy.json')
      chmodSync(out, 0o644)
      await well(server, 'collector', 'policy', 'publish', out, ...more)
    }
    const standing = () => well(server, 'collector', 'policy', 'status')
    await publish(1, `device:${oneId}`, '--policy-key', rootKey)
    const ofOne = /^1 of 1 device applies policy 1$/m
    await until(async () => ofOne.test(await standing()), 'the policy of one')
    await page.getByText('1 of 1 applies policy 1.', { exact: true }).waitFor()
    await listedAs(office[0], { Policy: /^1$/ })
    await standsAs(office[0], /^Policy 1 is in force/)
    await listedAs(office.at(-1), { Policy: none })
    await publish(2, 'all', '--share', '0')
    await well(server, 'collector', 'policy', 'promote', '2')
    const ofAll = new RegExp(`^${AGENTS} of ${AGENTS} devices apply policy 2$`, 'm')
    await until(async () => ofAll.test(await standing()), 'the policy of all')
    await page.getByText(`${AGENTS} of ${AGENTS} apply policy 2.`, { exact: true }).waitFor()
    for (const mac of [office[0], office.at(-1)]) {
      await listedAs(mac, { Policy: /^2$/ })
      await standsAs(mac, /^Policy 2 is in force/)
    }
    assert.match(await well(server, 'collector', 'policy', 'list'), /policy 2 +all devices +100 %/)

    // One that nobody has seen before sends a good deal to the server's network, and gets nothing back.
    const sink = spawn(...inside(server, [process.execPath, '-e', SINK, `${SINK_PORT}`]), {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    running.push(sink)
    await once(sink.stdout as NodeJS.ReadableStream, 'data')
    const [first] = office as [Machine, ...Machine[]]
    const program = join(directory, 'backup-tool')
    copyFileSync(process.execPath, program)
    chmodSync(program, 0o755)
    execFileSync(...inside(first, [program, '-e', UPLOAD, addresses[0] as string, `${SINK_PORT}`]))
    // All agents watch one kernel here, so that those of the others may tell it, too.
    const alert = await until(async () => {
      const { alerts } = await api<AlertsResponse>('/api/alerts?q=backup-tool')
      return alerts.find(
        ({ device, bytesOut }) => device.hostname === first.name && bytesOut >= UPLOAD_BYTES,
      )
    }, 'the alert')
    assert(alert.bytesOut < UPLOAD_BYTES * 1.01, `${alert.bytesOut}`)

    await page.goto(`${origin}/#/alerts`)
    await page.getByText('backup-tool').first().waitFor()
    await page.goto(`${origin}/#/machine`)

    // The token is used up, and is no way to become a machine that is known.
    const late = await enrol(first, 0, [])
    assert.equal(late.status, 0, 'who holds the old key may enrol again')
    const took = () => [...(agents[0]?.said() ?? '').matchAll(/connected to the collector/g)].length
    await until(() => took() === 2, 'its agent, under the new certificate')
    await until(async () => (await connected()).length === AGENTS, 'all agents once more')
    rmSync(join(first.state, 'agent/enrolment.json'))
    const robbed = await enrol(first, 0)
    assert.notEqual(robbed.status, 0)
    assert.match(robbed.stderr, /this device is enrolled: it comes again with its old key/)

    await listedAs(office.at(-1), quarantinedUnder(/^2$/))
    await well(server, 'collector', 'devices', 'revoke', lastId)
    await until(async () => !(await connected()).some(({ id }) => id === lastId), 'its end')
    await listedAs(office.at(-1), { Standing: /^Revoked$/, 'Last heard of': /(?<!Connected)$/ })
    await standsAs(office.at(-1), /^Revoked, group berlin, enrolled/)
    await listedAs(office[0], quarantinedUnder(/^2$/))
    assert.deepEqual(faults, [])
    await until(
      () => /thrown out|revoked by an administrator/.test(agents.at(-1)?.said() ?? ''),
      'the word of it',
    )
    // It asks once more, and is told by its answer.
    await until(
      async () =>
        /has thrown this machine out/.test(
          (await freshet(office.at(-1) as Machine, 'status')).stdout,
        ),
      'the word of it in its status',
    )
    assert.equal((await connected()).length, AGENTS - 1)
  })
})

const SINK = `
require('node:net').createServer((socket) => socket.resume().on('error', () => {})).listen(
  Number(process.argv[1]), () => console.log('ready'))`

const UPLOAD = `
const socket = require('node:net').connect(Number(process.argv[2]), process.argv[1])
socket.end(Buffer.alloc(${UPLOAD_BYTES}))
socket.resume().on('close', () => process.exit())`
