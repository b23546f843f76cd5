// A certificate for 127.0.0.1, made for one test and gone with it: no key lies in the repository.
import { generateKeyPairSync, sign } from 'node:crypto'

const TAG = {
  boolean: 1,
  integer: 2,
  bits: 3,
  octets: 4,
  oid: 6,
  utf8: 12,
  utc: 23,
  sequence: 0x30,
  set: 0x31,
}
const OID = {
  commonName: [0x55, 0x04, 0x03],
  ecdsaWithSha256: [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
  basicConstraints: [0x55, 0x1d, 0x13],
  subjectAltName: [0x55, 0x1d, 0x11],
}

/** X.690 DER: tag, length, content. */
function der(tag: number, ...parts: (Buffer | number[])[]): Buffer {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)))
  const { length } = content
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

/** PEM texts: a self-signed v3 certificate (RFC 5280, section 4.1), valid for a day, and its P-256 key. */
export function makeCertificate(nowMs: number): { cert: string; key: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = der(TAG.sequence, der(TAG.oid, OID.ecdsaWithSha256))
  const name = der(
    TAG.sequence,
    der(
      TAG.set,
      der(
        TAG.sequence,
        der(TAG.oid, OID.commonName),
        der(TAG.utf8, [...Buffer.from('freshet test')]),
      ),
    ),
  )
  const time = (ms: number) => {
    const text = new Date(ms).toISOString().replace(/[-:T]/g, '').slice(2, 14)
    return der(TAG.utc, [...Buffer.from(`${text}Z`)])
  }
  const extension = (oid: number[], value: Buffer, critical: boolean) =>
    der(
      TAG.sequence,
      der(TAG.oid, oid),
      ...(critical ? [der(TAG.boolean, [0xff])] : []),
      der(TAG.octets, value),
    )
  const extensions = der(
    TAG.sequence,
    extension(OID.basicConstraints, der(TAG.sequence, der(TAG.boolean, [0xff])), true),
    // [7] iPAddress
    extension(OID.subjectAltName, der(TAG.sequence, der(0x87, [127, 0, 0, 1])), false),
  )
  const body = der(
    TAG.sequence,
    der(0xa0, der(TAG.integer, [2])),
    der(TAG.integer, [1]),
    algorithm,
    name,
    der(TAG.sequence, time(nowMs - 3_600_000), time(nowMs + 86_400_000)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, extensions),
  )
  const signature = der(TAG.bits, [0], sign('sha256', body, privateKey))
  const cert = der(TAG.sequence, body, algorithm, signature).toString('base64')
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${cert.replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}
