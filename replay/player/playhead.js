// Where the replay stands: a moment goes in, the tree of the frame at that moment comes out. The one way to a tree is to apply ops in order,
// from the nearest keyframe or from where the playhead is already.
import { applyOp } from './reduce.js'
import { BEGIN, DOCUMENT, END, Scan, comparePositions } from './scan.js'
import { lastAtMost } from './timeline.js'
import { Tree } from './tree.js'

/** @typedef {import('./timeline.js').Timeline} Timeline */
/** @typedef {import('./timeline.js').SegmentEntry} SegmentEntry */
/** @typedef {import('./segments.js').Segments} Segments */
/** @typedef {import('./scan.js').ReadSegment} ReadSegment */
/** @typedef {import('./scan.js').Position} Position */
/** @typedef {import('./wire.js').Op} Op */

/**
 * @typedef {object} Found
 * @property {number} tab
 * @property {number} document
 * @property {Position} shown
 * @property {Position} start
 * @property {boolean} stale
 * @property {number} t_ms the moment that was asked for
 */

const KEYFRAME_REASON = 3

/** A segment that has to be fetched first. */
class Missing extends Error {
  /** @param {SegmentEntry} entry */
  constructor(entry) {
    super('segment is not loaded')
    this.entry = entry
  }
}

export class Playhead {
  /**
   * @param {Segments} segments
   */
  constructor(segments) {
    this.segments = segments
    /** @type {Timeline|null} */
    this.timeline = null
    /** What the tree stands for. @type {Found|null} */
    this.at = null
    this.tree = new Tree()
    /** Ops that were skipped because they were bad, and sections that were damaged. @type {string[]} */
    this.problems = []
  }

  /**
   * Takes a new timeline. What is at hand stays only if it is still the front of its stream.
   * @param {Timeline} timeline
   */
  setTimeline(timeline) {
    const { at } = this
    if (at && this.timeline) {
      const old = this.timeline.streams.get(at.document) ?? []
      const now = timeline.streams.get(at.document) ?? []
      const isSame = old.slice(0, at.shown[0] + 1).every((entry, place) => isSameEntry(entry, now[place]))
      if (!isSame) this.at = null
    }
    this.timeline = timeline
  }

  /**
   * Finds the frame at a moment. Fetches what it takes.
   * @param {number} t_ms
   * @param {number|null} tab null: the one that was looked at then
   * @returns {Promise<Found|null>} null: nothing can be shown yet
   */
  async find(t_ms, tab) {
    for (;;) {
      try {
        return this.findNow(t_ms, tab)
      } catch (error) {
        if (!(error instanceof Missing)) throw error
        await this.fetchFor(error.entry, t_ms)
      }
    }
  }

  /**
   * The same, when all it takes is at hand; undefined when not.
   * @param {number} t_ms
   * @param {number|null} tab
   * @returns {Found|null|undefined}
   */
  tryFind(t_ms, tab) {
    try {
      return this.findNow(t_ms, tab)
    } catch (error) {
      if (error instanceof Missing) return undefined
      throw error
    }
  }

  /**
   * @param {number} t_ms
   * @param {number|null} tab
   * @returns {Found|null}
   */
  findNow(t_ms, tab) {
    const { timeline } = this
    if (!timeline) return null
    for (const candidate of tab === null ? timeline.tabsAt(t_ms) : [tab]) {
      for (const document of timeline.documentsAt(candidate, t_ms)) {
        const found = this.scan(candidate, document, t_ms)
        if (found) return found
      }
    }
    return null
  }

  /**
   * Fetches a segment, and with it the others that the same seek will ask for.
   * @param {SegmentEntry} missing
   * @param {number} t_ms
   */
  async fetchFor(missing, t_ms) {
    const stream = this.timeline?.streams.get(missing.document) ?? []
    const from = stream.findIndex((entry) => entry.segment === missing.segment)
    const last = lastAtMost(stream, t_ms, (entry) => entry.t_ms)
    const wanted = stream.slice(from, Math.max(from, last) + 1).slice(0, 8)
    await Promise.all(wanted.map((entry) => this.segments.get(entry)))
  }

  /**
   * @param {SegmentEntry} entry
   * @returns {ReadSegment}
   */
  segment(entry) {
    const read = this.segments.peek(entry)
    if (!read) throw new Missing(entry)
    return read
  }

  /**
   * @param {number} tab
   * @param {number} document
   * @param {number} t_ms
   * @returns {Found|null}
   */
  scan(tab, document, t_ms) {
    const stream = this.timeline?.streams.get(document) ?? []
    const last = lastAtMost(stream, t_ms, (entry) => entry.t_ms)
    const { at } = this
    const here = at && at.document === document && at.t_ms <= t_ms ? at.shown : null
    for (let place = last; place >= 0; place--) {
      const isHere = here?.[0] === place
      if (!isHere && place > 0 && !stream[place]?.keyframe) continue
      this.segments.pin(stream.slice(place, last + 1))
      const scan = this.scanFrom(stream, place, last, t_ms, isHere ? here : null)
      if (scan.shown) return { tab, document, shown: scan.shown, start: scan.start, stale: scan.stale, t_ms }
    }
    return null
  }

