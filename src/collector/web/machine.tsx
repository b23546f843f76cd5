// The machines that report here: what each sees, what it lost, what moves at the moment.
import type { DeviceInfo, LiveFlowInfo, LiveInfo, LiveSourcesInfo } from '../views/page-api.ts'
import { Enrolment, MachineName, machineName } from './fleet.tsx'
import {
  barText,
  byteRateText,
  bytesText,
  clockText,
  countText,
  mostBytes,
  msOf,
  rateText,
} from './format.ts'
import { HealthEvents } from './health-events.tsx'
import { Age, Clock, Cut, Figure, Fold, Spark, Volumes } from './parts.tsx'
import { type Counter, rates, recentRate } from './rates.ts'
import { Roster } from './roster.tsx'
import { exactly, routeHash } from './route.ts'
import { devices, health, samples } from './state.ts'
import { Unseen } from './unseen.tsx'
import { Mirrored } from './watching.tsx'
import {
  connectionText,
  devicesText,
  isReplayed,
  machinesTitle,
  missedText,
  silenceText,
} from './words.ts'

/** Machines shown with all their counters at once. */
const SHOWN_MAX = 50

export function MachinePage() {
  return (
    <>
      <div class="tools">
        <h1>{machinesTitle(devices.value)}</h1>
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
          The first {SHOWN_MAX} of {devicesText(devices.value)} by name are shown, those that nobody
          has admitted and recordings behind the others.
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
          <MachineName of={device} max={60} />
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
      {live?.sources && <Sources sources={live.sources} hostname={machineName(device)} />}
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
    [
      'Records lost',
      live.lostSince === undefined
        ? countText(live.lost)
        : `${countText(live.lost)} since ${clockText(live.lostSince, msOf(live.at))}`,
      live.lost > 0,
    ],
    [
      'Flows without a program',
      `${countText(live.unattributedFlows)} (${share.toFixed(share > 0 && share < 0.1 ? 2 : 1)} %)`,
      live.unattributedFlows > 0,
    ],
    ['Waiting to be delivered', countText(live.outboxItems), false],
    ['Given up before delivery', countText(live.outboxEvicted), live.outboxEvicted > 0],
  ]
  return (
    <Fold name="What was missed" folded={missedText(live)}>
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
    </Fold>
  )
}

function TopFlows({ flows }: { flows: readonly LiveFlowInfo[] }) {
  const most = mostBytes(flows)
  return (
    <Fold name="Moving at this moment">
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
    </Fold>
  )
}
