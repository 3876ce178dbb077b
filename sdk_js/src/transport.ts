// Sealed batches go in, one request at a time leaves; each is kept until acknowledged or refused for good.
import type { SealedBatch } from './batch'
import { now, originMs } from './clock'
import { BEACON_BYTES, OUTBOX_BATCHES, OUTBOX_BYTES } from './config'
import { float64 } from './msgpack'
import type { Outbox } from './outbox'

const FIRST_RETRY_MS = 1_000
const MAX_RETRY_MS = 300_000
const MAX_RETRY_AFTER_S = 86_400 // much more would overflow a timer

/** What the collector says to a batch. */
export interface Ack {
  /** Hashes (hex) of contents that it lacks. */
  need?: string[]
  /** It missed something: walk the document anew. */
  snapshot?: boolean
  flush_ms?: number
  /** A rule waits for facts: they need not wait for company so long. */
  gather_ms?: number
  /** Keys of batches that earlier pages of the session sent while they went away: it has them. */
  have?: string[]
  error?: { message?: string }
}

/** Its share of `OUTBOX_BYTES`: many small ones are too many as well. */
const costOf = ({ b }: SealedBatch): number => b.length + OUTBOX_BYTES / OUTBOX_BATCHES

/** A Response, or a test's stand-in. */
export type Answer = Pick<Response, 'status' | 'json'> & { headers: Pick<Headers, 'get'> }

export interface TransportDeps {
  _post(bytes: Uint8Array<ArrayBuffer>): Promise<Answer>
  _beacon(bytes: Uint8Array<ArrayBuffer>): unknown
  /** The collector keeps it (status below 300), or has refused it for good. */
  _answered(batch: SealedBatch, status: number, answer: Ack): void
}

export interface Transport {
  _send(batch: SealedBatch): void
  /** The network is back: try now. */
  _wake(): void
  /** The page goes away: what `seal` sends, and all that is pending, goes one last time by beacon, facts first; the outbox keeps it. */
  _leave(seal: () => void): void
  /** There may be an outbox now: all that is pending goes into it, and what earlier pages left in it is sent, once the collector has
   * answered: what it says to have by then need not be sent again. */
  _keep(openOutbox: () => Outbox): void
  /** Forgets what is pending, and that there is an outbox. */
  _clear(): void
}

export const createTransport = ({ _post, _beacon, _answered }: TransportDeps): Transport => {
  const queue = new Map<string, SealedBatch>()
  /** undefined: memory only. */
  let outbox: Outbox | undefined
  let inFlight: SealedBatch | undefined
  let timer = 0
  let failures = 0
  let isLeaving = false
  let hasAnswered = false

  const stamped = ({ b, o }: SealedBatch): Uint8Array<ArrayBuffer> => {
    b.set(float64(o == originMs() ? now() : Date.now() - o), 4)
    return b
  }
  const drop = (key: string): void => {
    queue.delete(key)
    outbox?._delete(key)
  }
  const wake = (): void => {
    clearTimeout(timer)
    timer = 0
    void pump()
  }
  const pump = async (): Promise<void> => {
    const [batch] = queue.values()
    if (inFlight || timer || isLeaving || !batch) return
    inFlight = batch
    let status = 0
    let retryAfterS = 0
    let answer: Ack = {}
    try {
      const response = await _post(stamped(batch))
      status = response.status
      retryAfterS = +response.headers.get('retry-after')! || 0
      answer = (await response.json()) as Ack
    } catch {
      // no network, or an answer without JSON: the status says which
    }
    if (inFlight != batch) return // cleared meanwhile
    inFlight = undefined
    if (/^(0|408|429|5..)$/.test(`${status}`)) {
      const backOff = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** failures++) * (0.5 + Math.random() / 2)
      timer = setTimeout(wake, Math.max(backOff, 1000 * Math.min(retryAfterS, MAX_RETRY_AFTER_S)))
      return
    }
    failures = 0
    drop(batch.k)
    answer.have?.forEach(drop)
    _answered(batch, status, answer)
    if (!hasAnswered) claim()
    void pump()
  }
  const send = (batch: SealedBatch): void => {
    queue.set(batch.k, batch)
    // Bounded: the oldest goes first, snapshots last, since nothing can be shown without them.
    const all = [...queue.values()]
    let room = OUTBOX_BYTES
    for (const other of all) room -= costOf(other)
    for (const other of all.sort((one, two) => +one.s - +two.s)) {
      if (room >= 0 || other == inFlight) continue
      room += costOf(other)
      drop(other.k)
    }
    void pump()
  }
  const claim = (): void => {
    hasAnswered = true
    outbox?._claim((batches) => batches.forEach(send))
  }
  const keep = (isLeaving?: boolean): void => queue.forEach((batch) => outbox?._put(batch, isLeaving))

  return {
    _send(batch) {
      outbox?._put(batch)
      send(batch)
    },
    _wake: wake,
    _leave(seal) {
      isLeaving = true
      seal()
      isLeaving = false
      keep(true)
      let room = BEACON_BYTES
      // Small ones first: these are the facts.
      for (const batch of [...queue.values()].sort((one, other) => one.b.length - other.b.length)) {
        if ((room -= batch.b.length) >= 0) _beacon(stamped(batch))
      }
    },
    _keep(openOutbox) {
      outbox ??= openOutbox()
      keep()
      if (hasAnswered) claim()
    },
    _clear() {
      queue.clear()
      inFlight = outbox = undefined
      clearTimeout(timer)
      timer = 0
    },
  }
}
