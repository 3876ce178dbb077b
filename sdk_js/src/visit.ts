// One page and its visitor: consent and the browser's events go in; document loads are recorded from start to end, and sent.
import { createBatcher, type Sender } from './batch'
import { now, originMs, randomId } from './clock'
import { BEACON_BYTES, MAX_URL_LENGTH, OUTBOX_NAME, type Config } from './config'
import { consentFrom, type Consent } from './consent'
import { createGuard } from './guard'
import { attempt, createIdentity } from './identity'
import { lent } from './lent'
import type { LateParts } from './late'
import type * as onDemand from './onDemand'
import { OP_LEAVE } from './ops'
import { createListen, shorten, type Page } from './page'
import { startRecorder } from './recorder'
import type { Recorder } from './sink'
import { trackPageViews } from './trackers/pageViews'
import { createTransport } from './transport'
import { createScrub } from './url'
import { SDK_VERSION } from './version'

// Reasons of op Leave.
const LEFT = 0
const STOPPED = 1
const GAVE_UP = 2
/** Reason of op Document. */
const RESYNC = 1
const REQUEST_MS = 60_000 // a full batch takes 40 s at 200 kbit/s

type OnDemand = typeof onDemand

export interface Visit {
  /** A fact of the site's own; before a grant it waits in memory. `isKept`: it holds for later sessions of the page too. */
  _fact(fact: readonly unknown[], isKept?: boolean): void
  _consent(word: unknown): void
  _session(): { id: string; url: string } | null
  /** A named moment in the recording, for tests. */
  _mark(name: unknown): void
  _stop(): void
}

