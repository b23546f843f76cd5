// The machines that report here: what each sees, what it lost, what moves at the moment.
import type {
  DeviceInfo,
  HealthInfo,
  LiveFlowInfo,
  LiveInfo,
  LiveSourcesInfo,
} from '../page-api.ts'
import { Enrolment, Roster } from './fleet.tsx'
import { barText, byteRateText, bytesText, countText, mostBytes, rateText } from './format.ts'
import { Age, Clock, Cut, Figure, Spark, Volumes } from './parts.tsx'
import { type Counter, rates, recentRate } from './rates.ts'
import { exactly, routeHash } from './route.ts'
import { devices, health, samples } from './state.ts'
import { AlertsAround, Unseen } from './unseen.tsx'
import { Mirrored } from './watching.tsx'
import { connectionText, isReplayed, silenceText } from './words.ts'

/** Machines shown with all their counters at once. */
const SHOWN_MAX = 50

export function MachinePage() {
  return (
    <>
      <div class="tools">
        <h1>{devices.value.length === 1 ? 'Machine' : 'Machines'}</h1>
      </div>
      {devices.value.length === 0 && (
        <p class="nothing">
          No machine has reported to this collector yet. Start one with <code>freshet agent</code>.
        </p>
      )}
      <Roster />
      {devices.value.slice(0, SHOWN_MAX).map((device) => (
        <Device key={device.id} device={device} />
      ))}
      {devices.value.length > SHOWN_MAX && (
        <p class="rest">
          The first {SHOWN_MAX} of {countText(devices.value.length)} machines by name are shown.
        </p>
      )}
      <HealthEvents events={health.value} />
    </>
  )
}

function Device({ device }: { device: DeviceInfo }) {
  const { live } = device
  const id = `device-${device.id}`
  return (
    <section class="panel device" aria-labelledby={id}>
      <header>
        <h2 id={id}>
          <Cut text={device.hostname} max={60} />
        </h2>
        <p class={`link ${device.connected ? 'good' : isReplayed(device) ? '' : 'bad'}`}>
          <span class="dot" aria-hidden="true" />
          {connectionText(device)}
          {live && (
            <>
              {', last report '}
              <Age at={live.at} ago />
            </>
          )}
        </p>
        <p class="quiet">
          {[
            `${device.os} ${device.osVersion}`,
            device.arch,
            device.hardware,
            `agent ${device.agentVersion}`,
          ]
            .filter((part) => part.trim() !== '')
            .join(' · ')}
        </p>
        <p class="ways">
          <a
            href={routeHash({
              page: 'alerts',
              severity: undefined,
              query: exactly('host', device.id),
              status: 'all',
            })}
          >
            Its alerts
          </a>
          <a href={routeHash({ page: 'identities', query: exactly('host', device.id) })}>
            Its programs
          </a>
        </p>
      </header>
      <Enrolment device={device} />
      <Silence device={device} />
      {live && live.degraded !== '' && devices.value.length > 1 && (
        <p class="banner warn">
          <strong>Sees less than it should.</strong> {live.degraded}
        </p>
      )}
      {live?.sources && <Sources sources={live.sources} hostname={device.hostname} />}
      {live ? (
        <>
          <Counters device={device} live={live} />
          <Mirrored bytesOut={live.bytesOut} bytesIn={live.bytesIn} />
          <div class="pair">
            <Losses device={device} live={live} />
            <TopFlows flows={live.top} />
          </div>
        </>
      ) : (
        <p class="quiet">
          {isReplayed(device)
            ? 'It is a recording that was replayed: it has no counters, and does not report again.'
            : 'It has sent no counters since this collector started.'}
        </p>
      )}
      {!isReplayed(device) && <Unseen device={device} />}
    </section>
  )
}

function Silence({ device }: { device: DeviceInfo }) {
  const text = silenceText(device)
  if (text === '' || !device.silence) return null
  return (
    <p class="banner warn">
      <strong>{text}</strong>, since <Clock at={device.silence.since} />.{' '}
      {device.silence.of === 'flows'
        ? 'Programs start on it: its network filter may be off, or held up.'
        : 'It is connected and tells of no program and no flow.'}
    </p>
  )
}

/** A Mac's own words of who tells of its programs and of its flows. */
function Sources({ sources, hostname }: { sources: LiveSourcesInfo; hostname: string }) {
  return (
    <section class="sources" aria-label={`Sources of ${hostname}`}>
      {sources.text.map((sentence) => (
        <p key={sentence} class="quiet">
          {sentence.replaceAll('`', '')}
        </p>
      ))}
    </section>
  )
}

