// What is new of a program and of where it sends, in words.
import { humanDuration, nameText } from '../sentence.ts'
import { type Features, noveltyAgeMs } from './score.ts'

/** Its first connection may have taken so long to be noticed. */
const FIRST_USE_MS = 1_000

/** Of the destination; empty where nothing is. */
export const newsOf = ({ newToIdentity, newToHost, bareAddress }: Features): string[] =>
  [
    newToIdentity ? 'new to this program' : '',
    newToHost ? 'new to this host' : '',
    bareAddress ? 'an address and not a name' : '',
  ].filter((text) => text !== '')

/** How long it has used the network says nothing of the moment at which somebody reads it. */
export function noveltyText(f: Features): string {
  if (noveltyAgeMs(f) < f.networkAgeMs)
    return `this edit of what has used the network for ${humanDuration(f.networkAgeMs)} was first seen ${humanDuration(f.versionAgeMs)} before, and what it ordinarily sends is not known`
  const isFirst = f.networkAgeMs < FIRST_USE_MS
  const whose = f.isEdited ? 'it, or what it is an edit of,' : 'it'
  const used = f.wasHere ? 'had been seen to use' : 'had used'
  const use = isFirst
    ? `${f.wasHere ? 'it was seen to use' : 'it used'} the network for the first time`
    : `${whose} ${used} the network for ${humanDuration(f.networkAgeMs)}`
  const cold =
    f.coldStart && f.standing.lenient && !f.named
      ? ' (counts less: this machine had just begun to be watched)'
      : ''
  const here = f.wasHere ? ', and was here before Freshet' : ''
  const epoch = f.inEpoch
    ? ' (counts less: many programs of the system were new, as after an update)'
    : ''
  const named = f.named ? `; ${nameText(f.named, f.coldStart && f.standing.lenient)}` : ''
  return `${use}${here}${cold}${epoch}${named}`
}
