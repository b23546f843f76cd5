// A web server over TLS that takes what it is sent and gives as many bytes as it is asked for; with the pages that the
// browser opens, the chat's WebSocket, and the ETag by which an object store says what it has.
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { WebSocketServer } from 'ws'
import type { Server } from '../table.ts'

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void

const IMAGES = 8
const PAGE = `<!doctype html><title>News</title>
${Array.from({ length: IMAGES }, (_, i) => `<img src="/bytes/${60_000 + i * 20_000}" alt="">`).join('\n')}
<script type="module">
const sleep = (ms) => new Promise((done) => setTimeout(done, ms))
for (let i = 0; i < 5; i++) {
  await fetch('https://social.example/like', { method: 'POST', mode: 'no-cors', body: 'x'.repeat(700) })
  await (await fetch('/bytes/200000')).arrayBuffer()
  await sleep(300)
}
const picture = new Uint8Array(300000).map(() => Math.random() * 256)
await fetch('https://social.example/picture', { method: 'POST', mode: 'no-cors', body: picture })
document.title = 'done'
</script>`
const MAIL = `<!doctype html><title>Mail</title>
<script type="module">
await (await fetch('/bytes/900000')).arrayBuffer()
for (let i = 0; i < 3; i++) {
  const form = new FormData()
  form.append('to', 'bob@example.org')
  form.append('file', new Blob([new Uint8Array(1500000).map(() => Math.random() * 256)]), i + '.pdf')
  await fetch('/send', { method: 'POST', body: form })
}
document.title = 'done'
</script>`

/** HTTPS on the server's address; resolves when it listens. */
export async function serveTls(
  { address, port }: Server,
  directory: string,
  handle: Handler,
): Promise<ReturnType<typeof createServer>> {
  const server = createServer(
    {
      key: readFileSync(`${directory}/key.pem`),
      cert: readFileSync(`${directory}/cert.pem`),
    },
    (request, response) => {
      void Promise.resolve(handle(request, response)).catch(() => response.destroy())
    },
  )
  server.listen(port, address)
  await once(server, 'listening')
  return server
}

/** The whole body of a request. */
export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

export async function serveWeb(server: Server, directory: string): Promise<void> {
  const tls = await serveTls(server, directory, async (request, response) => {
    const { method = '', url = '' } = request
    const asked = /^\/bytes\/(\d{1,8})$/.exec(url)?.[1]
    if (method === 'PUT' || method === 'POST') {
      const tag = createHash('md5')
        .update(await bodyOf(request))
        .digest('hex')
      response.setHeader('ETag', `"${tag}"`)
      response.setHeader('Access-Control-Allow-Origin', '*')
      response.end('{"ok":true}')
    } else if (asked !== undefined) response.end(randomBytes(Number(asked)))
    else if (url === '/page' || url === '/mail') {
      response.setHeader('Content-Type', 'text/html')
      response.end(url === '/page' ? PAGE : MAIL)
    } else {
      response.statusCode = 404
      response.end()
    }
  })
  const sockets = new WebSocketServer({ server: tls, path: '/chat' })
  sockets.on('connection', (socket) => {
    socket.on('message', () =>
      socket.send('{"text":"one of theirs, about as long as an answer is"}'),
    )
    socket.on('error', () => {})
  })
}
