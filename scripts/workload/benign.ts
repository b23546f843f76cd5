// Programs that people want, as they are used on an ordinary day. Sizes are a few megabytes: a recording lasts less than a
// minute, and the line up is an office's.
import type { App, Server, Workload } from './table.ts'

const web = (host: string, address: string): Server => ({ kind: 'web', host, address, port: 443 })

/** What an application of the Electron kind does: Node with a text of its own. */
const app = (name: string, text: string): App => ({ name, text })

const RANDOM = `const random = (bytes) => crypto.getRandomValues(new Uint8Array(bytes))
const pieces = (bytes) => new Blob(Array.from({ length: Math.ceil(bytes / 65536) }, (_, i) =>
  random(Math.min(65536, bytes - i * 65536))))
const sleep = (ms) => new Promise((done) => setTimeout(done, ms))
`

const CHAT = `${RANDOM}
const socket = new WebSocket('wss://parley.example/chat')
await new Promise((done) => (socket.onopen = done))
for (let i = 0; i < 12; i++) {
  socket.send(JSON.stringify({ text: 'as agreed, see below '.repeat(4), i }))
  if (i % 4 === 3)
    await fetch('https://files.parley.example/upload/' + i, { method: 'POST', body: pieces(400_000) })
  else await (await fetch('https://files.parley.example/bytes/90000')).arrayBuffer()
  await sleep(500)
}
socket.close()
`

const TELEMETRY = `${RANDOM}
for (let i = 0; i < 10; i++) {
  await fetch('https://events.pulse.example/v1/batch', { method: 'POST', body: pieces(12_000) })
  await sleep(800)
}
`

const CRASH = `${RANDOM}
await (await fetch('https://crash.quill.example/bytes/600')).arrayBuffer()
await fetch('https://crash.quill.example/report', { method: 'POST', body: pieces(2_400_000) })
`

const CALL_TCP = `${RANDOM}
import { connect } from 'node:net'
const socket = connect(8801, 'media.huddle.example')
let got = 0
socket.on('data', (data) => (got += data.length))
for (let i = 0; i < 300; i++) {
  socket.write(random(12_000))
  await sleep(50)
}
socket.end()
await new Promise((done) => socket.on('close', done))
`

const CALL_UDP = `${RANDOM}
import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
const { address } = await lookup('media.huddle.example')
const socket = createSocket('udp4')
await fetch('https://huddle.example/join', { method: 'POST', body: random(900) })
for (let i = 0; i < 1500; i++) {
  socket.send(random(1100), 3478, address)
  if (i % 5 === 0) await sleep(45)
}
await fetch('https://huddle.example/leave', { method: 'POST', body: random(40_000) })
socket.close()
`

const CI = `${RANDOM}
for (let job = 0; job < 2; job++) {
  await (await fetch('https://ci.example/bytes/1500000')).arrayBuffer()
  for (let part = 0; part < 3; part++)
    await fetch('https://artifacts.ci.example/upload/' + part, { method: 'PUT', body: pieces(1_200_000) })
  await fetch('https://ci.example/log', { method: 'POST', body: pieces(60_000) })
}
`

/** A few of what BitTorrent's peers do at once: pieces come from some and go to others, over connections of both ways. */
const TORRENT = `${RANDOM}
import { connect, createServer } from 'node:net'
const have = random(65536)
const serve = createServer((peer) => peer.on('data', () => peer.write(have)).on('error', () => {}))
serve.listen(6881)
const swarm = ['198.51.100.61', '203.0.113.61', '198.18.61.1'].map((host) => connect(51413, host))
await Promise.all(swarm.map((peer) => new Promise((done) => peer.once('connect', done))))
for (const peer of swarm) peer.on('data', () => {}).on('error', () => {})
for (let i = 0; i < 24; i++) {
  for (const peer of swarm) peer.write(have)
  await sleep(250)
}
for (const peer of swarm) peer.end()
await sleep(3000)
process.exit(0)
`

const VENDORS = ['developer-id', 'notarized'] as const

