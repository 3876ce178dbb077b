// One page and its visitor: consent and the browser's events go in; document loads are recorded from start to end, and sent.
import type { Assets, AssetsDeps } from './assets'
import { createBatcher, frame, type Sender } from './batch'
import { createClock, random16, randomId } from './clock'
import { BEACON_BYTES, type Config } from './config'
import { consentCode, consentFrom, type Consent } from './consent'
import { listen, shorten, type Stop, type TrackerDeps } from './facts'
import { createGuard } from './guard'
import { createIdentity } from './identity'
import { OP_IDENTIFY, OP_LEAVE } from './ops'
import { openOutbox, type Outbox } from './outbox'
import { startRecorder } from './recorder'
import type { Recorder } from './sink'
import { trackClicks } from './trackers/clicks'
import { sendContext } from './trackers/context'
import { trackForms } from './trackers/forms'
import { trackPageViews, type PageViews } from './trackers/pageViews'
import { trackScrollDepth } from './trackers/scrollDepth'
import { createTransport } from './transport'
import { createScrub } from './url'
import { SDK_VERSION } from './version'

const LEFT = 0
const STOPPED = 1
const GAVE_UP = 2

const RESYNC = 1
/** The collector asks for a snapshot in each answer until it has one. */
const RESYNC_MS = 10_000
const REQUEST_MS = 30_000
const MAX_HELD = 100

export interface Visit {
  /** A fact of the site's own; before a grant it waits in memory. */
  _fact(fact: readonly unknown[]): void
  _consent(word: string): void
  _session(): { id: string; url: string } | null
  /** A named moment in the recording, for tests. */
  _mark(name: string): void
  _stop(): void
}

/** The same for every page of a session: 0 to 1. */
export const sampleOf = (session: string): number => {
  let hash = 0
  for (const letter of session) hash = (Math.imul(hash, 31) + letter.charCodeAt(0)) >>> 0
  return (Math.imul(hash, 0x9e3779b1) >>> 0) / 2 ** 32
}

