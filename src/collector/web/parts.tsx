// Small things that every page is made of. Text is always a text node: nothing here makes HTML of a string.
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import type { AlertStateName, NsText, SeverityName } from '../views/page-api.ts'
import {
  ageText,
  agoText,
  barShare,
  bytesExact,
  bytesText,
  clockText,
  isKnown,
  isoText,
  middle,
  signerText,
} from './format.ts'
import { sparkPoints } from './rates.ts'
import { minuteMs, nowMs } from './state.ts'

/** How long ago, ticking; the exact time in its title. `ago`: in words, as a part of a sentence. */
export function Age({ at, ago = false }: { at: NsText; ago?: boolean }) {
  if (!isKnown(at)) return <span class="quiet">unknown</span>
  return (
    <time dateTime={isoText(at)} title={isoText(at)}>
      {ago ? agoText(at, nowMs.value) : ageText(at, nowMs.value)}
    </time>
  )
}

/** Wall time in this browser's zone; UTC to the nanosecond in its title. */
export function Clock({ at, none = 'unknown' }: { at: NsText; none?: string }) {
  if (!isKnown(at)) return <span class="quiet">{none}</span>
  return (
    <time dateTime={isoText(at)} title={isoText(at)}>
      {clockText(at, minuteMs.value)}
    </time>
  )
}

export const Bytes = ({ of }: { of: number }) => (
  <span class="bytes" title={bytesExact(of)}>
    {bytesText(of)}
  </span>
)

/** Foreign text cut in its middle, whole in its title; `bdi` keeps its direction from its neighbours. */
export function Cut({ text, max, mono }: { text: string; max: number; mono?: boolean }) {
  const shown = middle(text, max)
  return (
    <bdi class={mono ? 'mono' : undefined} title={shown === text ? undefined : text}>
      {shown}
    </bdi>
  )
}

const SEVERITY_WORDS: Record<SeverityName, string> = { high: 'High', medium: 'Medium', low: 'Low' }

export const Severity = ({ of }: { of: SeverityName }) => (
  <span class={`severity ${of}`}>{SEVERITY_WORDS[of] ?? of}</span>
)

/** `figuresAt`: when the figures were taken. Until the last they say what was sent at least. */
export const State = ({ of, figuresAt }: { of: AlertStateName; figuresAt: NsText }) =>
  of === 'final' ? (
    <span class="state">Final figures</span>
  ) : (
    <span class="state open">
      <span class="dot" aria-hidden="true" />
      Still sending: at least this much, as of <Clock at={figuresAt} />
    </span>
  )

export const Signer = ({ of }: { of: string }) => (
  <span class={`signer ${of === 'unsigned' || of === 'invalid' || of === 'adhoc' ? 'weak' : ''}`}>
    {signerText(of)}
  </span>
)

/** Bytes out and in as two bars, with the numbers beside them. `most`: of all rows of the list (mostBytes). */
export function Volumes(props: { bytesOut: number; bytesIn: number; most: number }) {
  const { bytesOut, bytesIn, most } = props
  return (
    <>
      <Volume name="out" bytes={bytesOut} share={barShare(bytesOut, most)} />
      <Volume name="in" bytes={bytesIn} share={barShare(bytesIn, most)} />
    </>
  )
}

function Volume({ name, bytes, share }: { name: 'out' | 'in'; bytes: number; share: number }) {
  return (
    <span class={`volume ${name}`} title={bytesExact(bytes)}>
      <span class="what">{name}</span>
      <span class="bar" aria-hidden="true">
        {bytes > 0 && <span style={{ width: `${(share * 100).toFixed(1)}%` }} />}
      </span>
      <span class="number">{bytesText(bytes)}</span>
    </span>
  )
}

/** A rate over the last minutes as a line; the number stands beside it. */
export function Spark({ values, name }: { values: readonly number[]; name: string }) {
  const points = sparkPoints(values, 120, 26)
  const line = points.map((point) => point.join(',')).join(' ')
  return (
    <svg class="spark" viewBox="-1 -2 122 30" preserveAspectRatio="none" role="img">
      <title>{points.length > 1 ? `${name} over the last minute` : `${name}: not known yet`}</title>
      {points.length > 1 && (
        <>
          <line x1={points[0]?.[0]} y1="26" x2="120" y2="26" />
          <polygon points={`${points[0]?.[0]},26 ${line} 120,26`} />
          <polyline points={line} />
        </>
      )}
    </svg>
  )
}

/** A number of weight with its name. */
/** A number that does not fit at the size of the others, where the column is narrow: 1,234,567,890. */
const LONG_NUMBER = /^[\d,]{11,}$/

export function Figure(props: {
  name: string
  value: ComponentChildren
  more?: ComponentChildren
  children?: ComponentChildren
}) {
  const { value } = props
  const isLong = typeof value === 'string' && LONG_NUMBER.test(value)
  return (
    <div class="figure">
      <dt>{props.name}</dt>
      <dd>
        {isLong ? (
          <span class="value long" style={{ '--characters': value.length }}>
            {value}
          </span>
        ) : (
          <span class="value">{value}</span>
        )}
        {props.more !== undefined && <span class="more">{props.more}</span>}
        {props.children}
      </dd>
    </div>
  )
}

/** Copies a text. Where the browser has no clipboard (an address without TLS), it selects it instead. */
export function Copied({ text }: { text: string }) {
  const [done, setDone] = useState('')
  const copy = async (event: MouseEvent): Promise<void> => {
    const shown = (event.currentTarget as HTMLElement).previousElementSibling
    try {
      await navigator.clipboard.writeText(text)
      setDone('Copied')
    } catch {
      if (shown) getSelection()?.selectAllChildren(shown)
      setDone('Selected')
    }
  }
  return (
    <span class="copied">
      <code>{text}</code>
      <button type="button" onClick={(event) => void copy(event)} aria-label={`Copy ${text}`}>
        Copy
      </button>
      <span class="quiet" role="status">
        {done}
      </span>
    </span>
  )
}

/** As narrow.css has it. */
export const isNarrow = (): boolean => matchMedia('(max-width: 40rem)').matches

/** A section that is folded where there is little room, until it is opened. */
export function Fold(props: { name: string; folded?: string; children: ComponentChildren }) {
  const { name, folded, children } = props
  const [isOpen] = useState(() => !isNarrow())
  return (
    <section aria-label={name}>
      <details class="folding" open={isOpen}>
        <summary>
          <h3>{name}</h3>
          {folded && <span class="loss"> {folded}</span>}
        </summary>
        {children}
      </details>
    </section>
  )
}
