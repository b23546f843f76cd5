// A client that shares no code with ours, written from docs/protocol.md: it enrols, comes with its certificate, sends alerts,
// and has its certificate renewed. Its messages are those of the document's own blocks, read and written by @bufbuild/protobuf.
// node enrolled-client.ts PORT PIN DEVICE COUNT, and the token on standard input.
import { createHash, randomBytes, webcrypto, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { text } from 'node:stream/consumers'
import { connect } from 'node:tls'
import 'reflect-metadata'
import {
  create,
  createFileRegistry,
  type DescMessage,
  fromBinary,
  type Message,
  toBinary,
} from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509'
import protobufjs from 'protobufjs'
import 'protobufjs/ext/descriptor/index.js'
import { WebSocket } from 'ws'

const [port = '', pin = '', deviceId = '', countText = ''] = process.argv.slice(2)
const count = Number(countText)
const token = (await text(process.stdin)).trim()
const HOST = '127.0.0.1'
type Fields = Message & Record<string, unknown>

/** What fails ends the client: it has nothing to put in order. */
function fail(why: string): never {
  console.log(`refused: ${why}`)
  process.exit(1)
}

// The document's messages, without another word: parsed once for their descriptors, and nothing else is asked of that parser.
const document = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8')
const proto = [...document.matchAll(/^```proto\n(.*?)^```$/gms)]
  .map(([, block]) => block)
  .join('\n')
const { root } = protobufjs.parse(proto, { keepCase: true })
root.resolveAll()
// What its descriptor extension adds is in no types.
const { descriptor } = protobufjs as unknown as {
  descriptor: { FileDescriptorSet: { encode(set: unknown): { finish(): Uint8Array } } }
}
const { FileDescriptorSet } = descriptor
type Described = { file: { messageType: { field: { typeName?: string }[] }[] }[] }
const set = (root as unknown as { toDescriptor(edition: string): Described }).toDescriptor('proto3')
// It names types as they stand in the text; descriptors want them from the root.
for (const { field } of set.file.flatMap(({ messageType }) => messageType))
  for (const one of field) if (one.typeName) one.typeName = `.freshet.v1.${one.typeName}`
const registry = createFileRegistry(
  fromBinary(FileDescriptorSetSchema, FileDescriptorSet.encode(set).finish()),
)
const schema = (name: string): DescMessage =>
  registry.getMessage(`freshet.v1.${name}`) ?? fail(`the document has no message ${name}`)
const written = (name: string, fields: Record<string, unknown>): Uint8Array =>
  toBinary(schema(name), create(schema(name), fields as never))
const read = (name: string, bytes: Uint8Array): Fields => fromBinary(schema(name), bytes)

const pem = (der: Uint8Array): string => {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}
const pinOf = ({ publicKey }: X509Certificate): string =>
  createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')

/** Enrolment, 1: whose authority has the pin, on a connection over which nothing is said. */
async function authorityByPin(): Promise<string> {
  const socket = connect({
    ...{ host: HOST, port: Number(port), minVersion: 'TLSv1.3', rejectUnauthorized: false },
    ALPNProtocols: ['http/1.1'],
  })
  await once(socket, 'secureConnect')
  const chain: X509Certificate[] = []
  for (let one = socket.getPeerCertificate(true); one?.raw && chain.length < 10; ) {
    chain.push(new X509Certificate(one.raw))
    one = one.issuerCertificate === one ? (undefined as never) : one.issuerCertificate
  }
  socket.destroy()
  const found = chain.find((one) => one.ca && pinOf(one) === pin)
  return found?.toString() ?? fail('no authority in its chain has the pin')
}

async function csr(keys: webcrypto.CryptoKeyPair): Promise<Uint8Array> {
  const made = await Pkcs10CertificateRequestGenerator.create(
    {
      name: [{ CN: [deviceId] }],
      keys,
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    },
    webcrypto,
  )
  return new Uint8Array(made.rawData)
}

/** Enrolment, 2 and 3. */
async function enrolled(authority: string, body: Uint8Array): Promise<Fields> {
  const asked = request({
    ...{ host: HOST, port, ca: authority, minVersion: 'TLSv1.3', method: 'POST', agent: false },
    // It may be one that the authority before it has signed, and is believed as it stands.
    allowPartialTrustChain: true,
    path: '/v1/enroll',
    headers: { 'Content-Type': 'application/x-protobuf', 'Content-Length': body.length },
  })
  asked.end(body)
  const [response] = await once(asked, 'response')
  const parts: Buffer[] = []
  for await (const part of response) parts.push(part)
  const answer = Buffer.concat(parts)
  if (response.statusCode === 200) return read('EnrollResponse', answer)
  return fail(`${response.statusCode} ${(JSON.parse(answer.toString()) as { code: string }).code}`)
}

const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
  'sign',
  'verify',
])
const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey))
const key = `-----BEGIN PRIVATE KEY-----\n${pkcs8.toString('base64')}\n-----END PRIVATE KEY-----\n`
const hardware = createHash('sha256').update(`hardware of ${deviceId}`).digest()
const host = { hostname: 'stranger', os: 'linux', bootId: 'a-boot' }
const authority = await authorityByPin()
const given = await enrolled(
  authority,
  written('EnrollRequest', {
    ...{ token, hardware, host, request: await csr(keys), agentVersion: '0.0.1' },
  }),
)
const authorities = (given['authorities'] as Uint8Array[]).map(pem)

