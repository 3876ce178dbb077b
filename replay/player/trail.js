// The visitor's pointer and fingers: a playhead and a moment go in, out come where the pointer is on its way to, and the way it came.
import { OPS } from './ops.js'

/** @typedef {import('./playhead.js').Playhead} Playhead */
/** @typedef {import('./wire.js').Op} Op */
/** @typedef {{x: number, y: number, age_ms: number, finger: number}} TrailPoint */

const codeOf = (/** @type {string} */ name) => Number(Object.keys(OPS).find((code) => OPS[Number(code)]?.name === name))
const DOCUMENT = codeOf('document')
const POINTER = codeOf('pointer')
const TOUCH = codeOf('touch')

export const TRAIL_MS = 1_500
const GLIDE_MS = 250 // samples further apart are separate movements
const LOOK_BACK = 240 // ops: a trail is never worth more
const LOOK_AHEAD = 20

export class Trail {
  /** @param {Playhead} playhead */
  constructor(playhead) {
    this.playhead = playhead
  }

  /**
   * The pointer on its way to the next sample; null: where the tree says.
   * @param {number} t_ms
   * @returns {[number, number]|null}
   */
  pointerAt(t_ms) {
    const { pointer } = this.playhead.tree
    const next = pointer && this.nextSample(t_ms)
    if (!pointer || !next) return null
    const share = Math.min(1, Math.max(0, (t_ms - next.since_ms) / (next.t_ms - next.since_ms)))
    return [pointer[0] + (next.x - pointer[0]) * share, pointer[1] + (next.y - pointer[1]) * share]
  }

  /**
   * The next sample of the pointer, when it comes so soon that the pointer is on its way to it.
   * @param {number} t_ms
   * @returns {{x: number, y: number, t_ms: number, since_ms: number}|null}
   */
  nextSample(t_ms) {
    const { at } = this.playhead
    const ops = at ? this.opsAt(at.shown[0]) : null
    if (!at || !ops) return null
    const count = at.shown[1]
    let since_ms = t_ms
    for (let index = count - 1; index >= Math.max(0, count - LOOK_AHEAD); index--) {
      const op = ops[index]
      if (op?.code !== POINTER) continue
      since_ms = op.t_ms
      break
    }
    for (let index = count; index < Math.min(ops.length, count + LOOK_AHEAD); index++) {
      const op = ops[index]
      if (!op || op.t_ms - since_ms > GLIDE_MS) return null
      if (op.code === POINTER && op.t_ms > since_ms) return { x: op['x'], y: op['y'], t_ms: op.t_ms, since_ms }
    }
    return null
  }

  /**
   * The samples of the last moments, the newest first, as far as they are at hand.
   * @param {number} t_ms
   * @returns {TrailPoint[]}
   */
  recent(t_ms) {
    /** @type {TrailPoint[]} */
    const points = []
    for (const op of this.backwards()) {
      const age_ms = t_ms - op.t_ms
      if (age_ms > TRAIL_MS || op.code === DOCUMENT) break
      if (op.code === POINTER) points.push({ x: op['x'], y: op['y'], age_ms, finger: -1 })
      else if (op.code === TOUCH && op['phase'] < 2) points.push({ x: op['x'], y: op['y'], age_ms, finger: op['finger'] })
    }
    return points
  }

  /** The last ops before the playhead. @returns {Generator<Op>} */
  *backwards() {
    const { at } = this.playhead
    if (!at) return
    let left = LOOK_BACK
    for (let place = at.shown[0]; place >= 0; place--) {
      const ops = this.opsAt(place)
      if (!ops) return
      for (let index = (place === at.shown[0] ? at.shown[1] : ops.length) - 1; index >= 0; index--) {
        if (left-- <= 0) return
        yield /** @type {Op} */ (ops[index])
      }
    }
  }

  /** @param {number} place */
  opsAt(place) {
    const { at, timeline, segments } = this.playhead
    const entry = at && timeline?.streams.get(at.document)?.[place]
    return entry ? (segments.peek(entry)?.ops ?? null) : null
  }
}
