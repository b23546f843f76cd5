// As much of npm's registry as `npm install widget` asks for.
import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { Server } from '../table.ts'
import { serveTls } from './web.ts'

const PACKAGE_BYTES = 3_000_000

export async function serveRegistry(server: Server, directory: string): Promise<void> {
  mkdirSync(`${directory}/package`)
  writeFileSync(`${directory}/package/package.json`, '{"name":"widget","version":"1.0.0"}')
  writeFileSync(`${directory}/package/widget.wasm`, randomBytes(PACKAGE_BYTES))
  execFileSync('tar', ['-C', directory, '-czf', `${directory}/widget.tgz`, 'package'])
  const packed = readFileSync(`${directory}/widget.tgz`)
  const integrity = `sha512-${createHash('sha512').update(packed).digest('base64')}`
  const tarball = `https://${server.host}/widget/-/widget-1.0.0.tgz`
  const version = { name: 'widget', version: '1.0.0', dist: { tarball, integrity } }
  const document = {
    name: 'widget',
    'dist-tags': { latest: '1.0.0' },
    versions: { '1.0.0': version },
  }
  await serveTls(server, directory, (request, response) => {
    if (request.url === '/widget') {
      response.setHeader('Content-Type', 'application/json')
      response.end(JSON.stringify(document))
    } else if (request.url?.endsWith('.tgz')) response.end(packed)
    else {
      response.statusCode = 404
      response.end('{}')
    }
  })
}
