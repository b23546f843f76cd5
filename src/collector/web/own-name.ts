// The name that a person typed once, kept in this browser. Where it may keep nothing, it is asked for each time.
const KEY = 'freshet.name'

export function ownName(): string {
  try {
    return localStorage.getItem(KEY) ?? ''
  } catch {
    return ''
  }
}

export function rememberName(name: string): void {
  try {
    localStorage.setItem(KEY, name)
  } catch {
    // A browser may forbid it: the name is typed again then.
  }
}
