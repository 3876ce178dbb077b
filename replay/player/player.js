// The player without its buttons: a session's addresses go in; it plays, seeks and steps, and tells its listener whatever changes.
import { Playhead } from './playhead.js'
import { FetchError, Segments, request } from './segments.js'
import { painted } from './settling.js'
import { Steps } from './steps.js'
import { Timeline } from './timeline.js'

/** @typedef {import('./view.js').View} View */
/** @typedef {import('./playhead.js').Found} Found */
/** @typedef {import('./addresses.js').LoadKnowledge} LoadKnowledge */
/** @typedef {'loading'|'playing'|'paused'|'ended'|'error'} PlayerState */

/**
 * @typedef {object} Addresses
 * @property {string} timeline
 * @property {(number: number) => string} segment
 * @property {(hash: string) => string} content
 */

const AHEAD_MS = 10_000
const POLL_MS = 2_000
const IDLE_MS = 2_000 // a pause that is skipped, where pauses are
const IDLE_LEAD_MS = 600
const SPEEDS = [0.5, 1, 2, 4, 8]

export class Player {
  /**
   * @param {View} view
   * @param {Addresses} addresses
   * @param {() => void} changed called after every change of what can be shown
   */
  constructor(view, addresses, changed) {
    this.view = view
    this.addresses = addresses
    this.changed = changed
    this.segments = new Segments(addresses)
    this.segments.onRead = (read) => this.learn(read)
    this.playhead = new Playhead(this.segments)
    this.steps = new Steps(this.playhead)
    /** @type {Timeline|null} */
    this.timeline = null
    /** @type {PlayerState} */
    this.state = 'loading'
    this.tMs = 0
    this.speed = 1
    this.skipsIdle = false
    /** The tab that is followed; null: the one that the visitor looked at. @type {number|null} */
    this.tab = null
    /** @type {Found|null} */
    this.found = null
    this.error = ''
    this.isWaiting = false
    /** @type {Map<number, LoadKnowledge>} */
    this.knowledge = new Map()
    this.seeks = 0
    this.wantsPlay = false
    this.lastTick = 0
    this.lastPoll = 0
    this.isPolling = false
  }

  /** @returns {PlayerState} */
  get settledState() {
    return this.wantsPlay ? 'playing' : this.isAtEnd && !this.timeline?.data.live ? 'ended' : 'paused'
  }

  get isAtEnd() {
    return this.timeline !== null && this.tMs >= this.timeline.untilMs
  }

  // --- opening -------------------------------------------------------------------------------------------------------------------------

  /**
   * Loads the session and goes to a moment, where it stays.
   * @param {number|null} t_ms null: it plays by itself, from the first frame on, once that is complete
   */
  async open(t_ms) {
    await this.guard(async () => {
      await this.view.load()
      await this.refresh()
      this.wantsPlay = t_ms === null && this.hasReplay
      await this.goTo(t_ms ?? (await this.firstFrameMs()))
      this.start()
    })
  }

  get hasReplay() {
    return (this.timeline?.data.segments.length ?? 0) > 0
  }

  async firstFrameMs() {
    const { timeline } = this
    if (!timeline) return 0
    const [first] = timeline.data.segments.length > 0 ? timeline.tabsAt(firstOf(timeline)) : []
    const step = first === undefined ? null : await this.steps.stepFrom(first, timeline.startMs - 1, 1, false)
    return step ?? timeline.startMs
  }

  async refresh() {
    const response = await request(this.addresses.timeline)
    const timeline = new Timeline(await response.json())
    this.timeline = timeline
    this.playhead.setTimeline(timeline)
    for (const entry of timeline.data.documents) {
      const known = this.knowledgeOf(entry.document)
      for (const [id, asset] of Object.entries(entry.assets)) known.assets.set(Number(id), asset)
    }
    this.changed()
  }

  /** @param {number} document */
  knowledgeOf(document) {
    const known = this.knowledge.get(document) ?? { assets: new Map(), cssAssets: new Map() }
    this.knowledge.set(document, known)
    return known
  }

  /**
   * What assets are holds for the whole load, so what a later segment tells is used for earlier moments too.
   * @param {import('./scan.js').ReadSegment} read
   */
  learn(read) {
    const known = this.knowledgeOf(read.entry.document)
    let isNew = false
    for (const op of read.ops) {
      if (op.code === ASSET && !known.assets.has(op['asset'])) {
        known.assets.set(op['asset'], [op['hash'], op['media_type']])
        isNew = true
      } else if (op.code === CSS_ASSET) {
        const tokens = known.cssAssets.get(op['owner']) ?? new Map()
        if (!tokens.has(op['token'])) isNew = true
        known.cssAssets.set(op['owner'], tokens.set(op['token'], op['asset']))
      }
    }
    if (isNew && this.found?.document === read.entry.document) this.view.learn()
  }

  /**
   * Runs something that may fail; a failure is shown, and `retry` goes on from the same place.
   * @param {() => Promise<void>} action
   */
  async guard(action) {
    try {
      await action()
    } catch (error) {
      this.fail(error)
    }
  }

