// What agents say and the collector keeps in memory or says back, cut to a length.
import type { HostFacts, Live, LiveSources } from '../../stream/message.ts'

const TEXT_CHARS_MAX = 256
/** All that a Mac can lack at once, with its remedies, takes some 1,200. */
const SENTENCE_CHARS_MAX = 2048
/** UTF-8, so that the refusals of all that credit allows fit in one frame. */
const REASON_BYTES_MAX = 120
const CLOSE_REASON_BYTES_MAX = 123

/** A name. */
export const boundedText = (text: string, charsMax = TEXT_CHARS_MAX): string => cut(text, charsMax)

export const boundedReason = (text: string): string => cutBytes(text, REASON_BYTES_MAX)

/** For a close frame, whose reason has 123 bytes at most (RFC 6455, 5.5). A longer one makes ws throw. */
export const closeReason = (text: string): string => cutBytes(text, CLOSE_REASON_BYTES_MAX)

/** A character that is cut in two is replaced by one of 3 bytes. */
function cutBytes(text: string, bytesMax: number): string {
  const bytes = Buffer.from(text.slice(0, bytesMax))
  return bytes.length <= bytesMax ? bytes.toString() : bytes.subarray(0, bytesMax - 2).toString()
}

export function boundedHost(host: HostFacts, charsMax = TEXT_CHARS_MAX): HostFacts {
  return {
    hostname: boundedText(host.hostname, charsMax),
    os: boundedText(host.os, charsMax),
    osVersion: boundedText(host.osVersion, charsMax),
    osBuild: boundedText(host.osBuild, charsMax),
    hardware: boundedText(host.hardware, charsMax),
    arch: boundedText(host.arch, charsMax),
    bootId: boundedText(host.bootId, charsMax),
  }
}

/** The codec bounds the number of flows in `top`. */
export function boundedLive(live: Live): Live {
  return {
    ...live,
    degraded: cut(live.degraded, SENTENCE_CHARS_MAX),
    top: live.top.map((flow) => ({
      ...flow,
      name: boundedText(flow.name),
      destination: boundedText(flow.destination),
    })),
    ...(live.sources ? { sources: boundedSources(live.sources) } : {}),
  }
}

const boundedSources = (sources: LiveSources): LiveSources => ({
  ...sources,
  processes: boundedText(sources.processes),
  flows: boundedText(sources.flows),
  forced: sources.forced.map((text) => boundedText(text)),
  text: sources.text.map((sentence) => cut(sentence, SENTENCE_CHARS_MAX)),
})

/**
 * Without half a surrogate pair at the end, which UTF-8 cannot say. A string of its own: V8's slice holds all that it is of, so
 * that 400 devices with 2,048 characters of a text of 500,000 held 200 MB.
 */
function cut(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : Buffer.from(text.slice(0, charsMax)).toString()
}
