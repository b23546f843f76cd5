// restic's REST backend, version 1, in memory: https://restic.readthedocs.io/en/stable/REST_backend.html
import type { Server } from '../table.ts'
import { bodyOf, serveTls } from './web.ts'

export async function serveRestic(server: Server, directory: string): Promise<void> {
  const kept = new Map<string, Buffer>()
  await serveTls(server, directory, async (request, response) => {
    const { method = '', headers } = request
    const { pathname, searchParams } = new URL(request.url ?? '/', 'https://vault.example')
    if (method === 'POST') {
      const body = await bodyOf(request)
      if (searchParams.get('create') === null) kept.set(pathname, body)
      return void response.end()
    }
    if (method === 'DELETE') {
      kept.delete(pathname)
      return void response.end()
    }
    if (pathname.endsWith('/')) {
      const names = [...kept.keys()].filter((name) => name.startsWith(pathname))
      response.setHeader('Content-Type', 'application/vnd.x.restic.rest.v1')
      return void response.end(JSON.stringify(names.map((name) => name.slice(pathname.length))))
    }
    const found = kept.get(pathname)
    if (found === undefined) {
      response.statusCode = 404
      return void response.end()
    }
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? []
    const part =
      from === undefined ? found : found.subarray(Number(from), to ? Number(to) + 1 : found.length)
    response.statusCode = from === undefined ? 200 : 206
    response.setHeader('Content-Length', part.length)
    response.end(method === 'HEAD' ? undefined : part)
  })
}