  /** @param {unknown} error */
  fail(error) {
    if (!(error instanceof FetchError)) console.error(error)
    this.error = error instanceof Error ? error.message : String(error)
    this.setState('error')
  }

  async retry() {
    this.error = ''
    this.setState('loading')
    await this.guard(async () => {
      if (!this.view.top) await this.view.load()
      await this.refresh()
      await this.goTo(this.tMs)
      this.start()
    })
  }

  /** @param {PlayerState} state */
  setState(state) {
    this.state = state
    this.changed()
  }

  // --- seeking -------------------------------------------------------------------------------------------------------------------------

  /**
   * Goes to a moment; resolves when its frame is complete, or when a later seek has taken over.
   * @param {number} t_ms
   */
  async seek(t_ms) {
    await this.guard(() => this.goTo(t_ms))
  }

  /** @param {number} t_ms */
  async goTo(t_ms) {
    const { timeline } = this
    if (!timeline) return
    const seek = ++this.seeks
    this.tMs = Math.round(Math.min(Math.max(t_ms, timeline.startMs), timeline.untilMs))
    this.setState('loading')
    const found = await this.findAgain(this.tMs)
    if (seek !== this.seeks) return
    this.draw(found)
    this.view.jump(this.tMs)
    await this.view.settle()
    if (seek !== this.seeks) return
    if (!this.isShown) await this.reveal()
    if (seek !== this.seeks) return
    this.lastTick = 0
    // What moves by itself goes with the replay, also where it begins to play by itself.
    this.view.setPlaying(this.wantsPlay, this.speed)
    this.setState(this.settledState)
    void this.prefetch()
  }

  /** The first frame is painted as a whole. */
  async reveal() {
    this.isShown = true
    this.changed()
    await painted()
  }

  isShown = false

  /**
   * A live session's batches are packed while it is watched: what the timeline named may be gone, and is there under another name.
   * @param {number} t_ms
   */
  async findAgain(t_ms) {
    try {
      return await this.playhead.find(t_ms, this.tab)
    } catch (error) {
      if (!(error instanceof FetchError) || error.status !== 404) throw error
      await this.refresh()
      return this.playhead.find(t_ms, this.tab)
    }
  }

  /** @param {Found|null} found */
  draw(found) {
    const isSameLoad = found !== null && this.found?.document === found.document
    this.found = found
    if (!found) {
      this.view.clear()
      return
    }
    const isKept = this.playhead.moveTo(found)
    if (isKept && this.view.tree === this.playhead.tree) this.view.patch()
    else this.view.show(this.playhead.tree, this.knowledgeOf(found.document), isSameLoad)
  }

  // --- playing -------------------------------------------------------------------------------------------------------------------------

  play() {
    if (this.state === 'error' || !this.hasReplay) return
    this.wantsPlay = true
    if (this.isAtEnd && !this.timeline?.data.live) {
      void this.guard(async () => this.goTo(await this.firstFrameMs()))
      return
    }
    this.lastTick = 0
    if (this.state !== 'loading') this.setState('playing')
    this.view.setPlaying(true, this.speed)
  }

  pause() {
    this.wantsPlay = false
    if (this.state === 'playing') this.setState(this.settledState)
    this.view.setPlaying(false, this.speed)
  }

  /** @param {number} speed */
  setSpeed(speed) {
    this.speed = SPEEDS.includes(speed) ? speed : 1
    this.view.setPlaying(this.wantsPlay, this.speed)
    this.changed()
  }

  /** @param {number|null} tab */
  async setTab(tab) {
    this.tab = tab
    await this.seek(this.tMs)
  }

  start() {
    if (this.isRunning) return
    this.isRunning = true
    const tick = (/** @type {number} */ now) => {
      void this.guard(async () => this.tick(now))
      requestAnimationFrame(tick)
    }
    requestAnimationFrame(tick)
  }

  isRunning = false

  /** @param {number} now */
  tick(now) {
    const passed = this.lastTick === 0 ? 0 : now - this.lastTick
    this.lastTick = now
    if (this.timeline?.data.live) this.poll(now)
    if (this.state !== 'playing' || this.isWaiting || !this.timeline) return
    // A tab in the background gets no frames: what passed meanwhile is not skipped.
    const t_ms = this.skipIdle(this.tMs + Math.min(passed, 250) * this.speed)
    this.advance(Math.min(t_ms, this.timeline.untilMs))
    if (this.isAtEnd && !this.timeline.data.live) {
      this.wantsPlay = false
      this.view.setPlaying(false, this.speed)
      this.setState('ended')
    } else this.changed()
  }

  /** @param {number} t_ms */
  advance(t_ms) {
    const found = this.playhead.tryFind(t_ms, this.tab)
    if (found === undefined) {
      this.isWaiting = true
      const seek = this.seeks
      void this.guard(async () => {
        await this.findAgain(t_ms)
      }).finally(() => {
        this.isWaiting = false
        if (seek === this.seeks) this.lastTick = 0
      })
      return
    }
    this.tMs = t_ms
    const isSame = found !== null && this.found !== null && samePlace(found, this.found)
    if (!isSame && (found || this.found)) this.draw(found)
    if (t_ms > this.prefetchedMs - AHEAD_MS / 2 || t_ms < this.prefetchedMs - AHEAD_MS * 20) void this.prefetch()
  }

