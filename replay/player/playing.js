// The clock of the replay: frames of the rep's screen go in, moments of the visit come out, one after the other, as fast as the rep wants and
// quickly through what is folded. What will be needed is fetched ahead.
import { horizonOf, segmentsAhead } from './ahead.js'
import { foldAt } from './idle.js'

/** @typedef {import('./player.js').Player} Player */

export const SPEEDS = [0.5, 1, 2, 4, 8, 16]

const AHEAD_MS = 10_000 // of the rep's time
const REST_MS = 250 // who moves through time stays nowhere
const FOLD_MS = 900 // a fold takes that long, whatever it holds
const MOST_PASSED_MS = 250 // a tab in the background gets no frames: what passed meanwhile is not skipped

export class Playing {
  /** @param {Player} player */
  constructor(player) {
    this.player = player
    this.isRunning = false
    this.isWaiting = false
    this.isFetching = false
    this.lastTick = 0
    this.horizonMs = -Infinity
    /** The fold that is being played through. @type {import('./idle.js').Fold|null} */
    this.fold = null
  }

  start() {
    if (this.isRunning) return
    this.isRunning = true
    const tick = (/** @type {number} */ now) => {
      void this.player.guard(async () => this.tick(now))
      requestAnimationFrame(tick)
    }
    requestAnimationFrame(tick)
  }

  /** The replay is somewhere else, or begins anew: no time has passed. */
  restart() {
    this.lastTick = 0
    this.fold = null
    this.stay()
  }

  /** Nothing more is fetched ahead. */
  stay() {
    this.horizonMs = -Infinity
    clearTimeout(this.resting)
  }

  resting = 0

  /** At once when it plays; otherwise when the rep stays here. */
  fetchAheadSoon() {
    if (this.player.wantsPlay) void this.fetchAhead()
    else this.resting = setTimeout(() => void this.player.complete().then(() => this.fetchAhead(), () => {}), REST_MS)
  }

  /** @param {number} now */
  tick(now) {
    const { player } = this
    const { timeline } = player
    const passed = this.lastTick === 0 ? 0 : Math.min(now - this.lastTick, MOST_PASSED_MS)
    this.lastTick = now
    if (player.isPart) return
    if (player.state !== 'playing' || this.isWaiting || !timeline) return
    player.live.update()
    const next = player.live.isFollowing ? player.live.momentAfter(player.tMs, passed) : this.momentAfter(player.tMs, passed)
    this.advance(Math.min(next, timeline.untilMs))
    if (player.isAtEnd && !timeline.data.live) player.end()
    else player.changed()
  }

  /**
   * @param {number} t_ms
   * @param {number} passed_ms
   */
  momentAfter(t_ms, passed_ms) {
    const { folds, speed } = this.player
    this.fold = foldAt(folds, t_ms)
    if (!this.fold) return t_ms + passed_ms * speed
    const pace = Math.max(speed, (this.fold.until_ms - this.fold.t_ms) / FOLD_MS)
    return Math.min(t_ms + passed_ms * pace, this.fold.until_ms)
  }

  /** @param {number} t_ms */
  advance(t_ms) {
    const { player } = this
    const found = player.playhead.tryFind(t_ms, player.tab)
    if (found === undefined) {
      this.waitFor(t_ms)
      return
    }
    player.tMs = t_ms
    player.drawNext(found)
    if (t_ms > this.horizonMs - (AHEAD_MS * Math.max(1, player.speed)) / 2) void this.fetchAhead()
  }

  /**
   * The replay stands still until what it needs is there.
   * @param {number} t_ms
   */
  waitFor(t_ms) {
    const { player } = this
    this.isWaiting = true
    const seek = player.seeks
    void player
      .guard(async () => {
        await player.findAgain(t_ms).catch((error) => {
          if (seek === player.seeks) throw error
        })
      })
      .finally(() => {
        this.isWaiting = false
        if (seek === player.seeks) this.lastTick = 0
      })
  }

  /** Fetches what playing on will ask for, also beyond folds. Failures show when it is really needed. */
  async fetchAhead() {
    const { timeline, isPart, found, segments, folds, speed } = this.player
    if (!timeline || isPart || !found || this.isFetching) return
    const horizon = horizonOf(this.player.tMs, AHEAD_MS * Math.max(1, speed), folds)
    this.horizonMs = horizon
    this.isFetching = true
    const tabs = this.player.tab === null ? new Set([found.tab, ...timeline.tabsAt(horizon).slice(0, 1)]) : [found.tab]
    const wanted = [...tabs].flatMap((tab) => segmentsAhead(timeline, tab, this.player.tMs, horizon))
    for (const entry of wanted.sort((a, b) => a.t_ms - b.t_ms)) {
      if (this.horizonMs !== horizon) break
      if (segments.peek(entry)) continue
      const isThere = await segments.get(entry).then(
        () => true,
        () => false,
      )
      if (!isThere) break
    }
    this.isFetching = false
    if (this.horizonMs !== horizon) void this.fetchAhead()
  }
}