/** UUIDv7. */
function itemId(): Uint8Array {
  const id = randomBytes(16)
  id.writeUIntBE(Date.now(), 0, 6)
  id[6] = 0x70 | ((id[6] as number) & 0x0f)
  id[8] = 0x80 | ((id[8] as number) & 0x3f)
  return id
}
const nowNs = (): bigint => BigInt(Date.now()) * 1_000_000n
const alert = (number: number) => ({
  alertId: number.toString(16).padStart(32, '0'),
  ...{ revision: 1, state: 3, severity: 2, score: 50, sentence: `number ${number}` },
  ...{ openedAtNs: nowNs(), updatedAtNs: nowNs(), bytesOut: BigInt(number), flows: 1 },
  identity: { key: 'unsigned:sha256:stranger', signerClass: 'unsigned', name: 'stranger' },
  destination: { key: '203.0.113.0/24:443', address: '203.0.113.7', port: 443, protocol: 6 },
  largestFlow: { bytesOut: BigInt(number) },
  timeline: { startAtNs: nowNs(), bucketMs: 1000 },
})

const socket = new WebSocket(`wss://${HOST}:${port}/v1/stream`, 'freshet.v2', {
  ...{ ca: authorities, key, cert: pem(given['certificate'] as Uint8Array) },
  ...{ minVersion: 'TLSv1.3', ALPNProtocols: ['freshet-agent'], perMessageDeflate: false },
})
const send = (kind: string, value: Record<string, unknown>) =>
  socket.send(
    written('Envelope', {
      body: { case: kind, value: create(schema(nameOf(kind)), value as never) },
    }),
  )
const nameOf = (kind: string): string => kind.charAt(0).toUpperCase() + kind.slice(1)
socket.once('unexpected-response', (_, response) => fail(`${response.statusCode}`))
socket.once('error', (error) => fail(error.message))
socket.once('open', () =>
  send('hello', {
    ...{ deviceId, agentVersion: '0.0.1', sentAtNs: nowNs(), capabilities: 8n, host, hardware },
    outboxId: randomBytes(16),
  }),
)
let acknowledged = 0
socket.on('message', (data: Buffer) => {
  const { case: kind, value } = read('Envelope', data)['body'] as { case: string; value: Fields }
  if (kind === 'welcome') {
    const credit = value['creditItems'] as number
    const capabilities = value['capabilities'] as bigint
    if (credit < count || (capabilities & 8n) === 0n) fail(`credit ${credit}, ${capabilities}`)
    const items = Array.from({ length: count }, (_, index) =>
      create(schema('Item'), {
        ...{ id: itemId(), sequence: BigInt(index + 1), atNs: nowNs() },
        content: { case: 'alert', value: create(schema('Alert'), alert(index + 1) as never) },
      }),
    )
    send('batch', { items })
  } else if (kind === 'ack') {
    acknowledged = Number(value['throughSequence'])
    if ((value['rejects'] as Fields[]).length > 0)
      fail(String((value['rejects'] as Fields[])[0]?.['reason']))
    if (acknowledged === count) void csr(keys).then((asked) => send('renew', { request: asked }))
  } else if (kind === 'renewed') {
    const renewed = new X509Certificate(value['certificate'] as Uint8Array)
    const isGood =
      renewed.subject === `CN=${deviceId}` &&
      renewed.verify(new X509Certificate(authorities[0] as string).publicKey)
    console.log(
      `${acknowledged} alerts acknowledged, in the group ${given['group']}, renewed: ${isGood}`,
    )
    send('goodbye', { reason: 'done' })
    socket.close()
  } else if (kind === 'goodbye') fail(String(value['reason']))
})
