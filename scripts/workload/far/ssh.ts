// OpenSSH's server with keys of its own, for whoever has the key that it leaves in `home`.
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Server } from '../table.ts'

export async function serveSsh({ address, port }: Server, directory: string): Promise<void> {
  for (const name of ['host', 'user'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', `${directory}/${name}`])
  copyFileSync(`${directory}/user.pub`, `${directory}/authorized`)
  mkdirSync('/run/sshd', { recursive: true })
  chmodSync(directory, 0o755)
  writeFileSync(
    `${directory}/sshd_config`,
    [
      ...[`ListenAddress ${address}:${port}`, `HostKey ${directory}/host`, 'PidFile none'],
      ...[`AuthorizedKeysFile ${directory}/authorized`, 'StrictModes no', 'UsePAM no'],
      ...['PermitRootLogin yes', 'Subsystem sftp internal-sftp', ''],
    ].join('\n'),
  )
  const server = spawn('/usr/sbin/sshd', ['-D', '-f', `${directory}/sshd_config`], {
    stdio: 'ignore',
  })
  process.on('exit', () => server.kill())
  for (let tries = 0; tries < 100; tries++) {
    const socket = connect(port, address)
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
    })
    socket.destroy()
    if (isOpen) return
    await sleep(50)
  }
  throw new Error('sshd does not listen')
}