/** `answer`: what the visitor has said about consent already, if anything. */
export const createVisit = (config: Config, answer?: unknown): Visit => {
  const { _debug: debug, _collector: collector, _site: site } = config
  const { fetch } = window // taken once, before others patch it
  const url = collector + 'v1/batch'
  const identity = createIdentity(site)
  const fullScrub = createScrub(config._query)
  const scrub = (from: string): string => shorten(fullScrub(from), MAX_URL_LENGTH)

  let consent: Consent | 'ended' = answer ? consentFrom(answer, true) : config._consent
  /** Of the document load under way; undefined: there is none. */
  let sender: Sender | undefined
  let recorder: Recorder | undefined
  let late: LateParts | undefined
  let urlNow: (() => string) | undefined
  /** Undoes the document load, in reverse. */
  const undo: (() => void)[] = []
  let wasAcked = false
  /** The first batch of this document load with the latest news of the sender. */
  let toldFrom = 0
  let keptFact: readonly unknown[] | undefined

  const guard = createGuard(() => end('too many errors'))
  const recorderGuard = createGuard((reason) => {
    debug('replay gave up: ' + reason)
    config._sample = 0
    stopRecorder()
    batcher._fact([OP_LEAVE, GAVE_UP], 0)
  })
  let loading: Promise<OnDemand> | undefined
  const part = (): Promise<OnDemand> => (loading ??= import(`${collector}sdk/${SDK_VERSION}/assets.js`) as Promise<OnDemand>)
  /** What can wait for the part that is loaded on demand. Where that is blocked, or the document load over by then: undefined. */
  const later = <R>(use: (part: OnDemand) => R): Promise<R | void> => {
    const before = sender?._id
    return part().then(guard((part) => (sender?._id == before ? use(part) : undefined))).catch(() => {})
  }

  const transport = createTransport({
    // Without headers: no preflight.
    _post: (body) =>
      fetch(url, {
        method: 'POST',
        body,
        keepalive: document.hidden && body.length <= BEACON_BYTES,
        signal: AbortSignal.timeout?.(REQUEST_MS),
      }),
    _beacon: (body) => navigator.sendBeacon(url, body),
    _answered: guard(({ k }, status, { need, snapshot, flush_ms, gather_ms, error }) => {
      const isOwn = sender && k.startsWith(sender._id.d)
      if (status > 299) {
        debug(`refused (${status}): ${error?.message}`)
        if (status == 410) identity._wipe()
        return isOwn && /403|409|410/.test(`${status}`) && end('stopped')
      }
      wasAcked ||= (debug('first batch arrived'), true)
      if (isOwn && +k.split('.')[1]! >= toldFrom) sender!._news = {}
      if (need) late?._need(need)
      if (flush_ms) batcher._pace(flush_ms, gather_ms)
      if (snapshot && isOwn) recorder?._snapshot(RESYNC)
    }),
  })
  const shared = { _guard: guard, _sender: () => sender!, _url: () => urlNow!() }
  const batcher = createBatcher({
    ...shared,
    _beforeSeal() {
      // A page that changes by itself does not keep a session alive.
      if (identity._isIdle()) stopDocument()
      else recorder?._flush()
    },
    _named: (text) => late?._named(text),
    _deliver: transport._send,
    _gzip: () => part().then(({ gzip }) => gzip),
  })
  /** What has changed of the sender stands in the next heads. */
  const tell = (news: object): void => {
    if (!sender) return
    toldFrom = sender._seq
    Object.assign(sender._news, news)
  }

  const stopRecorder = (): void => {
    recorder?._stop()
    late = recorder = undefined
    tell({ x: 0 })
  }
  const record = (): void => {
    recorder = startRecorder({
      _sink: batcher,
      _now: now,
      _guard: recorderGuard,
      _scrub: fullScrub,
      _load: (deps) =>
        later(
          (part) =>
            (late = part.createLate({
              ...shared,
              ...deps,
              ...config,
            })),
        ),
    })
  }

  /** A document load begins: with the page, with each return from the back/forward cache, with each session. */
  const startDocument = (): void => {
    stopDocument()
    const { s, w, z, v } = identity._ids()
    const isGranted = consent == 'granted'
    // Decided by the secret, which is random and the same for every page of the session.
    const isRecorded = (w[0]! * 256 + w[1]!) / 65_536 < config._sample
    toldFrom = 0
    sender = {
      _session: s,
      _id: { k: site, w: new Uint8Array(w), d: randomId() },
      _news: { s, v: isGranted ? v : null, b: identity._tab(), o: originMs(), z, c: isGranted ? 1 : 2, q: SDK_VERSION, x: +isRecorded },
      _seq: 0,
    }
    const page: Page = {
      ...batcher,
      ...shared,
      ...lent,
      _on: createListen(guard, undo),
      _atEnd: (callback) => undo.push(callback),
      _idOf: (node) => recorder?._idOf(node) ?? 0,
      _scrub: scrub,
    }
    urlNow = trackPageViews(page)
    if (keptFact) batcher._fact(keptFact, 0)
    void later((part) => part.trackFacts(page))
    if (isRecorded) recorderGuard(record)()
  }
  /** What was seen is sealed; nothing is observed any more. `reason`: of op Leave, if it was the visitor or the site. */
  const stopDocument = (reason?: number): void => {
    if (!sender) return
    for (const callback of undo.splice(0).reverse()) guard(callback)()
    if (reason != null) batcher._fact([OP_LEAVE, reason])
    recorder?._flush()
    if (reason == LEFT) batcher._sealNow()
    else batcher._seal()
    stopRecorder()
    sender = undefined
  }
  /** Nothing leaves any more. */
  const end = (why: string): void => {
    debug(why)
    stopDocument()
    batcher._clear()
    transport._clear()
    consent = 'ended'
  }
  const isAllowed = (): boolean => /^[gc]/.test(consent) // granted or cookieless
  const forget = (): void => {
    stopDocument()
    batcher._clear()
    transport._clear()
    identity._wipe()
    keptFact = undefined
    attempt(() => indexedDB.deleteDatabase(OUTBOX_NAME))
  }
  /** Does what the consent allows now. */
  const apply = (wasGranted?: boolean): void => {
    debug('consent: ' + consent)
    if (wasGranted || consent == 'denied') forget()
    if (!isAllowed()) return stopDocument()
    const isGranted = consent == 'granted'
    const isOther = isGranted && identity._keep()
    if (!sender || isOther) startDocument()
    else tell({ v: identity._ids().v, c: 1 })
    if (isGranted) void later((part) => transport._keep(part.openOutbox))
  }
  const on = createListen(guard, [])
  const begin = guard(() => {
    apply()
    on(window, 'pointerdown pointermove keydown scroll', () => {
      if (isAllowed() && (identity._touch() || !sender)) startDocument()
    })
    on(document, 'visibilitychange', () => {
      if (!document.hidden) return
      recorder?._flush()
      batcher._seal()
    })
    on(window, 'pagehide', () => {
      transport._leave(() => stopDocument(LEFT))
      identity._close()
    })
    on(window, 'pageshow', (event: PageTransitionEvent) => {
      if (event.persisted) apply()
    })
    on(window, 'online', transport._wake)
  })
  debug('site, collector, sample: ' + [site, collector, config._sample])
  if ((document as { prerendering?: boolean }).prerendering) on(document, 'prerenderingchange', begin)
  else begin()

  return {
    _fact(fact, isKept) {
      if (/^[de]/.test(consent)) return // denied or ended
      if (isKept) keptFact = fact
      if (sender || !isKept) batcher._fact(fact, 0)
    },
    _consent(word) {
      const before = consent
      if (before != 'ended') consent = consentFrom(word, true)
      if (consent != before) apply(before == 'granted')
    },
    _session: () => (sender ? { id: sender._session, url: `${collector}sessions/${sender._session}` } : null),
    _mark: (name) => recorder?._mark(shorten(name)),
    _stop() {
      stopDocument(STOPPED)
      consent = 'ended'
    },
  }
}
