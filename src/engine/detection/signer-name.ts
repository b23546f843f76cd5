// Whether a destination is called like who signed the program: `backblaze.com` and "Backblaze, Inc.", or `com.backblaze.bzbmenu`.
import { quoted } from '../../printable.ts'
import { registryDomain } from '../destination/registered-domain.ts'

/** Of what kind an organisation is, in the words that stand behind names. */
const KINDS: ReadonlySet<string> = new Set(
  (
    'inc incorporated llc ltd limited corp corporation co company gmbh ag kg ug ohg mbh sa sas sarl srl spa bv nv ab as aps ' +
    'oy oyj sro kft zrt doo pty pte plc lp llp kk the'
  ).split(' '),
)
/** A first word alone is the name from here on: shorter ones are many makers'. */
const WORD_LETTERS_MIN = 5
/** First words that say what is made, and not by whom: a domain of that name is anybody's. */
const COMMON: ReadonlySet<string> = new Set(
  (
    'apple software systems digital global cloud media network networks mobile secure security smart simple super online open ' +
    'internet computer creative design studio games general group international american european united first data tech technology ' +
    'technologies solutions services service labs world green black white'
  ).split(' '),
)

/** Lower-case words without accents and marks; a kind of organisation at the end, or "the", is none of them. */
function wordsOf(organisation: string): string[] {
  const words = organisation
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[.'’]/g, '')
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
  while (words.length > 1 && KINDS.has(words.at(-1) as string)) words.pop()
  if (words.length > 1 && words[0] === 'the') words.shift()
  return words
}

/** `label`: what of a registered domain its owner chose. */
export function isNamedLike(label: string, organisation: string): boolean {
  const words = wordsOf(organisation)
  const plain = label.toLowerCase().replaceAll('-', '')
  if (plain === '' || words.length === 0) return false
  if (plain === words.join('')) return plain.length >= 3
  const [first = ''] = words
  return plain === first && first.length >= WORD_LETTERS_MIN && !COMMON.has(first)
}

/**
 * What the domain of `hostname` and the signer have in common, as a clause; undefined: nothing. Both are what somebody registered,
 * the organisation with Apple and the domain with a registry; a signing id is what the program's maker wrote. REQUIRES: the
 * signature holds.
 */
export function signerNameText(
  hostname: string,
  organisation: string,
  signingId: string,
): { by: 'organisation' | 'signingId'; text: string } | undefined {
  const found = hostname === '' ? undefined : registryDomain(hostname)
  if (found === undefined) return undefined
  const { domain, label } = found
  if (isNamedLike(label, organisation))
    return {
      by: 'organisation',
      text: `${quoted(domain)} is called like who signed it, ${quoted(organisation)}`,
    }
  const reversed = signingId.split('.').reverse().join('.')
  if (registryDomain(reversed.toLowerCase())?.domain !== domain.toLowerCase()) return undefined
  return {
    by: 'signingId',
    text: `${quoted(domain)} is the domain that its signing id ${quoted(signingId)} begins with`,
  }
}
