// The keyboard: j and k move over rows (or over alerts, when one is shown), / searches, Escape goes back.
// Enter is the browser's own: the focused row is a link, or the button that opens a group.
import { listedAlerts } from './found.ts'
import { alertRoute, type OfDevice, type Route } from './route.ts'
import { go, lastIdentities, lastList, lastRow, route } from './state.ts'

/** Listens until the returned function is called. */
export function installKeys(): () => void {
  document.addEventListener('keydown', onKey)
  return () => document.removeEventListener('keydown', onKey)
}

function onKey(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
  const target = event.target as HTMLElement
  const writing = target.matches('input, textarea, select')
  if (event.key === 'Escape') leave(writing ? target : undefined)
  else if (writing) return
  else if (event.key === '/') {
    const search = document.querySelector<HTMLInputElement>('input[type=search]')
    if (!search) return
    search.focus()
    search.select()
  } else if (event.key === 'j') move(1)
  else if (event.key === 'k') move(-1)
  else return
  event.preventDefault()
}

/** Leaves the search, then what one row opened, then a filter. */
function leave(input: HTMLElement | undefined): void {
  const at = route.value
  if (input) input.blur()
  else if (at.page === 'alert') go(lastList.value)
  else if (at.page === 'identity') go(lastIdentities.value)
  else if (at.page === 'alerts' || at.page === 'nowhere')
    go({ page: 'alerts', severity: undefined, query: '' })
  else if (at.page === 'identities') go({ page: 'identities', query: '' })
}

const isAt = ({ id, device }: OfDevice, at: Route & { page: 'alert' }): boolean =>
  id === at.id && (at.deviceId === undefined || device.id === at.deviceId)

function move(step: number): void {
  const at = route.value
  if (at.page === 'alert') {
    const rows = listedAlerts(lastList.value)
    const next = rows[rows.findIndex((row) => isAt(row, at)) + step]
    if (next) go(alertRoute(next), true)
    return
  }
  const rows = [...document.querySelectorAll<HTMLElement>('[data-row]')]
  const present = rows.indexOf(document.activeElement as HTMLElement)
  // The first j goes to the row last looked at, else to the first.
  const first = rows.findIndex((row) => row.dataset.row === lastRow.value)
  const next = present < 0 ? Math.max(0, first) : present + step
  const row = rows[Math.min(rows.length - 1, Math.max(0, next))]
  row?.focus()
  row?.scrollIntoView({ block: 'nearest' })
}
