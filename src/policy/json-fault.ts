// Where a text stops being JSON: what the parser says of it has a place at times only.

const TOKEN =
  /("(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)|([{}[\],:])/y
const BLANKS = /[ \t\n\r]*/y

/** What may come next. first: a value, or the end of the list or object that has just begun. */
type Next = 'value' | 'first value' | 'name' | 'first name' | 'colon' | 'after'

/** From 1, of the first character that cannot stand where it does; undefined: it is JSON to its end. */
export function jsonFault(text: string): { line: number; column: number } | undefined {
  const open: ('{' | '[')[] = []
  let next: Next = 'value'
  let at = skipped(text, 0)
  for (; at < text.length; at = skipped(text, at)) {
    TOKEN.lastIndex = at
    const [whole, scalar, mark] = TOKEN.exec(text) ?? []
    if (whole === undefined) return placeOf(text, at)
    const then = following(next, open, scalar, mark)
    if (then === undefined) return placeOf(text, at)
    next = then
    at += whole.length
  }
  return open.length === 0 && next === 'after' ? undefined : placeOf(text, text.length)
}

/** What may come after a token, where it may stand; `open` gains and loses what it begins and ends. */
function following(
  next: Next,
  open: ('{' | '[')[],
  scalar: string | undefined,
  mark: string | undefined,
): Next | undefined {
  const inside = open.at(-1)
  const isValue = next === 'value' || next === 'first value'
  if (scalar !== undefined) {
    if (isValue) return 'after'
    return next.endsWith('name') && scalar.startsWith('"') ? 'colon' : undefined
  }
  if ((mark === '{' || mark === '[') && isValue) {
    open.push(mark)
    return mark === '{' ? 'first name' : 'first value'
  }
  if (mark === ':' && next === 'colon') return 'value'
  if (mark === ',' && next === 'after' && inside) return inside === '{' ? 'name' : 'value'
  const ends = mark === '}' ? '{' : mark === ']' ? '[' : undefined
  if (ends === undefined || inside !== ends) return undefined
  if (next !== 'after' && !next.startsWith('first')) return undefined
  open.pop()
  return 'after'
}

function skipped(text: string, at: number): number {
  BLANKS.lastIndex = at
  BLANKS.test(text)
  return BLANKS.lastIndex
}

function placeOf(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at)
  const line = before.split('\n').length
  return { line, column: at - before.lastIndexOf('\n') }
}