  /**
   * @param {SegmentEntry[]} stream
   * @param {number} first
   * @param {number} last
   * @param {number} t_ms
   * @param {Position|null} from a position in the first segment at which the tree stands
   */
  scanFrom(stream, first, last, t_ms, from) {
    const scan = new Scan()
    if (from) scan.resume(from)
    for (let place = first; place <= last; place++) {
      const read = this.segment(/** @type {SegmentEntry} */ (stream[place]))
      const low = from && place === first ? from[1] : 0
      if (!from || place > first) scan.enter(place, read)
      scan.advance(place, read, low, Math.max(low, read.countAt(t_ms)))
    }
    if (last === stream.length - 1 && t_ms >= (stream[last]?.until_ms ?? Infinity) && !this.timeline?.data.live) scan.close()
    return scan
  }

  /**
   * Makes the tree stand at what was found. Returns whether it is still the same tree object, with what changed noted in it.
   * @param {Found} found
   */
  moveTo(found) {
    const { at } = this
    const isForward =
      at !== null && at.document === found.document && comparePositions(at.shown, found.shown) <= 0 && comparePositions(at.start, found.start) <= 0
    const isKept = isForward && at !== null && comparePositions(found.start, at.shown) <= 0
    if (!isKept) {
      // Another document, or back, or beyond a newer `Document` op: nothing of the tree would stay.
      this.tree = new Tree()
    }
    this.segments.nowMs = found.t_ms
    this.play(found.document, isKept && at ? at.shown : found.start, found.shown)
    this.at = found
    this.problems = this.problemsUpTo(found)
    return isKept
  }

  /**
   * Applies the ops between two positions.
   * @param {number} document
   * @param {Position} low
   * @param {Position} high
   */
  play(document, low, high) {
    for (const op of this.between(document, low, high)) applyOp(this.tree, op)
  }

  /**
   * The ops of the frame that is shown: those between it and the frame before it; none of a keyframe, which changes nothing.
   * @param {Found} found
   * @returns {Op[]}
   */
  opsOfFrame(found) {
    const frameMs = this.frameMs(found)
    const before = frameMs === null ? null : this.tryScan(found.tab, found.document, frameMs - 1)
    const from = before?.shown ?? found.start
    /** @type {Op[]} */
    const ops = []
    let depth = 0
    for (const op of this.between(found.document, from, found.shown)) {
      if (op.code === DOCUMENT && op['reason'] !== KEYFRAME_REASON) return [op]
      if (op.code === DOCUMENT) depth = 1
      else if (depth > 0) depth += op.code === BEGIN ? 1 : op.code === END ? -1 : 0
      else ops.push(op)
      // The document itself is a level above its marks.
      if (depth === 1 && op.code === END) depth = 0
    }
    return ops
  }

  /**
   * @param {number} document
   * @param {Position} low
   * @param {Position} high
   * @returns {Generator<Op>}
   */
  *between(document, low, high) {
    const stream = this.timeline?.streams.get(document) ?? []
    for (let place = low[0]; place <= high[0]; place++) {
      const { ops } = this.segment(/** @type {SegmentEntry} */ (stream[place]))
      const last = place === high[0] ? high[1] : ops.length
      for (let index = place === low[0] ? low[1] : 0; index < last; index++) yield /** @type {Op} */ (ops[index])
    }
  }

  /**
   * When what is shown began to be shown.
   * @param {Found} found
   */
  frameMs({ document, shown: [place, count] }) {
    const entry = this.timeline?.streams.get(document)?.[place]
    return (entry && this.segments.peek(entry)?.ops[count - 1]?.t_ms) ?? null
  }

  /**
   * @param {number} tab
   * @param {number} document
   * @param {number} t_ms
   */
  tryScan(tab, document, t_ms) {
    try {
      return this.scan(tab, document, t_ms)
    } catch (error) {
      if (error instanceof Missing) return null
      throw error
    }
  }

  /**
   * What could not be read of the segments that a frame is made of.
   * @param {Found} found
   * @returns {string[]}
   */
  problemsUpTo({ document, start, t_ms }) {
    const stream = this.timeline?.streams.get(document) ?? []
    const last = lastAtMost(stream, t_ms, (entry) => entry.t_ms)
    return stream.slice(start[0], last + 1).flatMap((entry) => this.segments.peek(entry)?.problems ?? [])
  }
}

/**
 * @param {SegmentEntry} a
 * @param {SegmentEntry|undefined} b
 */
const isSameEntry = (a, b) => !!b && a.segment === b.segment && a.t_ms === b.t_ms && a.gap_before === b.gap_before
