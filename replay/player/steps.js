// Stepping: a tab and a moment go in, the moments at which its frames begin come out, one at a time or all of them.
import { STEPS, Scan, comparePositions } from './scan.js'
import { lastAtMost } from './timeline.js'

/** @typedef {import('./playhead.js').Playhead} Playhead */
/** @typedef {import('./scan.js').Position} Position */

export class Steps {
  /** @param {Playhead} playhead whose timeline, segments and place are used */
  constructor(playhead) {
    this.playhead = playhead
  }

  /**
   * When frames of a document begin, in order, from a segment on. Fetches segments as they are asked for.
   * @param {number} document
   * @param {number} from place of the first segment
   * @returns {AsyncGenerator<{t_ms: number, isStep: boolean}>}
   */
  async *moments(document, from) {
    const scan = new Scan()
    let isStep = false
    let t_ms = 0
    let last = /** @type {{t_ms: number, isStep: boolean}|null} */ (null)
    for (const [place, entry] of (this.playhead.timeline?.streams.get(document) ?? []).entries()) {
      if (place < from) continue
      const read = await this.playhead.segments.get(entry)
      scan.enter(place, read)
      for (let low = 0; low < read.ops.length; ) {
        t_ms = read.ops[low]?.t_ms ?? 0
        const high = read.countAt(t_ms)
        for (let index = low; index < high; index++) isStep ||= STEPS.has(read.ops[index]?.code ?? 0)
        const before = scan.shown
        scan.advance(place, read, low, high)
        low = high
        if (isSamePosition(scan.shown, before)) continue
        // Two segments may share a moment: it is one frame.
        if (last && last.t_ms !== t_ms) yield last
        last = { t_ms, isStep: isStep || (last?.t_ms === t_ms && last.isStep) }
        isStep = false
      }
    }
    const before = scan.shown
    if (!this.playhead.timeline?.data.live) scan.close()
    if (!isSamePosition(scan.shown, before)) {
      if (last && last.t_ms !== t_ms) yield last
      last = { t_ms, isStep: true }
    }
    if (last) yield last
  }

  /**
   * Every frame of a tab, in order. Fetches every segment of the tab.
   * @param {number} tab
   * @param {boolean} isEvery also those that only move the visitor
   * @returns {Promise<number[]>}
   */
  async frameTimes(tab, isEvery) {
    const turns = this.playhead.timeline?.turns.get(tab) ?? []
    /** @type {number[][]} */
    const parts = []
    let limit = Infinity
    for (let at = turns.length - 1; at >= 0; at--) {
      const turn = turns[at]
      if (!turn) continue
      const low = isFirstTurn(turns, at) ? -Infinity : turn.t_ms
      const here = []
      for await (const moment of this.moments(turn.document, 0)) if (moment.t_ms >= low && moment.t_ms < limit) here.push(moment)
      if (here[0]) limit = here[0].t_ms
      parts.unshift(here.filter(({ isStep }) => isEvery || isStep).map(({ t_ms }) => t_ms))
    }
    return parts.flat()
  }

  /**
   * The next frame of a tab behind a moment, or the one before it; null: there is none.
   * @param {number} tab
   * @param {number} t_ms
   * @param {1|-1} direction
   * @param {boolean} isEvery
   * @returns {Promise<number|null>}
   */
  async stepFrom(tab, t_ms, direction, isEvery) {
    const turns = this.playhead.timeline?.turns.get(tab) ?? []
    const found = this.playhead.at?.tab === tab ? this.playhead.at.document : undefined
    let at = lastAtMost(turns, t_ms, (turn) => turn.t_ms)
    while (at > 0 && found !== undefined && turns[at]?.document !== found) at--
    if (direction > 0) return this.nextMoment(turns, at, t_ms, isEvery)
    for (let limit = t_ms; at >= 0; at--) {
      const turn = turns[at]
      if (!turn) break
      const low = isFirstTurn(turns, at) ? -Infinity : turn.t_ms
      const moment = await this.momentBefore(turn.document, limit, low, isEvery)
      if (moment !== null) return moment
      // What this document shows first ends what the one before it shows.
      limit = Math.min(limit, (await this.momentAfter(turn.document, low - 1, true)) ?? limit)
    }
    return null
  }

  /**
   * @param {import('./timeline.js').Turn[]} turns
   * @param {number} at
   * @param {number} t_ms
   * @param {boolean} isEvery
   */
  async nextMoment(turns, at, t_ms, isEvery) {
    const turn = turns[at]
    const here = turn ? await this.momentAfter(turn.document, t_ms, isEvery) : null
    for (const next of turns.slice(at + 1)) {
      const there = await this.momentAfter(next.document, Math.max(t_ms, next.t_ms - 1), isEvery)
      if (there !== null) return here === null ? there : Math.min(here, there)
    }
    return here
  }

  /**
   * @param {number} document
   * @param {number} t_ms
   * @param {boolean} isEvery
   * @returns {Promise<number|null>}
   */
  async momentAfter(document, t_ms, isEvery) {
    const stream = this.playhead.timeline?.streams.get(document) ?? []
    let from = Math.max(0, lastAtMost(stream, t_ms, (entry) => entry.t_ms))
    while (from > 0 && !stream[from]?.keyframe) from--
    for await (const moment of this.moments(document, from)) if (moment.t_ms > t_ms && (isEvery || moment.isStep)) return moment.t_ms
    return null
  }

  /**
   * @param {number} document
   * @param {number} t_ms
   * @param {number} low
   * @param {boolean} isEvery
   * @returns {Promise<number|null>}
   */
  async momentBefore(document, t_ms, low, isEvery) {
    const stream = this.playhead.timeline?.streams.get(document) ?? []
    for (let from = lastAtMost(stream, t_ms, (entry) => entry.t_ms); from >= 0; from--) {
      if (from > 0 && !stream[from]?.keyframe) continue
      let found = null
      for await (const moment of this.moments(document, from)) {
        if (moment.t_ms >= t_ms) break
        if (moment.t_ms >= low && (isEvery || moment.isStep)) found = moment.t_ms
      }
      if (found !== null) return found
    }
    return null
  }
}

/**
 * @param {import('./timeline.js').Turn[]} turns
 * @param {number} at
 */
const isFirstTurn = (turns, at) => turns.findIndex((other) => other.document === turns[at]?.document) === at

/**
 * @param {Position|null} a
 * @param {Position|null} b
 */
const isSamePosition = (a, b) => a === b || (!!a && !!b && comparePositions(a, b) === 0)
