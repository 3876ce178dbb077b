// The player without its buttons: a session's addresses go in; it plays, seeks and steps, and tells its listener whatever changes.
import { whenFree } from './free.js'
import { foldsOf } from './idle.js'
import { Knowledge } from './knowledge.js'
import { Live } from './live.js'
import { Playhead } from './playhead.js'
import { Playing, SPEEDS } from './playing.js'
import { FetchError, request, whole } from './request.js'
import { Retrying } from './retrying.js'
import { Segments } from './segments.js'
import { Stepping } from './stepping.js'
import { Timeline } from './timeline.js'

/** @typedef {import('./view.js').View} View */
/** @typedef {import('./playhead.js').Found} Found */
/** @typedef {'loading'|'playing'|'paused'|'ended'|'error'} PlayerState */

/**
 * @typedef {object} Addresses
 * @property {string} timeline
 * @property {(number: number) => string} segment
 * @property {(hash: string) => string} content
 * @property {(cursor: string) => string} live
 */

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
    this.knowledge = new Knowledge()
    this.stepping = new Stepping(this)
    this.playing = new Playing(this)
    this.live = new Live(this)
    this.retrying = new Retrying(
      () => void this.retry(),
      () => this.changed(),
    )
    /** @type {Timeline|null} */
    this.timeline = null
    /** The timeline at hand is only what the first frame takes; the whole of it comes behind that. */
    this.isPart = false
    /** @type {PlayerState} */
    this.state = 'loading'
    this.tMs = 0
    this.speed = 1
    this.isFolding = true
    /** What is skipped while it plays. @type {import('./idle.js').Fold[]} */
    this.folds = []
    /** The tab that is followed; null: the one that the visitor looked at. @type {number|null} */
    this.tab = null
    /** @type {Found|null} */
    this.found = null
    this.error = ''
    this.isShown = false
    this.seeks = 0
    this.wantsPlay = false
  }

  /** @returns {PlayerState} */
  get settledState() {
    return this.wantsPlay ? 'playing' : this.isAtEnd && !this.timeline?.data.live ? 'ended' : 'paused'
  }

  get isAtEnd() {
    return this.timeline !== null && this.tMs >= this.timeline.untilMs
  }

  get hasReplay() {
    return (this.timeline?.data.segments.length ?? 0) > 0
  }

  // --- opening -------------------------------------------------------------------------------------------------------------------------

  /**
   * Loads the session and goes to a moment, where it stays.
   * @param {number|null} t_ms null: it plays by itself, from the first frame on, once that is complete
   * @param {import('./timeline.js').TimelineData|null} opening what this moment takes of the timeline, if that is at hand
   */
  async open(t_ms, opening) {
    this.wantsPlay = t_ms === null || this.live.isAsked
    this.opensAtMs = t_ms
    if (opening && t_ms !== null) {
      this.isPart = true
      this.take(new Timeline(opening))
    }
    await this.guard(() => this.begin())
  }

  /** Where it was to open; kept until it has. @type {number|null} */
  opensAtMs = null
  isOpen = false

  async begin() {
    await Promise.all([this.view.top ? null : this.view.load(), this.isPart ? this.fetchFirst() : this.refresh()])
    this.wantsPlay &&= this.hasReplay
    await this.goTo(this.opensAtMs ?? this.live.opensAtMs() ?? (await this.stepping.firstFrameMs()))
    this.isOpen = true
    this.playing.start()
    // A long timeline takes a while to read: the first frame is on the screen before that.
    if (this.isPart) await new Promise((done) => whenFree(() => done(null)))
    await this.complete()
  }

  /** What the first frame takes is asked for while its document loads. Failures show when it is needed. */
  async fetchFirst() {
    await this.playhead.find(this.opensAtMs ?? 0, null).catch(() => null)
  }

  async refresh() {
    const timeline = new Timeline(await whole((await request(this.addresses.timeline)).json()))
    this.isPart = false
    this.take(timeline)
    this.live.listen()
  }

  /** Resolves when the whole timeline is at hand. */
  async complete() {
    if (!this.isPart) return
    this.completing ??= this.refresh().finally(() => (this.completing = null))
    await this.completing
  }

  /** @type {Promise<void>|null} */
  completing = null

  /** @param {Timeline} timeline */
  take(timeline) {
    this.timeline = timeline
    this.playhead.setTimeline(timeline)
    this.knowledge.take(timeline)
    this.updateFolds()
    this.changed()
  }

  /** @param {import('./scan.js').ReadSegment} read */
  learn(read) {
    if (this.knowledge.learn(read) && this.found?.document === read.entry.document) this.view.learn()
  }

  // --- failing and going on ------------------------------------------------------------------------------------------------------------

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
    this.playing.restart()
    this.live.stop()
    if (error instanceof FetchError && error.isPassing) this.retrying.schedule()
    else this.retrying.stop()
    this.view.setPlaying(false, this.speed)
    this.setState('error')
  }

  /** Goes on from where it failed: playing if it played. */
  async retry() {
    this.retrying.stop()
    this.error = ''
    this.setState('loading')
    await this.guard(async () => {
      if (!this.isOpen) return this.begin()
      await this.refresh()
      await this.goTo(this.tMs)
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
    this.live.isFollowing = false
    await this.guard(() => this.goTo(t_ms))
  }

  /** @param {number} t_ms */
  async goTo(t_ms) {
    const { timeline } = this
    if (!timeline) return
    const seek = ++this.seeks
    this.playing.stay()
    this.retrying.stop()
    this.error = ''
    this.stepping.forget()
    this.tMs = Math.round(Math.min(Math.max(t_ms, timeline.startMs), timeline.untilMs))
    this.setState('loading')
    const isOpening = this.tMs === this.opensAtMs && this.tab === null
    const found = await this.findAgain(this.tMs, isOpening).catch((error) => {
      if (seek === this.seeks) throw error
    })
    if (seek !== this.seeks || found === undefined) return
    this.retrying.reset()
    this.draw(found)
    this.view.jump(this.tMs)
    await this.view.settle(() => this.reveal())
    if (seek !== this.seeks) return
    this.playing.restart()
    // What moves by itself goes with the replay, also where it begins to play by itself.
    this.view.setPlaying(this.wantsPlay, this.speed)
    this.setState(this.settledState)
    this.playing.fetchAheadSoon()
  }

  /** The first frame is painted as a whole. */
  reveal() {
    if (this.isShown) return
    this.isShown = true
    this.changed()
  }

  /**
   * A live session's batches are packed while it is watched: what the timeline named may be gone, and is there under another name.
   * @param {number} t_ms
   * @param {boolean} [isOpening] what is at hand of the timeline is meant for this moment
   */
  async findAgain(t_ms, isOpening = false) {
    if (!isOpening) await this.complete()
    try {
      const found = await this.playhead.find(t_ms, this.tab)
      if (!this.isPart || this.isFirstChoice(found, t_ms)) return found
      await this.complete()
      return await this.playhead.find(t_ms, this.tab)
    } catch (error) {
      if (!(error instanceof FetchError) || error.status !== 404) throw error
      await this.refresh()
      return this.playhead.find(t_ms, this.tab)
    }
  }

  /**
   * Nothing else can be shown at this moment, whatever else there is.
   * @param {Found|null} found
   * @param {number} t_ms
   */
  isFirstChoice(found, t_ms) {
    const tab = this.timeline?.tabsAt(t_ms)[0]
    return found !== null && found.tab === tab && this.timeline?.documentsAt(tab, t_ms)[0] === found.document
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
    else this.view.show(this.playhead.tree, this.knowledge.of(found.document), isSameLoad)
  }

  /** @param {Found|null} found what the replay has come to; most moments change nothing */
  drawNext(found) {
    const isSame = found !== null && this.found !== null && isSamePlace(found, this.found)
    if (!isSame && (found || this.found)) this.draw(found)
  }

  // --- playing -------------------------------------------------------------------------------------------------------------------------

  play() {
    if (this.state === 'error' || !this.hasReplay) return
    this.wantsPlay = true
    if (this.isAtEnd && !this.timeline?.data.live) {
      void this.guard(async () => {
        await this.complete()
        await this.goTo(await this.stepping.firstFrameMs())
      })
      return
    }
    this.playing.restart()
    this.stepping.forget()
    if (this.state !== 'loading') this.setState('playing')
    this.view.setPlaying(true, this.speed)
  }

  pause() {
    this.wantsPlay = false
    this.live.isFollowing = false
    this.playing.restart()
    if (this.state === 'playing') this.setState(this.settledState)
    this.view.setPlaying(false, this.speed)
  }

  /** The last moment has been played. */
  end() {
    this.wantsPlay = false
    this.view.setPlaying(false, this.speed)
    this.setState('ended')
  }

  /** @param {number} speed */
  setSpeed(speed) {
    this.speed = SPEEDS.includes(speed) ? speed : 1
    this.view.setPlaying(this.wantsPlay && this.state !== 'error', this.speed)
    this.changed()
  }

  /** @param {boolean} isFolding skip idle time */
  setFolding(isFolding) {
    this.isFolding = isFolding
    this.updateFolds()
    this.changed()
  }

  updateFolds() {
    this.folds = this.isFolding && this.timeline ? foldsOf(this.timeline) : []
    this.playing.fold = null
  }

  /** @param {number|null} tab */
  async setTab(tab) {
    this.tab = tab
    await this.seek(this.tMs)
  }
}

/**
 * @param {Found} a
 * @param {Found} b
 */
const isSamePlace = (a, b) =>
  a.document === b.document && a.shown[0] === b.shown[0] && a.shown[1] === b.shown[1] && a.stale === b.stale && a.tab === b.tab
