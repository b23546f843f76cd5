// The frame around every page: who is connected, where one can go, what is missing.
import { useEffect } from 'preact/hooks'
import { AlertPage } from './alert.tsx'
import { AlertsPage } from './alerts.tsx'
import { agoText, countText, visible } from './format.ts'
import { installFound } from './found.ts'
import { IdentitiesPage } from './identities.tsx'
import { IdentityPage } from './identity-page.tsx'
import { installKeys } from './keys.ts'
import { MachinePage } from './machine.tsx'
import { installOpened } from './opened.ts'
import { Cut } from './parts.tsx'
import { ignoredIn, type Route, routeHash } from './route.ts'
import { installRows } from './rows.ts'
import { SessionForm } from './session.tsx'
import {
  alerts,
  announcement,
  connection,
  degraded,
  devices,
  identities,
  loaded,
  nowMs,
  route,
} from './state.ts'
import { reportingText } from './words.ts'

export function Page() {
  useEffect(installKeys, [])
  useEffect(installRows, [])
  useEffect(installFound, [])
  useEffect(installOpened, [])
  const link = connection.value
  if (link.is === 'signed_out') return <SessionForm why={link.why} />
  return (
    <>
      <button type="button" class="skip" onClick={toMain}>
        To the content
      </button>
      <Header />
      <LostBanner />
      <DegradedBanner />
      <main id="main" tabIndex={-1}>
        {loaded.value ? (
          <>
            <Ignored />
            <Content route={route.value} />
          </>
        ) : (
          <p class="quiet loading">Loading …</p>
        )}
      </main>
      <KeysFooter />
      <p class="unseen" aria-live="polite" role="status">
        {announcement.value}
      </p>
    </>
  )
}

/** A button, not a link: the address is the state, so `#main` must not get into it. */
const toMain = (): void => document.getElementById('main')?.focus({ preventScroll: true })

/** Of the address as it is when the route is drawn: a choice on the page writes it anew. */
function Ignored() {
  const ignored = ignoredIn(location.hash)
  if (ignored.length === 0) return null
  const shown = ignored.slice(0, IGNORED_SHOWN)
  return (
    <p class="notice" role="status">
      The address has{' '}
      {shown.map(([name, value], index) => (
        <>
          {index > 0 && ', '}
          <code>
            <Cut text={visible(`${name}=${value}`)} max={60} />
          </code>
        </>
      ))}
      {ignored.length > shown.length && ` and ${ignored.length - shown.length} more`}, which means
      nothing to this page: what is shown is the same without it.
    </p>
  )
}

const IGNORED_SHOWN = 5

function Content({ route: at }: { route: Route }) {
  useEffect(() => {
    document.title = `${titleOf(at)} · Freshet`
    // What was focused is gone with its page; the list puts the focus on the row one came from.
    if (document.activeElement === document.body) toMain()
    if (at.page !== 'alerts') scrollTo(0, 0)
  }, [at.page, routeKey(at)])
  if (at.page === 'alerts') return <AlertsPage at={at} />
  if (at.page === 'alert')
    return <AlertPage id={at.id} deviceId={at.deviceId} key={`${at.id} ${at.deviceId}`} />
  if (at.page === 'identity')
    return <IdentityPage deviceId={at.deviceId} identityKey={at.key} key={routeKey(at)} />
  if (at.page === 'identities') return <IdentitiesPage query={at.query} />
  if (at.page === 'machine') return <MachinePage />
  return <Nowhere address={at.address} />
}

function Nowhere({ address }: { address: string }) {
  return (
    <div class="nothing">
      <h1>There is no such page</h1>
      <p>
        <code>
          <Cut text={visible(`#${address}`)} max={120} />
        </code>{' '}
        names none of this collector’s pages. <a href="#/alerts">Go to the alerts</a>
      </p>
    </div>
  )
}

const titleOf = (at: Route): string =>
  ({
    alerts: 'Alerts',
    alert: 'Alert',
    identities: 'Identities',
    identity: 'Identity',
    machine: 'Machine',
    nowhere: 'No such page',
  })[at.page]

/** What one page shows one of: another of it is another page. */
const routeKey = (at: Route): string =>
  at.page === 'alert' ? at.id : at.page === 'identity' ? `${at.deviceId} ${at.key}` : ''

function Header() {
  const here = route.value.page
  return (
    <header class="top">
      <a class="brand" href="#/alerts">
        <img src="/icon.svg" alt="" width="22" height="22" />
        Freshet
      </a>
      <nav aria-label="Pages">
        <NavLink
          to={{ page: 'alerts', severity: undefined, query: '' }}
          here={here === 'alerts' || here === 'alert'}
          name="Alerts"
          count={alerts.value.total}
        />
        <NavLink
          to={{ page: 'identities', query: '' }}
          here={here === 'identities' || here === 'identity'}
          name="Identities"
          count={identities.value.total}
        />
        <NavLink to={{ page: 'machine' }} here={here === 'machine'} name="Machine" />
      </nav>
      <ConnectionMark />
    </header>
  )
}

function NavLink(props: { to: Route; here: boolean; name: string; count?: number }) {
  return (
    <a href={routeHash(props.to)} aria-current={props.here ? 'page' : undefined}>
      {props.name}
      {props.count !== undefined && loaded.value && (
        <span class="count">{countText(props.count)}</span>
      )}
    </a>
  )
}

function ConnectionMark() {
  const link = connection.value
  if (link.is === 'live') {
    const { text, isWhole } = reportingText(devices.value)
    return (
      <p class={`link ${isWhole ? 'good' : 'warn'}`}>
        <span class="dot" aria-hidden="true" />
        {text}
      </p>
    )
  }
  return (
    <p class="link bad">
      <span class="dot" aria-hidden="true" />
      {link.is === 'lost' ? 'Disconnected' : 'Connecting …'}
    </p>
  )
}

function LostBanner() {
  const link = connection.value
  if (link.is !== 'lost') return null
  const seconds = Math.max(0, Math.ceil((link.retryAtMs - nowMs.value) / 1000))
  return (
    <div class="banner bad" role="alert">
      <strong>Connection lost.</strong> {link.why} What is shown may be old. Trying again
      {seconds > 0 ? ` in ${seconds} s` : ''} …
    </div>
  )
}

function DegradedBanner() {
  if (degraded.value.length === 0) return null
  return (
    <section class="banner warn" aria-label="Missing telemetry">
      {degraded.value.slice(0, 3).map((device) => (
        <p key={device.id}>
          <strong>{device.hostname} sees less than it should.</strong> {device.live?.degraded}
        </p>
      ))}
      {degraded.value.length > 3 && (
        <p>
          and {degraded.value.length - 3} more: see <a href="#/machine">Machine</a>
        </p>
      )}
    </section>
  )
}

function KeysFooter() {
  const newest = devices.value.flatMap((device) => (device.live ? [device.live.at] : [])).sort()
  return (
    <footer class="keys">
      <span>
        <kbd>j</kbd> <kbd>k</kbd> move
      </span>
      <span>
        <kbd>Enter</kbd> open
      </span>
      <span>
        <kbd>Esc</kbd> back
      </span>
      <span>
        <kbd>/</kbd> search
      </span>
      {newest.length > 0 && (
        <span class="last">last report {agoText(newest.at(-1) as string, nowMs.value)}</span>
      )}
    </footer>
  )
}
