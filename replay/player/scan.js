// Which positions in a document's stream of ops may be shown: segments go by, out come the last such position and the `Document` op from which
// it can be rebuilt. The mirror of `Scan` in `replay/timeline.py`.
import { OPS } from './ops.js'
import { lastAtMost } from './timeline.js'

/** @typedef {import('./timeline.js').SegmentEntry} SegmentEntry */
/** @typedef {import('./wire.js').Op} Op */

/**
 * Behind how many ops of which segment (its place in the stream).
 * @typedef {readonly [place: number, count: number]} Position
 */

const OP_BYTES = 120
const NODE_BYTES = 160

/** A segment whose ops were read. `marks`: indexes of its document, begin and end ops. */
export class ReadSegment {
  /**
   * @param {SegmentEntry} entry
   * @param {Op[]} ops
   * @param {string[]} problems
   * @param {number} sectionBytes what it was read from
   */
  constructor(entry, ops, problems, sectionBytes) {
    this.entry = entry
    this.ops = ops
    this.problems = problems
    this.marks = ops.flatMap((op, index) => (op.code === DOCUMENT || op.code === BEGIN || op.code === END ? [index] : []))
    /** About what it holds of the heap: objects, and its texts, of two bytes a unit at most. */
    this.bytes = ops.reduce((sum, op) => sum + OP_BYTES + (op['run']?.length ?? 0) * NODE_BYTES, 0) + 2 * sectionBytes
  }

  /**
   * The number of ops up to a moment.
   * @param {number} t_ms
   */
  countAt(t_ms) {
    return lastAtMost(this.ops, t_ms, (op) => op.t_ms) + 1
  }
}

const codeOf = (/** @type {string} */ name) => Number(Object.keys(OPS).find((code) => OPS[Number(code)]?.name === name))
export const DOCUMENT = codeOf('document')
export const BEGIN = codeOf('begin')
export const END = codeOf('end')

/** Ops that change what can be seen of the page: stepping stops there. The others move the visitor. */
export const STEPS = new Set(
  [
    ...['document', 'put', 'move', 'take', 'remove', 'set_text', 'attr', 'attr_remove', 'field_value', 'checked', 'selected', 'top_layer'],
    ...['scroll', 'viewport', 'environment', 'block', 'sheet', 'rule_insert', 'rule_delete', 'rule_style', 'rule_selector', 'sheet_state'],
    ...['adopted', 'source', 'css_asset'],
  ].map(codeOf),
)

/**
 * @param {Position} a
 * @param {Position} b
 */
export const comparePositions = (a, b) => a[0] - b[0] || a[1] - b[1]

export class Scan {
  /** @type {Position|null} */
  shown = null
  /** The `Document` op in front of `shown`. @type {Position} */
  start = [0, 0]
  /** Ops are missing, and what stood before still stands. */
  stale = false
  isKnown = false
  depth = 0
  /** @type {Position} */
  begun = [0, 0]
  /** @type {Position} */
  empty = [-1, 0]
  /** @type {Position} */
  at = [-1, 0]

  /**
   * Begins at a position that may be shown and whose tree is at hand.
   * @param {Position} at
   */
  resume(at) {
    this.shown = this.start = this.begun = this.at = at
    this.isKnown = true
  }

  /**
   * Comes to the front of a segment.
   * @param {number} place
   * @param {ReadSegment} read
   */
  enter(place, read) {
    if (read.entry.gap_before) {
      this.isKnown = false
      this.depth = 0
      this.stale = this.shown !== null
    }
    if (comparePositions(this.empty, this.at) === 0) this.empty = [place, 0]
  }

  /**
   * Goes over the ops from `low` up to `high` of the segment.
   * @param {number} place
   * @param {ReadSegment} read
   * @param {number} low
   * @param {number} high
   */
  advance(place, read, low, high) {
    const { marks } = read
    for (let at = lastAtMost(marks, low - 1, (index) => index) + 1; at < marks.length; at++) {
      const index = marks[at] ?? 0
      if (index >= high) break
      this.show([place, index])
      this.mark([place, index], read.ops[index]?.code ?? 0)
    }
    this.at = [place, high]
    if (high > low) this.show(this.at)
  }

  /** The document's ops end here, and so does a pair that is open. */
  close() {
    this.depth = 0
    this.show(this.at)
  }

  /** @param {Position} at */
  show(at) {
    // Right behind a `Document` there is nothing to be seen, and mostly a `Begin` follows.
    if (!this.isKnown || this.depth > 0 || comparePositions(at, this.empty) === 0) return
    this.shown = at
    this.start = this.begun
    this.stale = false
  }

  /**
   * @param {Position} at
   * @param {number} code
   */
  mark(at, code) {
    if (code === DOCUMENT) {
      this.isKnown = true
      this.depth = 0
      this.begun = at
      this.empty = [at[0], at[1] + 1]
    } else if (code === BEGIN) this.depth++
    else if (this.depth > 0) this.depth--
  }
}
