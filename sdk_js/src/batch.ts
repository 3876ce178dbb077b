// Ops and facts go in, sealed batches come out (replay/FORMAT.md, "Batch"): decides when a batch is full, and encodes it.
import { now, originMs } from './clock'
import { BATCH_BYTES, BATCH_OPS, BEACON_BYTES, FIRST_FLUSH_MS, FLUSH_MS, WALK_BYTES } from './config'
import type { Gzip } from './gzip'
import type { Guard } from './guard'
import { concat, encode, float64, integer } from './msgpack'
import { FORMAT_VERSION } from './ops'
import { createSection, type Section } from './section'
import type { Sink } from './sink'

/** A batch ready to send. Its bytes never change again, but `sent_t_ms` at each try. Plain names: it is stored, and other versions read it. */
export interface SealedBatch {
  /** `document.seq` */
  k: string
  /** The body of the request. */
  b: Uint8Array<ArrayBuffer>
  /** Time origin of its document, Unix ms. */
  o: number
  /** Does it carry (part of) a snapshot? */
  s: boolean
}

/** What the head says of the sender, with the letters of FORMAT.md. */
export interface Sender {
  _session: string
  /** Stands in each head. */
  _id: { k: string; w: Uint8Array; d: string }
  /** Holds for the whole document load: left out once the collector has it. */
  _news: Record<string, unknown>
  /** The next batch's. */
  _seq: number
}

export interface BatcherDeps {
  _guard: Guard
  /** undefined: no document load is under way; facts wait. */
  _sender(): Sender | undefined
  /** The scrubbed URL of the page view. It changes only behind a `_seal`, so that no batch begins in one page view and ends in another. */
  _url(): string
  /** The timer is about to seal: what the recorder has seen so far is to be emitted. */
  _beforeSeal(): void
  /** The hash that stands for a big text, if the collector has confirmed that it keeps it. */
  _named(text: string): Uint8Array | undefined
  _deliver(batch: SealedBatch): void
  /** Where it can't be had: undefined, and nothing is compressed. */
  _gzip(): Promise<Gzip | void>
}

export interface Batcher extends Sink {
  /** As in `Page`. */
  _fact(fact: readonly unknown[], urgentMs?: number): void
  /** Seals what there is; compression goes on after the call. */
  _seal(): void
  /** Seals everything within this call, uncompressed, facts apart from ops where both don't fit into a beacon. */
  _sealNow(): void
  /** Time between two batches, and for which an urgent fact waits, as the collector wishes. */
  _pace(flushMs: number, gatherMs?: number): void
  /** Drops what is not delivered. */
  _clear(): void
}

/** A batch of which the ops are not encoded yet. */
type Job = [head: { d: string; n: number; t: number; [letter: string]: unknown }, section: Section | undefined, isSnapshot: boolean]

const MIN_GZIP_BYTES = 200
const MAX_FACTS = 1_000
/** An urgent fact waits this long for company, if nobody waits for it. */
const GATHER_MS = 200

/** The frame of a request: batches and assets have the same. */
export const frame = (head: unknown, isGzip: boolean, body: ArrayLike<number>): Uint8Array<ArrayBuffer> => {
  const encoded = encode(head)
  return concat([[86, 82, FORMAT_VERSION, +isGzip], float64(0), integer(encoded.length), integer(body.length), encoded, body])
}

export const createBatcher = ({ _guard: guard, _sender, _url, _beforeSeal, _named, _deliver, _gzip }: BatcherDeps): Batcher => {
  let section: Section | undefined
  /** [code, time, …fields] */
  let facts: [code: unknown, t: number, ...fields: unknown[]][] = []
  let isSnapshot = false
  let isWalking = false
  let flushMs = FLUSH_MS
  let gather = GATHER_MS
  let lastSealMs = -FLUSH_MS
  let timer = 0
  let chain = Promise.resolve()
  const jobs = new Set<Job>()

  const later = (callback: () => void, delayMs: number): number => setTimeout(guard(callback), delayMs)

  const schedule = (): void => {
    timer ||= later(() => {
      timer = 0
      _beforeSeal()
      seal(isWalking)
    }, Math.max(FIRST_FLUSH_MS, lastSealMs + flushMs - now()))
  }
  /** Takes facts, and ops if wished, out of the current batch. */
  const take = (isFactsOnly?: boolean): void => {
    const sender = _sender()
    const ops = isFactsOnly ? undefined : section
    if (!sender || !(ops || facts[0])) return
    const t = Math.min(...facts.map((fact) => fact[1]), ops?._firstT ?? Infinity)
    const f = facts.map(([code, at, ...fields]) => [
      code,
      at - t,
      ...fields.map((field) => (typeof field == 'function' ? (field() as unknown) : field)),
    ])
    jobs.add([
      { ...sender._id, ...sender._news, n: sender._seq++, t, f, ...(ops?._hasContents && { u: _url(), r: ops._named }) },
      ops,
      isSnapshot && !!ops,
    ])
    facts = []
    if (ops) {
      section = undefined
      isSnapshot = isWalking
      lastSealMs = now()
    }
  }
  const deliver = (job: Job, isGzip: boolean, body: ArrayLike<number>): void => {
    const [head, , s] = job
    // It may be gone: the page went away or consent was withdrawn while it was compressed.
    if (jobs.delete(job)) _deliver({ k: `${head.d}.${head.n}`, b: frame(head, isGzip, body), o: originMs(), s })
  }
  const rawOf = guard(([head, ops]: Job) => ops?._finish(head.t))
  const finish = async (job: Job): Promise<void> => {
    const raw = rawOf(job) ?? new Uint8Array()
    try {
      const gzip = raw.length > MIN_GZIP_BYTES && (await _gzip())
      if (gzip) return deliver(job, true, await gzip(raw))
    } catch {
      // no CompressionStream in this browser
    }
    deliver(job, false, raw)
  }
  const seal = (isFactsOnly?: boolean): void => {
    take(isFactsOnly)
    // One after the other: a batch that is quick to encode does not overtake a snapshot, which would look like a gap.
    for (const job of jobs) chain = chain.then(() => (jobs.has(job) ? finish(job) : undefined))
  }

  return {
    _op(code, tMs, fields) {
      if (section && (section._size > (isWalking ? WALK_BYTES : BATCH_BYTES) || section._count > BATCH_OPS)) seal()
      section ??= createSection(_named)
      if (!isWalking) schedule()
      section._op(code, tMs, fields)
      return section
    },
    _fact([code, ...fields], urgentMs) {
      if (facts.length < MAX_FACTS) facts.push([code, now(), ...fields])
      if (urgentMs == null) schedule()
      // What comes right behind it goes with it: one request for a click and what it does.
      else later(() => facts[0] && seal(isWalking), urgentMs + gather)
    },
    _walking(on) {
      isWalking = on
      isSnapshot ||= on
      if (!on) later(seal, 0)
    },
    _seal: () => seal(),
    _sealNow() {
      if (section && section._size > BEACON_BYTES - MAX_FACTS * 4) take(true)
      take()
      for (const job of jobs) deliver(job, false, rawOf(job) ?? [])
    },
    _pace(ms, gatherMs = GATHER_MS) {
      flushMs = ms
      gather = gatherMs
    },
    _clear() {
      section = undefined
      facts = []
      jobs.clear()
    },
  }
}
