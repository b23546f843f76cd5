import './style.css'
import { render } from 'preact'
import { connect, signOut } from './feed.ts'
import { arrive } from './found.ts'
import { Page } from './page.tsx'
import { heldKey, joinTabs, keepKey } from './page-key.ts'
import { keyOf, parseRoute } from './route.ts'
import { nowMs, route } from './state.ts'

/** Out of the address and the history before anything else can see it. */
function takeKey(): void {
  const key = keyOf(location.hash)
  if (key === undefined) return
  keepKey(key)
  history.replaceState(null, '', '#/alerts')
}

async function begin(): Promise<void> {
  takeKey()
  route.value = parseRoute(location.hash)
  render(<Page />, document.getElementById('page') as HTMLElement)
  await joinTabs(connect)
  if (heldKey() === undefined) signOut()
}

window.addEventListener('hashchange', () => {
  const isKey = keyOf(location.hash) !== undefined
  takeKey()
  arrive(parseRoute(location.hash))
  if (isKey) connect()
})
window.addEventListener('popstate', () => arrive(parseRoute(location.hash)))
setInterval(() => {
  nowMs.value = Date.now()
}, 1000)
void begin()
