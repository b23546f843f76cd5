import './style.css'
import { render } from 'preact'
import { connect, signIn } from './feed.ts'
import { Page } from './page.tsx'
import { keyOf, parseRoute } from './route.ts'
import { connection, nowMs, route } from './state.ts'

async function begin(): Promise<void> {
  const key = keyOf(location.hash)
  route.value = parseRoute(key === undefined ? location.hash : '')
  render(<Page />, document.getElementById('page') as HTMLElement)
  if (key === undefined) return connect()
  // Out of the address and the history before anything else can see it.
  history.replaceState(null, '', '#/alerts')
  try {
    await signIn(key)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    connection.value = { is: 'signed_out', why: `The key in the address was refused. ${why}` }
  }
}

window.addEventListener('hashchange', () => {
  if (keyOf(location.hash) !== undefined) location.reload()
  else route.value = parseRoute(location.hash)
})
window.addEventListener('popstate', () => {
  route.value = parseRoute(location.hash)
})
setInterval(() => {
  nowMs.value = Date.now()
}, 1000)
void begin()
