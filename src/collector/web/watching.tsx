// What an empty list of alerts says: what is being watched right now, and how to see an alert.
import type { LiveInfo } from '../views/page-api.ts'
import { byteRateText, bytesText, countText, rateText, UNKNOWN } from './format.ts'
import { Figure, Spark } from './parts.tsx'
import { addSeries, type Counter, rates, recentRate, sumOf, sumOfRates } from './rates.ts'
import { devices, samples } from './state.ts'
import { isMirrored, watchedText } from './words.ts'

export function Watching() {
  const reporting = devices.value.filter((device) => device.connected && device.live)
  return (
    <div class="watching">
      <h1>Nothing unusual so far</h1>
      {reporting.length === 0 ? (
        <p class="lead">
          No machine reports to this collector yet. Start the agent with <code>freshet agent</code>,
          or everything on this machine with <code>npm start</code>.
        </p>
      ) : (
        <p class="lead">
          {watchedText(reporting)} An alert appears here when a program that has not been seen
          before sends much and gets little or nothing back.
        </p>
      )}
      <LiveFigures />
      <Mirrored
        bytesOut={sumOf(devices.value, 'bytesOut')}
        bytesIn={sumOf(devices.value, 'bytesIn')}
      />
      <section class="try" aria-labelledby="try">
        <h2 id="try">Try it</h2>
        <p>
          This starts a program the machine has never seen, which uploads 8 MiB to a sink that
          answers next to nothing. Its alert opens here within seconds. (8 MiB are 8,388,608 bytes:
          the figures of this page say 8.39 MB, with 1 MB as 1,000,000 bytes.)
        </p>
        <pre>
          <code>npx freshet simulate upload --mb 8</code>
        </pre>
      </section>
    </div>
  )
}

/** Why out and in are alike, where they are. */
export function Mirrored({ bytesOut, bytesIn }: { bytesOut: number; bytesIn: number }) {
  if (!isMirrored(bytesOut, bytesIn)) return null
  return (
    <p class="quiet mirrored">
      Bytes out and in are nearly alike because connections within the machine are watched too: what
      one of its programs sends, another receives, and both are counted.
    </p>
  )
}

/** Counters of all machines together, live. */
export function LiveFigures() {
  const all = devices.value
  const series = (counter: Counter): number[] =>
    addSeries(all.map((device) => rates(samples.value.get(device.id) ?? [], counter)))
  const rate = (counter: Counter): number | undefined =>
    sumOfRates(all.map(({ id }) => recentRate(samples.value.get(id) ?? [], counter)))
  const isKnown = all.some(({ live }) => live)
  const sum = (counter: keyof LiveInfo, text: (value: number) => string): string =>
    isKnown ? text(sumOf(all, counter)) : UNKNOWN
  return (
    <dl class="figures">
      <Figure
        name="Programs started"
        value={sum('execs', countText)}
        more={rateText(rate('execs'))}
      >
        <Spark values={series('execs')} name="Programs started a second" />
      </Figure>
      <Figure
        name="Network flows"
        value={sum('flows', countText)}
        more={`${rateText(rate('flows'))} · ${sum('openFlows', countText)} open`}
      >
        <Spark values={series('flows')} name="Flows opened a second" />
      </Figure>
      <Figure
        name="Bytes out"
        value={sum('bytesOut', bytesText)}
        more={byteRateText(rate('bytesOut'))}
      >
        <Spark values={series('bytesOut')} name="Bytes out a second" />
      </Figure>
      <Figure
        name="Bytes in"
        value={sum('bytesIn', bytesText)}
        more={byteRateText(rate('bytesIn'))}
      >
        <Spark values={series('bytesIn')} name="Bytes in a second" />
      </Figure>
      <Figure
        name="Records read"
        value={sum('records', countText)}
        more={`${rateText(rate('records'))} · ${sum('lost', countText)} lost`}
      >
        <Spark values={series('records')} name="Records read a second" />
      </Figure>
      <Figure
        name="Programs known"
        value={sum('identities', countText)}
        more={`${sum('processes', countText)} processes alive`}
      />
    </dl>
  )
}
