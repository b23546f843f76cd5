// A repository over HTTPS, by git's own http-backend(1).
import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createGunzip } from 'node:zlib'
import type { Server } from '../table.ts'
import { serveTls } from './web.ts'

const CLONE_BYTES = 2_000_000

export async function serveGit(server: Server, directory: string): Promise<void> {
  const root = `${directory}/forge`
  const work = `${directory}/first`
  mkdirSync(root)
  // What is set for whoever runs this is not the forge's.
  const env = { PATH: process.env['PATH'], HOME: directory, GIT_CONFIG_NOSYSTEM: '1' }
  const git = (...words: string[]): void => {
    const identity = ['-c', 'user.name=Forge', '-c', 'user.email=forge@example.org']
    execFileSync('git', [...identity, ...words], { env, stdio: 'ignore' })
  }
  git('init', '-q', '--bare', '-b', 'main', `${root}/project.git`)
  git('-C', `${root}/project.git`, 'config', 'http.receivepack', 'true')
  git('init', '-q', '-b', 'main', work)
  writeFileSync(`${work}/data.bin`, randomBytes(CLONE_BYTES))
  git('-C', work, 'add', '-A')
  git('-C', work, 'commit', '-qm', 'First')
  git('-C', work, 'push', '-q', `${root}/project.git`, 'main')
  await serveTls(server, directory, (request, response) => {
    const { pathname, search } = new URL(request.url ?? '/', 'https://forge.example')
    const backend = spawn('git', ['http-backend'], {
      env: {
        ...env,
        GIT_PROJECT_ROOT: root,
        GIT_HTTP_EXPORT_ALL: '1',
        PATH_INFO: pathname,
        QUERY_STRING: search.slice(1),
        REQUEST_METHOD: request.method,
        CONTENT_TYPE: request.headers['content-type'] ?? '',
        GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
        REMOTE_USER: 'ada',
        REMOTE_ADDR: '192.0.2.10',
      },
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    const isPacked = request.headers['content-encoding'] === 'gzip'
    const body = isPacked ? request.pipe(createGunzip()) : request
    body.pipe(backend.stdin)
    backend.stdin.on('error', () => {})
    let head = Buffer.alloc(0)
    let hasBegun = false
    backend.stdout.on('data', (data: Buffer) => {
      if (hasBegun) return void response.write(data)
      head = Buffer.concat([head, data])
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return
      hasBegun = true
      for (const line of head.subarray(0, end).toString('latin1').split('\r\n')) {
        const [, name = '', value = ''] = /^([^:]+): (.*)$/.exec(line) ?? []
        if (name === 'Status') response.statusCode = Number(value.slice(0, 3))
        else if (name !== '') response.setHeader(name, value)
      }
      response.write(head.subarray(end + 4))
    })
    backend.on('close', () => response.end())
  })
}
