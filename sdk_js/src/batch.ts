// Ops and facts go in, sealed batches come out (replay/FORMAT.md, "Batch"): decides when a batch is full, and encodes it.
import type { Clock } from './clock'
import { BATCH_BYTES, BATCH_OPS, BATCH_RAW_BYTES, BEACON_BYTES, FIRST_FLUSH_MS, FLUSH_MS } from './config'
import { concat, encode, float64 } from './msgpack'
import { FORMAT_VERSION, OP_DOCUMENT } from './ops'
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
  d: string
  o: number
  [letter: string]: unknown
}

export interface BatcherDeps {
  _clock: Clock
  _guard<A extends unknown[], R>(callback: (...args: A) => R): (...args: A) => R | undefined
  _sender(): Sender
  /** The scrubbed URL of the page view. */
  _url(): string
  /** Makes the recorder emit what it has seen so far. */
  _flush(): void
  /** The hash that stands for a big text, if the collector has confirmed that it keeps it. */
  _named(text: string): Uint8Array | undefined
  /** Is a request under way? Urgent facts wait for its end, so that many of them make one batch. */
  _isBusy(): boolean
  _deliver(batch: SealedBatch): void
}

export interface Batcher extends Sink {
  /** Seals what there is; compression goes on after the call. */
  _seal(): void
  /** Seals everything within this call, uncompressed, facts apart from ops where both don't fit into a beacon. */
  _sealNow(): void
  /** The transport is free: urgent facts that waited may go. */
  _kick(): void
  /** Time between two batches, as the collector wishes. */
  _pace(flushMs: number): void
  /** What follows belongs to another document load: seq counts from 0 again. */
  _restart(): void
  /** Drops what is not delivered. */
  _clear(): void
}

/** A batch of which the ops are not encoded yet. */
interface Job {
  _head: Sender
  _section: Section | undefined
  _isSnapshot: boolean
  _isDone: boolean
}

const PIECE_BYTES = 16_384 // one write of 130 kB blocks the main thread for 6.6 ms, pieces for 1.3 ms at most
const MIN_GZIP_BYTES = 200

/** Gzip in pieces with room for others in between; as it is where that is not to be had or not worth it. */
export const compress = async (raw: Uint8Array, pause: () => Promise<void>): Promise<[number, Uint8Array]> => {
  if (raw.length < MIN_GZIP_BYTES || typeof CompressionStream == 'undefined') return [0, raw]
  const stream = new CompressionStream('gzip')
  const writer = stream.writable.getWriter()
  const out = new Response(stream.readable).arrayBuffer()
  for (let at = 0; at < raw.length; at += PIECE_BYTES) {
    void writer.write(raw.subarray(at, at + PIECE_BYTES) as Uint8Array<ArrayBuffer>)
    await pause()
  }
  void writer.close()
  return [1, new Uint8Array(await out)]
}

const uint32 = (number: number): Uint8Array => new Uint8Array([number >> 24, number >> 16, number >> 8, number])

/** The frame of a request: batches and assets have the same. `compression`: 0 none, 1 gzip. */
export const frame = (head: unknown, compression: number, body: Uint8Array): Uint8Array<ArrayBuffer> => {
  const encoded = encode(head)
  return concat([
    new Uint8Array([86, 82, FORMAT_VERSION, compression]),
    float64(0),
    uint32(encoded.length),
    uint32(body.length),
    encoded,
    body,
  ])
}

/** Writes the time of a try into a frame. */
export const stamp = (bytes: Uint8Array, sentMs: number): void => bytes.set(float64(sentMs), 4)

const NOTHING = new Uint8Array(0)

