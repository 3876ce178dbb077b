// A visit that goes on: the collector's stream goes in, the player's timeline grows. While the rep follows, the replay keeps close behind what has
// come. Who loses the connection comes back by itself, and goes on where it was.
import { grown, isGrowth } from './growth.js'
import { FetchError } from './request.js'
import { eventsOf } from './stream.js'
import { Timeline } from './timeline.js'

/** @typedef {import('./player.js').Player} Player */
/** @typedef {import('./growth.js').Growth} Growth */

const NEAR_MS = 50 // whoever has come so near to the visitor follows
const SMOOTH_MS = 550 // so far behind, it plays as fast as it happened: a watched visitor's browser sends twice a second
const CATCH_UP_MS = 400 // … and so much further behind, twice as fast
const MAX_PACE = 4
const LOST_MS = 6_000 // further behind than that, it jumps
const QUIET_MS = 2_500
const FIRST_WAIT_MS = 500
const MOST_WAIT_MS = 20_000

export class Live {
  /** @param {Player} player */
  constructor(player) {
    this.player = player
    /** The rep wants to see what happens now. */
    this.isFollowing = false
    /** The page was opened to see what happens now. */
    this.isAsked = false
    /** The connection is gone; it is being asked for again. */
    this.isLost = false
    this.cursor = ''
    /** Nothing happened before that, from where the replay waits. */
    this.resumeMs = -Infinity
    /** When something came last, by the clock of `performance`. */
    this.newsAt = 0
    this.failures = 0
    this.timer = 0
    /** @type {AbortController|null} */
    this.controller = null
    /** @type {Timeline|null} */
    this.measured = null
    this.measuredMs = 0
    document.addEventListener('visibilitychange', () => (document.hidden ? this.stop() : this.run()))
  }

  get isLive() {
    return this.player.timeline?.data.live ?? false
  }

  /** The last moment of which there is something to show. */
  get headMs() {
    const { timeline } = this.player
    if (timeline && timeline !== this.measured) {
      this.measured = timeline
      this.measuredMs = timeline.data.segments.reduce((most, entry) => Math.max(most, entry.until_ms), timeline.startMs)
    }
    return this.measuredMs
  }

  /** Nothing has come for a while. */
  get isQuiet() {
    return performance.now() - this.newsAt > QUIET_MS
  }

  // --- following ---------------------------------------------------------------------------------------------------------------------------

  /**
   * Where a page opens that was asked to show what happens now.
   * @returns {number|null} null: it was not, or nothing goes on
   */
  opensAtMs() {
    this.isFollowing = this.isAsked && this.isLive
    return this.isFollowing ? this.headMs : null
  }

  /** To what happens now. */
  catchUp() {
    const { player } = this
    if (!this.isLive) return
    player.play()
    this.isFollowing = true
    void player.guard(() => player.goTo(this.headMs))
  }

  /**
   * The moment that a rep who follows sees next.
   * @param {number} t_ms
   * @param {number} passed_ms
   */
  momentAfter(t_ms, passed_ms) {
    const from = Math.max(t_ms, this.resumeMs)
    const behind = this.headMs - from
    const pace = 1 + Math.max(0, behind - SMOOTH_MS) / CATCH_UP_MS
    return behind > LOST_MS ? this.headMs : Math.max(t_ms, Math.min(from + passed_ms * Math.min(pace, MAX_PACE), this.headMs))
  }

  /** Called in each frame that plays. */
  update() {
    if (!this.isLive) this.isFollowing = false
    else if (this.player.tMs >= this.headMs - NEAR_MS) this.isFollowing = true
  }

  // --- the stream --------------------------------------------------------------------------------------------------------------------------

  /** Listens from where the timeline ends. */
  listen() {
    this.stop()
    this.cursor = this.player.timeline?.data.cursor ?? ''
    this.newsAt = performance.now()
    this.run()
  }

  stop() {
    clearTimeout(this.timer)
    this.controller?.abort()
    this.controller = null
  }

  run() {
    if (this.controller || document.hidden || !this.cursor || !this.isLive || this.player.state === 'error') return
    const controller = (this.controller = new AbortController())
    void this.hear(controller).catch((error) => {
      if (this.controller !== controller) return
      this.controller = null
      this.lost(error)
    })
  }

  /** @param {AbortController} controller */
  async hear(controller) {
    const { player } = this
    for await (const { name, data, id } of eventsOf(player.addresses.live(this.cursor), controller)) {
      if (this.controller !== controller) return
      this.failures = 0
      this.isLost = false
      if (name === 'more') {
        await this.grow(data)
        if (this.controller !== controller) return
        this.cursor = id
      } else if (name === 'again') {
        await this.readAnew()
        return
      } else if (name === 'over') {
        this.stop()
        return
      }
    }
  }

  /** It did not just go on: what was at hand may be called otherwise now. */
  async readAnew() {
    const { player } = this
    const place = player.found
    await player.refresh()
    if (place && !player.playhead.at && player.state === 'playing') await player.goTo(player.tMs)
  }

  /** @param {Growth} more */
  async grow(more) {
    const { player } = this
    // What is shown next is fetched before the replay comes there.
    if (this.isFollowing) await Promise.all(more.segments.map((entry) => player.segments.get(entry).catch(() => null)))
    const { timeline } = player
    if (!timeline || !isGrowth(timeline.data, more)) return
    const isAtHead = player.tMs >= this.headMs - NEAR_MS
    const begins = more.segments.map((entry) => entry.t_ms).filter((t_ms) => t_ms > player.tMs)
    if (isAtHead && begins.length > 0) this.resumeMs = Math.min(...begins)
    if (more.segments.length > 0 || more.facts.length > 0) this.newsAt = performance.now()
    player.take(new Timeline(grown(timeline.data, more)))
  }

  /** @param {unknown} error */
  lost(error) {
    if (!(error instanceof FetchError) || !error.isPassing) {
      this.player.fail(error)
      return
    }
    // Not everybody comes back in the same moment after a restart.
    const wait_ms = Math.min(MOST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.failures++) * (0.5 + Math.random())
    this.isLost = true
    this.timer = setTimeout(() => this.run(), wait_ms)
    this.player.changed()
  }
}
