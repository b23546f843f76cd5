/** Why a document is not taken: part of the protocol (docs/protocol.md). */
export type PolicyFaultCode =
  | 'no-key'
  | 'malformed'
  | 'too-large'
  | 'key-unknown'
  | 'signature'
  | 'kind-not-allowed'
  | 'version-old'
  | 'version-reused'
  | 'version-leap'
  | 'other-target'
  | 'expired'
  | 'early'
  | 'agent-old'
  | 'content'
  | 'too-wide'
  | 'delegation-missing'
  | 'delegation-bounds'
  | 'not-kept'

/** A document that is refused whole; the message is what a person is told, without its subject. */
export class PolicyFault extends Error {
  override readonly name = 'PolicyFault'
  readonly code: PolicyFaultCode
  constructor(code: PolicyFaultCode, text: string, options?: ErrorOptions) {
    super(text, options)
    this.code = code
  }
}