export const createBatcher = (deps: BatcherDeps): Batcher => {
  const { _clock: clock, _guard: guard } = deps
  let section: Section | undefined
  /** [code, time, …fields] */
  let facts: unknown[][] = []
  let sectionUrl = ''
  let factsUrl = ''
  let chain = Promise.resolve()
  let seq = 0
  let isSnapshot = false
  let isWalking = false
  let isUrgent = false
  let flushMs = FLUSH_MS
  let lastSealMs = -Infinity
  let ratio = 4
  let cancelTimer: (() => void) | undefined
  let jobs: Job[] = []

  const schedule = (): void => {
    cancelTimer ??= clock._later(
      guard(() => {
        cancelTimer = undefined
        deps._flush()
        seal(isWalking)
      }),
      Math.max(FIRST_FLUSH_MS, lastSealMs + flushMs - clock._now()),
    )
  }

  /** Takes what there is out of the current batch. */
  const take = (withFacts: boolean, withOps: boolean): Job | undefined => {
    const ops = withOps ? section : undefined
    const some = withFacts ? facts : []
    if (!ops && !some.length) return
    const t = Math.min(ops ? ops._firstT : Infinity, ...some.map((fact) => fact[1] as number))
    const job: Job = {
      _head: {
        ...deps._sender(),
        n: seq++,
        t,
        u: ops?._firstT == t ? sectionUrl : factsUrl,
        f: some.map(([code, at, ...fields]) => [code, (at as number) - t, ...fields]),
        r: ops?._named ?? [],
      },
      _section: ops,
      _isSnapshot: !!ops && isSnapshot,
      _isDone: false,
    }
    if (withFacts) {
      facts = []
      isUrgent = false
    }
    if (ops) {
      section = undefined
      isSnapshot = isWalking
      lastSealMs = clock._now()
    }
    return job
  }
  const deliver = (job: Job, compression: number, body: Uint8Array): void => {
    job._isDone = true
    jobs = jobs.filter((other) => other != job)
    const { d, n, o } = job._head
    deps._deliver({ k: `${d}.${n as number}`, b: frame(job._head, compression, body), o, s: job._isSnapshot })
  }
  const raw = guard((job: Job) => job._section?._finish(job._head.t as number))


  const finish = async (job: Job): Promise<void> => {
    if (job._isDone) return
    const bytes = raw(job) ?? NOTHING
    const [compression, body] = await compress(
      bytes,
      // A hidden page's timers are slow, and nobody is waiting for its main thread.
      () => (document.hidden ? Promise.resolve() : new Promise<void>((resume) => void clock._later(resume, 0))),
    )
    if (job._isDone) return // the page went away meanwhile, and `_sealNow` took it
    if (compression) ratio = bytes.length / body.length
    deliver(job, compression, body)
  }
  const sealNow = (job?: Job): void => {
    if (job && !job._isDone) deliver(job, 0, raw(job) ?? NOTHING)
  }
  const seal = (factsOnly?: boolean): void => {
    const job = take(true, !factsOnly)
    if (!job) return
    jobs.push(job)
    // One after the other: a batch that is quick to encode does not overtake a snapshot, which would look like a gap.
    chain = chain.then(() => finish(job)).catch(() => sealNow(job))
  }
  const isFull = (): boolean =>
    section!._size > (isWalking ? BATCH_RAW_BYTES : Math.min(BATCH_RAW_BYTES, BATCH_BYTES * ratio)) || section!._count > BATCH_OPS
  const kick = (): void => {
    if (isUrgent && !deps._isBusy()) seal(true)
  }

  return {
    _op(code, tMs, fields) {
      if (section && isFull()) seal()
      if (!section) {
        section = createSection(deps._named)
        sectionUrl = deps._url()
      }
      isSnapshot ||= code == OP_DOCUMENT
      if (!isWalking) schedule()
      section._op(code, tMs, fields)
      return section
    },
    _fact([code, ...fields], urgent) {
      if (!facts.length) factsUrl = deps._url()
      facts.push([code, clock._now(), ...fields])
      schedule()
      if (urgent && !isUrgent) {
        isUrgent = true
        clock._later(guard(kick), 0)
      }
    },
    _walking(on) {
      isWalking = on
      if (on) isSnapshot = true
      else clock._later(guard(seal), 0)
    },
    _seal: () => seal(),
    _sealNow() {
      jobs.forEach(sealNow)
      const isLarge = section && section._size > BEACON_BYTES - 4_000
      sealNow(take(true, !isLarge))
      sealNow(take(false, true))
    },
    _kick: kick,
    _pace(ms) {
      if (ms > 0 && ms != flushMs) {
        flushMs = ms
        if (cancelTimer) {
          cancelTimer()
          cancelTimer = undefined
          schedule()
        }
      }
    },
    _restart() {
      seq = 0
      lastSealMs = -Infinity
    },
    _clear() {
      cancelTimer?.()
      cancelTimer = undefined
      section = undefined
      facts = []
      jobs.forEach((job) => (job._isDone = true))
      jobs = []
    },
  }
}
