// Where the bytes of an alert went, in words: the hosts of its flows, as they are a pair's and not one.
import { isPeer } from '../destination/destination.ts'
import type { DestinationView } from '../finding.ts'
import type { EndedFlow } from '../pair/ended-flows.ts'
import { humanBytes, joined } from '../sentence.ts'
import { placeText } from './place-text.ts'

/** Hosts are named so many. */
const NAMED_MAX = 3

type Place = { hostname: string; port: number; bytesOut: number; addresses: Set<string> }

/** By name where one is known, else by address; the most bytes out first. */
function placesOf(flows: readonly EndedFlow[], destination: DestinationView): Place[] {
  const places = new Map<string, Place>()
  for (const { address, port, hostname, bytesOut } of flows) {
    if (bytesOut === 0) continue
    // A peer comes from another port each time.
    const of = isPeer(destination.key) ? 0 : port
    const name = hostname || (address === destination.address ? destination.hostname : '')
    const key = `${name || address}\n${of}`
    const place = places.get(key) ?? { hostname: name, port: of, bytesOut: 0, addresses: new Set() }
    place.bytesOut += bytesOut
    places.set(key, { ...place, addresses: place.addresses.add(address) })
  }
  return [...places.values()].sort((a, b) => b.bytesOut - a.bytesOut)
}

const textOf = (
  { hostname, port, bytesOut, addresses }: Place,
  destination: DestinationView,
  isOneOfSeveral: boolean,
): string => {
  const [address = '', ...more] = addresses
  const rest = more.length === 0 ? '' : ` and ${more.length} more`
  const view = { key: destination.key, hostname, address: `${address}`, port }
  return placeText(view, rest, isOneOfSeveral ? humanBytes(bytesOut) : '')
}

/**
 * `flows`: those that are listed, of all that `bytesOut` went out over; where they are not all, it is said that
 * these tell of several. Where none is listed it is the destination as its first flow had it.
 */
export function placesText(
  flows: readonly EndedFlow[],
  destination: DestinationView,
  bytesOut: number,
): string {
  const places = placesOf(flows, destination)
  const listed = places.reduce((sum, place) => sum + place.bytesOut, 0)
  const isAll = listed >= bytesOut
  const [first] = places
  if (first === undefined) return placeText(destination, '', '')
  if (places.length === 1) return textOf(first, destination, false)
  const shown = places.slice(0, NAMED_MAX).map((place) => textOf(place, destination, true))
  const hidden = places.length - shown.length
  if (hidden > 0) shown.push(`${isAll ? '' : 'at least '}${hidden} more`)
  return `${joined(shown)}${isAll ? '' : `, as its ${flows.length} largest flows say,`}`
}

/** Of the flow that sent most. */
export function largestPlaceText(
  flows: readonly EndedFlow[],
  destination: DestinationView,
  largestOut: number,
): string {
  const flow = flows.find(({ bytesOut }) => bytesOut === largestOut) ?? flows[0]
  return placesText(flow ? [flow] : [], destination, flow?.bytesOut ?? 0)
}