  /** @param {number} t_ms */
  skipIdle(t_ms) {
    if (!this.skipsIdle) return t_ms
    const next = this.playhead.nextOpMs()
    return next !== null && next - t_ms > IDLE_MS ? next - IDLE_LEAD_MS : t_ms
  }

  /**
   * The pointer on its way to the next sample; null: where the tree says.
   * @returns {[number, number]|null}
   */
  pointerNow() {
    const { pointer } = this.playhead.tree
    const next = this.wantsPlay && this.found ? this.playhead.nextPointer(this.tMs) : null
    if (!pointer || !next) return null
    const share = Math.min(1, Math.max(0, (this.tMs - next.since_ms) / (next.t_ms - next.since_ms)))
    return [pointer[0] + (next.x - pointer[0]) * share, pointer[1] + (next.y - pointer[1]) * share]
  }

  prefetchedMs = -Infinity

  /** Fetches what playing on will ask for. Failures show when it is really needed. */
  async prefetch() {
    const { timeline, found } = this
    if (!timeline || !found) return
    const ahead = this.tMs + AHEAD_MS * Math.max(1, this.speed)
    this.prefetchedMs = ahead
    const tabs = new Set([found.tab, ...timeline.tabsAt(ahead).slice(0, 1)])
    for (const tab of tabs) {
      for (const document of new Set([...timeline.documentsAt(tab, ahead).slice(0, 2)])) {
        for (const entry of timeline.streams.get(document) ?? []) {
          if (entry.until_ms < this.tMs || entry.t_ms > ahead || this.segments.peek(entry)) continue
          await this.segments.get(entry).catch(() => {})
        }
      }
    }
  }

  /** @param {number} now */
  poll(now) {
    const isNear = this.timeline !== null && this.timeline.untilMs - this.tMs < AHEAD_MS
    if (this.isPolling || this.state === 'error' || now - this.lastPoll < (isNear ? POLL_MS : POLL_MS * 5)) return
    this.isPolling = true
    this.lastPoll = now
    const place = this.found
    this.refresh()
      .then(async () => {
        // The tree at hand may rest on segments that are named anew.
        if (place && !this.playhead.at && this.state === 'playing') await this.goTo(this.tMs)
      })
      .catch((error) => {
        if (error instanceof FetchError && error.status === 0) return // asked again in a moment
        this.fail(error)
      })
      .finally(() => {
        this.isPolling = false
      })
  }

  // --- stepping ------------------------------------------------------------------------------------------------------------------------

  /**
   * Goes `count` frames on, or back.
   * @param {number} count
   * @param {boolean} [isEvery] also frames in which only the pointer moves
   */
  async step(count, isEvery = false) {
    this.pause()
    this.setState('loading')
    await this.guard(async () => {
      const direction = count < 0 ? -1 : 1
      let t_ms = this.tMs
      for (let left = Math.abs(count); left > 0; left--) {
        const next = await this.stepFrom(t_ms, direction, isEvery)
        if (next === null) break
        t_ms = next
      }
      await this.goTo(t_ms)
    })
  }

  /**
   * @param {number} t_ms
   * @param {1|-1} direction
   * @param {boolean} isEvery
   */
  async stepFrom(t_ms, direction, isEvery) {
    const { timeline } = this
    if (!timeline) return null
    const tabs = this.tab === null ? timeline.data.tabs : [this.tab]
    const steps = await Promise.all(tabs.map(async (tab) => ({ tab, t_ms: await this.steps.stepFrom(tab, t_ms, direction, isEvery) })))
    const moments = steps.flatMap((step) => (step.t_ms === null ? [] : [{ tab: step.tab, t_ms: step.t_ms }]))
    moments.sort((a, b) => direction * (a.t_ms - b.t_ms))
    // A frame of a tab that nobody looked at then is not on the screen.
    const seen = moments.find((moment) => this.tab !== null || timeline.tabsAt(moment.t_ms)[0] === moment.tab)
    return (seen ?? moments[0])?.t_ms ?? null
  }

  /**
   * Every moment at which a frame of the followed tab begins.
   * @param {boolean} [isEvery]
   */
  async frameTimes(isEvery = false) {
    const tabs = this.tab === null ? (this.timeline?.data.tabs ?? []) : [this.tab]
    const times = await Promise.all(tabs.map((tab) => this.steps.frameTimes(tab, isEvery)))
    return [...new Set(times.flat())].sort((a, b) => a - b)
  }
}

const ASSET = 26
const CSS_ASSET = 28

/** @param {Timeline} timeline */
const firstOf = (timeline) => Math.min(...timeline.data.documents.filter((entry) => timeline.streams.has(entry.document)).map((entry) => entry.t_ms))

/**
 * @param {Found} a
 * @param {Found} b
 */
const samePlace = (a, b) =>
  a.document === b.document && a.shown[0] === b.shown[0] && a.shown[1] === b.shown[1] && a.stale === b.stale && a.tab === b.tab