function Counters({ device, live }: { device: DeviceInfo; live: LiveInfo }) {
  const held = samples.value.get(device.id) ?? []
  const spark = (counter: Counter, name: string) => (
    <Spark values={rates(held, counter)} name={name} />
  )
  return (
    <dl class="figures">
      <Figure
        name="Programs started"
        value={countText(live.execs)}
        more={`${rateText(recentRate(held, 'execs'))} · ${countText(live.processes)} alive`}
      >
        {spark('execs', 'Programs started a second')}
      </Figure>
      <Figure
        name="Network flows"
        value={countText(live.flows)}
        more={`${rateText(recentRate(held, 'flows'))} · ${countText(live.openFlows)} open`}
      >
        {spark('flows', 'Flows opened a second')}
      </Figure>
      <Figure
        name="Bytes out"
        value={bytesText(live.bytesOut)}
        more={byteRateText(recentRate(held, 'bytesOut'))}
      >
        {spark('bytesOut', 'Bytes out a second')}
      </Figure>
      <Figure
        name="Bytes in"
        value={bytesText(live.bytesIn)}
        more={byteRateText(recentRate(held, 'bytesIn'))}
      >
        {spark('bytesIn', 'Bytes in a second')}
      </Figure>
      <Figure
        name="Records read"
        value={countText(live.records)}
        more={rateText(recentRate(held, 'records'))}
      >
        {spark('records', 'Records read a second')}
      </Figure>
      <Figure
        name="Programs known"
        value={countText(live.identities)}
        more={`${countText(live.alerts)} ${live.alerts === 1 ? 'alert' : 'alerts'} opened`}
      />
    </dl>
  )
}

function Losses({ device, live }: { device: DeviceInfo; live: LiveInfo }) {
  const share = live.flows === 0 ? 0 : (live.unattributedFlows / live.flows) * 100
  const rows: [name: string, value: string, bad: boolean][] = [
    ['Records lost', countText(live.lost), live.lost > 0],
    [
      'Flows without a program',
      `${countText(live.unattributedFlows)} (${share.toFixed(share > 0 && share < 0.1 ? 2 : 1)} %)`,
      live.unattributedFlows > 0,
    ],
    ['Waiting to be delivered', countText(live.outboxItems), false],
    ['Given up before delivery', countText(live.outboxEvicted), live.outboxEvicted > 0],
  ]
  return (
    <section aria-label="What was missed">
      <h3>What was missed</h3>
      <table class="plain">
        <tbody>
          {rows.map(([name, value, bad]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td class={`right number${bad ? ' loss' : ''}`}>{value}</td>
            </tr>
          ))}
          <tr>
            <th scope="row">First heard of</th>
            <td class="right">
              <Clock at={device.firstSeenAt} />
            </td>
          </tr>
          <tr>
            <th scope="row">Last heard of</th>
            <td class="right">
              <Clock at={device.lastSeenAt} />
            </td>
          </tr>
        </tbody>
      </table>
    </section>
  )
}

function TopFlows({ flows }: { flows: readonly LiveFlowInfo[] }) {
  const most = mostBytes(flows)
  return (
    <section aria-label="Moving at this moment">
      <h3>Moving at this moment</h3>
      {flows.length === 0 ? (
        <p class="quiet">Nothing moved in the last interval.</p>
      ) : (
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">Program</th>
              <th scope="col" class="roomy">
                Destination
              </th>
              <th scope="col" title={barText(most)}>
                Out and in
              </th>
            </tr>
          </thead>
          <tbody>
            {flows.map((flow, index) => (
              <tr key={`${index} ${flow.name} ${flow.destination}`}>
                <td>
                  <Cut text={flow.name} max={28} />
                  <p class="meta phone">
                    to <Cut text={flow.destination} max={36} mono />
                  </p>
                </td>
                <td class="roomy">
                  <Cut text={flow.destination} max={36} mono />
                </td>
                <td class="volumes">
                  <Volumes bytesOut={flow.bytesOut} bytesIn={flow.bytesIn} most={most} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

function HealthEvents({ events }: { events: readonly HealthInfo[] }) {
  const hosts = new Map(devices.value.map((device) => [device.id, device.hostname]))
  return (
    <section class="panel" aria-labelledby="health">
      <h2 id="health">Health events</h2>
      {events.length === 0 ? (
        <p class="quiet">None reported.</p>
      ) : (
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col" class="roomy">
                Host
              </th>
              <th scope="col" class="roomy">
                Kind
              </th>
              <th scope="col">What</th>
              <th scope="col" class="right roomy">
                Count
              </th>
            </tr>
          </thead>
          <tbody>
            {events.map((event, index) => (
              <tr key={`${event.deviceId} ${event.at} ${index}`}>
                <td>
                  <AlertsAround event={event} />
                </td>
                <td class="roomy">
                  <Cut text={hosts.get(event.deviceId) ?? event.deviceId} max={24} />
                </td>
                <td class="roomy">{event.kind}</td>
                <td class="text">
                  {event.text}
                  <p class="meta phone">
                    <Cut text={hosts.get(event.deviceId) ?? event.deviceId} max={24} />,{' '}
                    {event.kind}, count {countText(event.count)}
                  </p>
                </td>
                <td class="right number roomy">{countText(event.count)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}