/** `answer`: what the visitor has said about consent already, if anything. */
export const createVisit = (config: Config, answer?: string): Visit => {
  const { _debug: debug, _collector: collector } = config
  const { fetch } = window // taken once, before others patch it
  const clock = createClock()
  const scrub = createScrub(config._query)
  const identity = createIdentity(config._site, clock._wall, random16, () => localStorage, () => sessionStorage)
  const here = (): string => shorten(scrub(location.href), 2_000)

  let consent = answer ? consentFrom(answer) : config._consent
  let outbox: Outbox | undefined
  /** Of the document load under way. */
  let sender = { d: '', o: clock._origin } as Sender
  let recorder: Recorder | undefined
  let assets: Assets | undefined
  let pageViews: PageViews | undefined
  let beforeLeave: (() => void)[] = []
  let undo: Stop[] = []
  let isRunning = false
  let isOver = false
  let hasGivenUp = false
  let wasAcked = false
  let resyncedAt = -Infinity
  /** Facts of the site that came before a grant. */
  let held: (readonly unknown[])[] = []
  let identified: readonly unknown[] | undefined

  const guard = createGuard(
    () => performance.now(),
    () => end('too many errors'),
  )._wrap
  const recorderGuard = createGuard(
    () => performance.now(),
    (reason) => {
      debug(`DOM recording gave up (${reason}); page views and clicks go on`)
      hasGivenUp = true
      sender.x = 0
      stopRecorder()
      batcher._fact([OP_LEAVE, GAVE_UP], true)
    },
  )._wrap

  const transport = createTransport({
    _clock: clock,
    _random: Math.random,
    _post: (body) =>
      fetch(collector + 'v1/batch', {
        method: 'POST',
        body,
        headers: { 'content-type': 'text/plain' }, // no preflight
        credentials: 'omit',
        keepalive: document.hidden && body.length <= BEACON_BYTES,
        signal: AbortSignal.timeout?.(REQUEST_MS) ?? null,
      }),
    _beacon: (body) => navigator.sendBeacon(collector + 'v1/batch', new Blob([body], { type: 'text/plain' })),
    _outbox: () => outbox,
    _acked: guard((batch, { need, snapshot, flush_ms }) => {
      if (!wasAcked) debug(`first batch kept by ${collector}`)
      wasAcked = true
      if (need?.length) assets?._need(need)
      if (flush_ms) batcher._pace(flush_ms)
      if (snapshot && isOwn(batch.k) && clock._now() - resyncedAt > RESYNC_MS) {
        resyncedAt = clock._now()
        recorder?._snapshot(RESYNC)
      }
      batcher._kick()
    }),
    _refused: guard((batch, status, message) => {
      debug(`batch refused (${status}): ${message}`)
      if (!isOwn(batch.k)) return
      if (status == 410) identity._wipe()
      if (/403|409|410/.test('' + status)) end('the collector refuses this page')
    }),
  })
  const batcher = createBatcher({
    _clock: clock,
    _guard: guard,
    _sender: () => sender,
    _url: () => pageViews?._url() ?? here(),
    _flush() {
      // A page that changes by itself does not keep a session alive.
      if (identity._isIdle()) stopDocument()
      else recorder?._flush()
    },
    _named: (text) => assets?._named(text),
    _isBusy: transport._isBusy,
    _deliver: transport._send,
  })
  const isOwn = (key: string): boolean => key.startsWith(sender.d)

  const stopRecorder = (): void => {
    assets?._stop()
    recorder?._stop()
    assets = recorder = undefined
  }
  const startRecording = (): void => {
    // What the recorder hears of assets waits for the part that understands it; where that can't be had the replay lacks assets.
    const loading = import(`${collector}sdk/${SDK_VERSION}/assets.js`).then(
      (part: { default: (deps: AssetsDeps) => Assets }) => {
        if (recorder != own) return
        assets = part.default({
          _collector: collector,
          _site: config._site,
          _sender: () => sender,
          _frame: frame,
          _guard: recorderGuard,
          _scrub: scrub,
          _idOf: own._idOf,
          _allocate: own._allocate,
          _write: (code, ...fields) => batcher._op(code, clock._now(), fields),
        })
        return assets
      },
    )
    const later = <R>(use: (part: Assets) => R): Promise<R | undefined> =>
      loading.then(recorderGuard((part: Assets | undefined) => part && recorder == own ? use(part) : undefined)).catch(() => undefined)
    const own = startRecorder({
      _sink: batcher,
      _now: clock._now,
      _guard: recorderGuard,
      _scrub: scrub,
      _assets: {
        _shown: (element) => void later((part) => part._shown(element)),
        _css: (owner, text, base) => void later((part) => part._css(owner, text, base)),
      },
      _fetchText: async (url) => (await later((part) => part._fetchText(url))) ?? null,
    })
    recorder = own
  }

  /** A document load begins: after the script has loaded, after a return from the back/forward cache, with each session. */
  const startDocument = (): void => {
    stopDocument()
    isRunning = true
    const { s, w, z } = identity._session()
    const isRecorded = config._isReplayOn && !hasGivenUp && sampleOf(s) < config._sample
    sender = {
      k: config._site,
      s,
      w: new Uint8Array(w),
      v: identity._visitor(),
      b: identity._tab(),
      d: randomId(random16),
      o: clock._origin,
      z,
      c: consentCode(consent),
      q: SDK_VERSION,
      x: +isRecorded,
    }
    batcher._restart()
    const deps: TrackerDeps = {
      _sink: batcher,
      _clock: clock,
      _scrub: scrub,
      _guard: guard,
      _idOf: (node) => recorder?._idOf(node) ?? 0,
      _beforeLeave: (callback) => beforeLeave.push(callback),
    }
    pageViews = trackPageViews(deps)
    sendContext(deps)
    for (const fact of identified ? [identified, ...held] : held) batcher._fact(fact, true)
    held = []
    undo = [pageViews._stop, trackClicks(deps), trackScrollDepth(deps, pageViews._url), trackForms(deps)]
    if (isRecorded) recorderGuard(startRecording)()
  }
  /** What was seen is sealed; nothing is observed any more. `reason`: of op Leave, if the visitor or the site ended it. */
  const stopDocument = (reason?: number): void => {
    if (!isRunning) return
    isRunning = false
    beforeLeave.forEach((callback) => guard(callback)())
    if (reason != null) batcher._fact([OP_LEAVE, reason])
    recorder?._flush()
    stopRecorder()
    undo.forEach((stop) => stop())
    beforeLeave = []
    pageViews = undefined
    if (reason == LEFT) batcher._sealNow()
    else batcher._seal()
  }
  /** Nothing leaves any more. */
  const end = (why: string): void => {
    debug(why + ': recording has ended')
    stopDocument()
    batcher._clear()
    transport._clear()
    isOver = true
  }

  const isAllowed = (): boolean => consent == 'granted' || consent == 'cookieless'
  const keep = (): void => {
    outbox = openOutbox(indexedDB, clock._wall)
    transport._keep()
    outbox._claim(transport._sendLeft)
  }
  const forget = (): void => {
    stopDocument()
    batcher._clear()
    transport._clear()
    ;(outbox ?? openOutbox(indexedDB, clock._wall))._wipe()
    outbox = undefined
    identity._wipe()
    held = []
    identified = undefined
  }
  /** Does what the consent allows now. */
  const apply = (before?: Consent): void => {
    debug(`consent: ${consent}`)
    if (before == 'granted' || consent == 'denied') forget()
    if (!isAllowed()) return stopDocument()
    const isOther = consent == 'granted' && identity._keep()
    if (consent == 'granted') keep()
    if (!isRunning || isOther) startDocument()
    else sender = { ...sender, v: identity._visitor(), c: consentCode(consent) }
  }

  const on = (target: EventTarget, types: string, heard: (event: Event) => void): void => {
    listen(target, types, guard((event: Event) => isOver || !isAllowed() || heard(event)))
  }
  const start = (): void => {
    apply()
    on(window, 'pointerdown pointermove keydown scroll', () => {
      if (identity._touch() || !isRunning) startDocument()
    })
    on(document, 'visibilitychange', () => {
      if (!document.hidden || !isRunning) return
      recorder?._flush()
      batcher._seal()
    })
    // Also after `stop`: what is pending then still goes.
    listen(
      window,
      'pagehide',
      guard(() => {
        stopDocument(LEFT)
        transport._leave()
        identity._close()
      }),
    )
    on(window, 'pageshow', (event) => {
      if (!(event as PageTransitionEvent).persisted) return
      identity._open()
      identity._touch()
      startDocument()
    })
    on(window, 'online', transport._wake)
  }
  debug(`site ${config._site}, collector ${collector}, replay ${config._isReplayOn ? `on for ${config._sample * 100} % of sessions` : 'off'}`)
  if ((document as { prerendering?: boolean }).prerendering) document.addEventListener('prerenderingchange', guard(start), { once: true })
  else guard(start)()

  return {
    _fact(fact) {
      if (isOver || consent == 'denied') return
      if (fact[0] == OP_IDENTIFY) identified = fact
      if (isRunning) batcher._fact(fact, true)
      else if (held.length < MAX_HELD && fact != identified) held.push(fact)
    },
    _consent(word) {
      const before = consent
      consent = consentFrom(word)
      if (consent != before && !isOver) apply(before)
    },
    _session() {
      const { s } = identity._session()
      return isRunning ? { id: s, url: `${collector}sessions/${s}` } : null
    },
    _mark: (name) => recorder?._mark(name),
    _stop() {
      stopDocument(STOPPED)
      isOver = true
    },
  }
}
