// Idle time: a timeline goes in, out come the stretches in which nothing happened, and an axis on which they are folded to a sliver.
import { lastAtMost } from './timeline.js'

/** @typedef {import('./timeline.js').Timeline} Timeline */
/** @typedef {{t_ms: number, until_ms: number}} Fold */

// Something ends, something begins: this much of an idle stretch is shown at both of its ends.
const EDGE_MS = 700
const LEAST_MS = 3_000
const SLIVER = 0.012 // of the axis; many of them have a quarter of it together
const SLIVERS = 0.25

/**
 * @param {Timeline} timeline
 * @returns {Fold[]}
 */
export const foldsOf = (timeline) =>
  timeline.idle
    .map(({ t_ms, until_ms }) => ({ t_ms: Math.max(t_ms + EDGE_MS, timeline.startMs), until_ms: Math.min(until_ms - EDGE_MS, timeline.untilMs) }))
    .filter(({ t_ms, until_ms }) => until_ms - t_ms >= LEAST_MS)

/**
 * The fold that a moment lies in.
 * @param {Fold[]} folds
 * @param {number} t_ms
 * @returns {Fold|null}
 */
export const foldAt = (folds, t_ms) => {
  const fold = folds[lastAtMost(folds, t_ms, (one) => one.t_ms)]
  return fold && t_ms < fold.until_ms ? fold : null
}

/** Moments ↔ places from 0 to 1. Between two known points it is linear. */
export class Axis {
  /**
   * @param {number} startMs
   * @param {number} untilMs
   * @param {Fold[]} folds in order; empty: nothing is folded
   */
  constructor(startMs, untilMs, folds) {
    const busy = Math.max(1, untilMs - startMs - folds.reduce((sum, fold) => sum + fold.until_ms - fold.t_ms, 0))
    const share = Math.min(SLIVER, SLIVERS / Math.max(1, folds.length))
    const sliver = (busy * share) / Math.max(0.5, 1 - share * folds.length)
    const whole = busy + sliver * folds.length
    /** @type {Array<{t_ms: number, at: number}>} */
    this.points = [{ t_ms: startMs, at: 0 }]
    let at = 0
    let from = startMs
    for (const fold of folds) {
      at += (fold.t_ms - from) / whole
      this.points.push({ t_ms: fold.t_ms, at })
      at += sliver / whole
      this.points.push({ t_ms: fold.until_ms, at })
      from = fold.until_ms
    }
    this.points.push({ t_ms: Math.max(untilMs, startMs + 1), at: 1 })
  }

  /** @param {number} t_ms */
  share(t_ms) {
    const [low, high] = this.around(lastAtMost(this.points, t_ms, (point) => point.t_ms))
    const length = high.t_ms - low.t_ms
    return clamp(length > 0 ? low.at + ((t_ms - low.t_ms) / length) * (high.at - low.at) : low.at)
  }

  /** @param {number} share */
  time(share) {
    const [low, high] = this.around(lastAtMost(this.points, clamp(share), (point) => point.at))
    const length = high.at - low.at
    return length > 0 ? low.t_ms + ((clamp(share) - low.at) / length) * (high.t_ms - low.t_ms) : low.t_ms
  }

  /** @param {number} index */
  around(index) {
    const low = Math.min(Math.max(0, index), this.points.length - 2)
    return /** @type {[{t_ms: number, at: number}, {t_ms: number, at: number}]} */ ([this.points[low], this.points[low + 1]])
  }
}

/** @param {number} share */
const clamp = (share) => Math.min(1, Math.max(0, share))