export const BENIGN: readonly Workload[] = [
  {
    name: 'npm-install',
    kind: 'package-manager',
    label: 'benign',
    about: 'npm installs a package of 3 MB from a registry over HTTPS',
    needs: ['npm'],
    servers: [{ kind: 'registry', host: 'packages.example', address: '198.51.100.11', port: 443 }],
    near: 'mkdir site && cd site && npm init -y >/dev/null && npm install --registry https://packages.example --no-audit --no-fund widget',
    signers: ['notarized', 'developer-id', 'adhoc'],
  },
  {
    name: 'git-clone-push',
    kind: 'version-control',
    label: 'benign',
    about: 'git clones a repository of 2 MB over HTTPS, and pushes a commit of 3 MB',
    needs: ['git'],
    servers: [{ kind: 'git', host: 'forge.example', address: '198.51.100.12', port: 443 }],
    near: `git clone -q https://forge.example/project.git && cd project
git config user.name Ada && git config user.email ada@example.org
head -c 3000000 /dev/urandom >assets.bin && git add -A && git commit -qm 'Assets of the new page' && git push -q`,
    signers: ['platform', 'notarized'],
  },
  {
    name: 'rsync-ssh',
    kind: 'sync',
    label: 'benign',
    about: 'rsync over ssh: 3 MB up, 2 MB down, then nothing new',
    needs: ['rsync', 'ssh', 'sshd'],
    servers: [{ kind: 'ssh', host: 'files.example', address: '198.51.100.13', port: 22 }],
    near: `mkdir documents && for i in 1 2 3 4 5 6; do head -c 500000 /dev/urandom >documents/$i.pdf; done
rsync -a -e "$SSH" documents/ root@files.example:/srv/documents/
$SSH root@files.example 'mkdir -p /srv/shared; head -c 2000000 /dev/urandom >/srv/shared/plan.pdf'
rsync -a -e "$SSH" root@files.example:/srv/shared/ shared/
rsync -a -e "$SSH" documents/ root@files.example:/srv/documents/`,
    signers: ['platform', 'notarized'],
  },
  {
    name: 'scp',
    kind: 'transfer',
    label: 'benign',
    about: 'scp of 4 MB to a server and 3 MB from it',
    needs: ['scp', 'sshd'],
    servers: [{ kind: 'ssh', host: 'build.example', address: '198.51.100.14', port: 22 }],
    near: `head -c 4000000 /dev/urandom >release.tar.zst
scp -q $SSH_OPTIONS release.tar.zst root@build.example:/srv/
$SSH root@build.example 'head -c 3000000 /dev/urandom >/srv/log.txt'
scp -q $SSH_OPTIONS root@build.example:/srv/log.txt .`,
    signers: ['platform'],
  },
  {
    name: 'curl-down-up',
    kind: 'transfer',
    label: 'benign',
    about: 'a person downloads 8 MB with curl and uploads 2 MB',
    needs: ['curl'],
    servers: [web('downloads.example', '198.51.100.15'), web('uploads.example', '203.0.113.15')],
    near: `curl -sS -o image.iso https://downloads.example/bytes/8000000
head -c 2000000 /dev/urandom >report.pdf && curl -sS -T report.pdf https://uploads.example/report.pdf`,
    signers: ['platform'],
  },
  {
    name: 'browser',
    kind: 'browser',
    label: 'benign',
    about: 'Chromium loads pages with images, posts forms and one picture of 300 kB',
    needs: [],
    browser: true,
    servers: [web('news.example', '198.51.100.16'), web('social.example', '203.0.113.16')],
    near: '$BROWSER https://news.example/page >/dev/null 2>&1 || test $? = 124',
    signers: ['notarized', 'platform'],
  },
  {
    name: 'webmail',
    kind: 'mail',
    label: 'benign',
    about: 'Chromium at a web mail: three attachments of 1.5 MB go up',
    needs: [],
    browser: true,
    servers: [web('mail.example', '198.51.100.17')],
    near: '$BROWSER https://mail.example/mail >/dev/null 2>&1 || test $? = 124',
    signers: ['notarized', 'platform'],
  },
  {
    name: 'tar-nc',
    kind: 'transfer',
    label: 'benign',
    about: 'tar of 5 MB over nc to another machine of the same person',
    needs: ['nc', 'tar'],
    servers: [{ kind: 'sink', host: 'nas.example', address: '198.51.100.18', port: 9000 }],
    near: `mkdir photos && for i in 1 2 3 4 5; do head -c 1000000 /dev/urandom >photos/$i.jpg; done
tar cf - photos | nc -N nas.example 9000`,
    signers: ['platform'],
  },
  {
    name: 'restic',
    kind: 'backup',
    label: 'benign',
    about: 'restic makes a repository at a REST server and backs up 6 MB, then 500 kB more',
    needs: ['restic'],
    servers: [{ kind: 'restic', host: 'vault.example', address: '198.51.100.19', port: 443 }],
    near: `export RESTIC_PASSWORD=correct RESTIC_REPOSITORY=rest:https://vault.example/ada/
mkdir work && head -c 6000000 /dev/urandom >work/a.db
restic -q init && restic -q backup work && head -c 500000 /dev/urandom >work/b.db && restic -q backup work`,
    signers: [...VENDORS, 'adhoc'],
  },
  {
    name: 'borg',
    kind: 'backup',
    label: 'benign',
    about: 'borg backs up 5 MB over ssh',
    needs: ['borg', 'sshd'],
    servers: [{ kind: 'ssh', host: 'attic.example', address: '198.51.100.20', port: 22 }],
    near: `export BORG_PASSPHRASE=correct BORG_RSH="$SSH" BORG_REPO=ssh://root@attic.example/srv/attic
mkdir work && head -c 5000000 /dev/urandom >work/a.db
borg init -e repokey && borg create ::monday work`,
    signers: [...VENDORS, 'adhoc'],
  },
  {
    name: 'object-store',
    kind: 'object-store',
    label: 'benign',
    about: 'rclone copies 12 files of 400 kB to a bucket by the protocol of S3',
    needs: ['rclone'],
    servers: [web('bucket.example', '198.51.100.21')],
    near: `mkdir export && for i in $(seq 12); do head -c 400000 /dev/urandom >export/$i.csv; done
export RCLONE_CONFIG_STORE_TYPE=s3 RCLONE_CONFIG_STORE_PROVIDER=Other RCLONE_CONFIG_STORE_ENDPOINT=https://bucket.example
export RCLONE_CONFIG_STORE_ACCESS_KEY_ID=ada RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY=correct
rclone copy --no-traverse --s3-no-check-bucket --s3-no-head --retries 1 --ca-cert "$CA" export store:reports`,
    signers: [...VENDORS, 'adhoc'],
  },
  {
    name: 'chat',
    kind: 'chat',
    label: 'benign',
    about: 'a chat application: messages over a WebSocket, files of 400 kB up, pictures down',
    needs: [],
    apps: [app('parley', CHAT)],
    servers: [web('parley.example', '198.51.100.22'), web('files.parley.example', '203.0.113.22')],
    near: '/opt/parley/parley /opt/parley/app.mjs',
    signers: VENDORS,
  },
  {
    name: 'telemetry',
    kind: 'telemetry',
    label: 'benign',
    about: 'ten batches of 12 kB, short answers',
    needs: [],
    apps: [app('pulse', TELEMETRY)],
    servers: [web('events.pulse.example', '198.51.100.23')],
    near: '/opt/pulse/pulse /opt/pulse/app.mjs',
    signers: [...VENDORS, 'app-store'],
  },
  {
    name: 'crash-report',
    kind: 'crash-report',
    label: 'benign',
    about: 'one report of 2.4 MB goes up',
    needs: [],
    apps: [app('quill', CRASH)],
    servers: [web('crash.quill.example', '198.51.100.24')],
    near: '/opt/quill/quill /opt/quill/app.mjs',
    signers: [...VENDORS, 'app-store'],
  },
  {
    name: 'call-tcp',
    kind: 'conferencing',
    label: 'benign',
    about: 'a call over TCP: 1.9 Mbit/s up for 15 s, the same back',
    needs: [],
    apps: [app('huddle', CALL_TCP)],
    servers: [
      {
        ...{ kind: 'sink', host: 'media.huddle.example', address: '198.51.100.25', port: 8801 },
        answerShare: 1,
      },
    ],
    near: '/opt/huddle/huddle /opt/huddle/app.mjs',
    signers: VENDORS,
  },
  {
    name: 'call-udp',
    kind: 'conferencing',
    label: 'benign',
    about: 'a call over UDP: 1.6 MB up and back, statistics at its end by HTTPS',
    needs: [],
    apps: [app('huddle-udp', CALL_UDP)],
    servers: [
      web('huddle.example', '198.51.100.26'),
      {
        ...{ kind: 'datagrams', host: 'media.huddle.example', address: '203.0.113.26', port: 3478 },
        answers: true,
      },
    ],
    near: '/opt/huddle-udp/huddle-udp /opt/huddle-udp/app.mjs',
    signers: VENDORS,
  },
  {
    name: 'ci-artifacts',
    kind: 'ci',
    label: 'benign',
    about: 'a runner of a CI: two jobs fetch 1.5 MB each and put three artifacts of 1.2 MB',
    needs: [],
    apps: [app('runner', CI)],
    servers: [web('ci.example', '198.51.100.27'), web('artifacts.ci.example', '203.0.113.27')],
    near: '/opt/runner/runner /opt/runner/app.mjs',
    signers: [...VENDORS, 'adhoc'],
  },
  {
    name: 'torrent',
    kind: 'torrent',
    label: 'benign',
    about: 'a peer among three: pieces of 64 KiB out and in, others fetch from it',
    needs: [],
    apps: [app('swarm', TORRENT)],
    servers: [
      ...['198.51.100.61', '203.0.113.61', '198.18.61.1'].map(
        (address, i): Server => ({
          ...{ kind: 'sink', host: `peer${i}.example`, address, port: 51_413 },
          answerShare: 1,
        }),
      ),
      { kind: 'fetcher', host: 'peer3.example', address: '198.18.62.1', port: 6881 },
    ],
    near: '/opt/swarm/swarm /opt/swarm/app.mjs',
    signers: VENDORS,
  },
]
