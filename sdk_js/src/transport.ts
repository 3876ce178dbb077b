// Sealed batches go in, one request at a time leaves; each is kept until acknowledged or refused for good.
import { stamp, type SealedBatch } from './batch'
import { BEACON_BYTES, OUTBOX_BATCHES, OUTBOX_BYTES } from './config'
import type { Clock } from './clock'
import type { Outbox } from './outbox'

const FIRST_RETRY_MS = 1_000
const MAX_RETRY_MS = 300_000
const MAX_RETRY_AFTER_MS = 86_400_000 // more would overflow a timer

/** What the collector says to a batch it keeps. */
export interface Ack {
  /** Hashes (hex) of contents that it lacks. */
  need?: string[]
  /** It missed something: walk the document anew. */
  snapshot?: boolean
  flush_ms?: number
}

/** What comes back: a Response, or a test's stand-in. */
export type Answer = Pick<Response, 'status' | 'json'> & { headers: Pick<Headers, 'get'> }

export interface TransportDeps {
  _clock: Clock
  /** 0 to 1. */
  _random(): number
  _post(bytes: Uint8Array<ArrayBuffer>): Promise<Answer>
  /** False if the browser refuses it. */
  _beacon(bytes: Uint8Array<ArrayBuffer>): boolean
  /** undefined: memory only. */
  _outbox(): Outbox | undefined
  _acked(batch: SealedBatch, ack: Ack): void
  /** Refused for good. */
  _refused(batch: SealedBatch, status: number, message: string): void
}

export interface Transport {
  _send(batch: SealedBatch): void
  /** Sends what an earlier page left. */
  _sendLeft(batches: SealedBatch[]): void
  /** The network is back: try now, unless the collector asked to wait. */
  _wake(): void
  _isBusy(): boolean
  /** The page goes away: one last time by beacon, facts first; the outbox keeps all. */
  _leave(): void
  /** Puts all that is pending into the outbox. */
  _keep(): void
  /** Forgets what is pending. */
  _clear(): void
}

export const createTransport = (deps: TransportDeps): Transport => {
  const { _clock: clock } = deps
  let queue: SealedBatch[] = []
  let inFlight: SealedBatch | undefined
  let cancelRetry: (() => void) | undefined
  let isTold = false
  let failures = 0

  const stampNow = ({ b, o }: SealedBatch): void => stamp(b, o == clock._origin ? clock._now() : clock._wall() - o)

  const drop = (batch: SealedBatch): void => {
    queue = queue.filter((other) => other != batch)
    deps._outbox()?._delete(batch.k)
  }
  /** Bounded: the oldest goes first, snapshots last, since nothing can be shown without them. */
  const bound = (): void => {
    while (queue.length > OUTBOX_BATCHES || queue.reduce((sum, { b }) => sum + b.length, 0) > OUTBOX_BYTES) {
      const others = queue.filter((batch) => batch != inFlight)
      const victim = others.find(({ s }) => !s) ?? others[0]
      if (!victim) break
      drop(victim)
    }
  }
  const retry = (retryAfter: string | null): void => {
    const told = retryAfter ? +retryAfter * 1000 || Date.parse(retryAfter) - clock._wall() || 0 : 0
    const backOff = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** failures++) * (0.5 + deps._random() / 2)
    isTold = told > 0
    cancelRetry = clock._later(wake, Math.min(MAX_RETRY_AFTER_MS, Math.max(told, backOff)))
  }
  const wake = (): void => {
    cancelRetry?.()
    cancelRetry = undefined
    void pump()
  }
  const pump = async (): Promise<void> => {
    const batch = queue[0]
    if (inFlight || cancelRetry || !batch) return
    inFlight = batch
    stampNow(batch)
    let status = 0
    let retryAfter: string | null = null
    let body: (Ack & { error?: { message?: string } }) | undefined
    try {
      const response = await deps._post(batch.b)
      status = response.status
      retryAfter = response.headers.get('retry-after')
      body = (await response.json()) as Ack
    } catch {
      // no network, or an answer without JSON: the status says which
    }
    if (inFlight != batch) return // cleared meanwhile
    inFlight = undefined
    if (!status || status >= 500 || status == 429 || status == 408) retry(retryAfter)
    else {
      failures = 0
      drop(batch)
      if (status < 300) deps._acked(batch, body ?? {})
      else deps._refused(batch, status, body?.error?.message ?? '')
      void pump()
    }
  }
  const send = (batch: SealedBatch): void => {
    queue.push(batch)
    bound()
    void pump()
  }

  return {
    _send(batch) {
      deps._outbox()?._put(batch)
      send(batch)
    },
    _sendLeft(batches) {
      const own = new Set(queue.map(({ k }) => k))
      batches.filter(({ k }) => !own.has(k)).forEach(send)
    },
    _wake() {
      if (!isTold) wake()
    },
    _isBusy: () => !!queue.length,
    _leave() {
      let room = BEACON_BYTES
      // Small ones first: these are the facts.
      for (const batch of [...queue].sort((one, other) => one.b.length - other.b.length)) {
        deps._outbox()?._put(batch, true)
        if (batch.b.length > room) continue
        stampNow(batch)
        if (deps._beacon(batch.b)) room -= batch.b.length
      }
    },
    _keep: () => queue.forEach((batch) => deps._outbox()?._put(batch)),
    _clear() {
      queue = []
      inFlight = undefined
      cancelRetry?.()
      cancelRetry = undefined
    },
  }
}
