// What playing on will ask for: a moment and how far to look go in, the segments of the tabs on the screen come out, nearest first.
import { foldAt } from './idle.js'
import { lastAtMost } from './timeline.js'

/** @typedef {import('./timeline.js').Timeline} Timeline */
/** @typedef {import('./timeline.js').SegmentEntry} SegmentEntry */
/** @typedef {import('./idle.js').Fold} Fold */

/**
 * The moment to which the replay comes when it plays for so long.
 * @param {number} t_ms
 * @param {number} busy_ms of the visit, folds not counted
 * @param {Fold[]} folds
 */
export const horizonOf = (t_ms, busy_ms, folds) => {
  const inside = foldAt(folds, t_ms)
  let at = inside ? inside.until_ms : t_ms
  let left = busy_ms
  for (let next = lastAtMost(folds, at, (fold) => fold.t_ms) + 1; next < folds.length; next++) {
    const fold = /** @type {Fold} */ (folds[next])
    if (fold.t_ms - at > left) break
    left -= Math.max(0, fold.t_ms - at)
    at = fold.until_ms
  }
  return at + left
}

/**
 * @param {Timeline} timeline
 * @param {number} tab
 * @param {number} t_ms
 * @param {number} horizonMs
 * @returns {SegmentEntry[]}
 */
export const segmentsAhead = (timeline, tab, t_ms, horizonMs) => {
  const turns = timeline.turns.get(tab) ?? []
  const first = Math.max(0, lastAtMost(turns, t_ms, (turn) => turn.t_ms))
  const last = lastAtMost(turns, horizonMs, (turn) => turn.t_ms)
  const documents = new Set(turns.slice(first, last + 1).map((turn) => turn.document))
  return [...documents].flatMap((document) => {
    const stream = timeline.streams.get(document) ?? []
    const from = Math.max(0, lastAtMost(stream, t_ms, (entry) => entry.t_ms))
    const to = lastAtMost(stream, horizonMs, (entry) => entry.t_ms)
    return stream.slice(from, to + 1).filter((entry) => entry.until_ms >= t_ms)
  })
}
