// What has come of messages whose end has not: each has a time, all together a bound. A ping beside one says that its
// sender lives, and nothing of the message.
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { Limits } from '../terms/limits.ts'

/** Each piece is a buffer of its own: 482 B beside its bytes (200,000 of one byte, Node 26). */
const PIECE_BYTES = 512

/** Whose message it is. `cut`: ends the connection, and frees what it holds now. */
export type Sender = { isQuarantined: boolean; isPaused(): boolean; cut(reason: string): void }

/** Of ws 8.23, which names what it holds nowhere else. */
type Receiver = {
  _bufferedBytes: number
  _messageLength: number
  _buffers: unknown[]
  _fragments: unknown[]
}

type Begun = { sender: Sender; bytes: number; sinceMs: number }

export type Unfinished = {
  /** Counts what comes by `socket` for `webSocket`, which reads it first. */
  follow(webSocket: WebSocket, socket: Duplex, sender: Sender): void
  /** Called every second: ends who has not ended a message in time. */
  watch(nowMs: number): void
  /** Bytes held. */
  bytes(): number
}

export function createUnfinished(
  { messageMs, unfinishedBytesMax }: Pick<Limits, 'messageMs' | 'unfinishedBytesMax'>,
  complain: (text: string) => void,
): Unfinished {
  /** In the order in which the messages began. */
  const begun = new Map<WebSocket, Begun>()
  let total = 0

  const forget = (webSocket: WebSocket) => {
    total -= begun.get(webSocket)?.bytes ?? 0
    begun.delete(webSocket)
  }

  const note = (webSocket: WebSocket, sender: Sender) => {
    const bytes = heldBy(webSocket)
    if (bytes === 0) {
      forget(webSocket)
      return
    }
    const one = begun.get(webSocket)
    total += bytes - (one?.bytes ?? 0)
    if (one) one.bytes = bytes
    else begun.set(webSocket, { sender, bytes, sinceMs: performance.now() })
  }

  /**
   * Who has most of those that nobody has admitted; else who began last: those before it are nearer to their end, so that
   * many who share a slow network come through one after the other.
   */
  const first = (): [WebSocket, Begun] | undefined => {
    let most: [WebSocket, Begun] | undefined
    let last: [WebSocket, Begun] | undefined
    for (const each of begun) {
      last = each
      if (each[1].sender.isQuarantined && !(most && most[1].bytes >= each[1].bytes)) most = each
    }
    return most ?? last
  }

  const makeRoom = () => {
    while (total > unfinishedBytesMax) {
      const one = first()
      if (!one) return
      const [webSocket, { sender }] = one
      forget(webSocket)
      complain(
        `messages that have begun and not ended hold more than ${unfinishedBytesMax} bytes: an agent’s connection gave way, one of ${sender.isQuarantined ? 'a device that nobody has admitted' : 'a known device'}`,
      )
      sender.cut('messages of too many agents have begun and not ended')
    }
  }

  return {
    follow(webSocket, socket, sender) {
      webSocket.on('message', () => forget(webSocket))
      webSocket.on('close', () => forget(webSocket))
      socket.on('data', () => {
        if (socket.destroyed) return
        note(webSocket, sender)
        makeRoom()
      })
    },
    watch(nowMs) {
      for (const [webSocket, one] of begun) {
        // What is not read cannot end.
        if (one.sender.isPaused()) one.sinceMs = nowMs
        if (nowMs - one.sinceMs <= messageMs) continue
        forget(webSocket)
        one.sender.cut(`a message has not ended ${messageMs / 1000} s after it began`)
      }
    },
    bytes: () => total,
  }
}

function heldBy(webSocket: WebSocket): number {
  const { _bufferedBytes, _messageLength, _buffers, _fragments } = (
    webSocket as unknown as { _receiver: Receiver }
  )._receiver
  const bytes = _bufferedBytes + _messageLength
  return bytes === 0 ? 0 : bytes + PIECE_BYTES * (_buffers.length + _fragments.length)
}
