// Where the replay stands: a moment goes in, the tree of the frame at that moment comes out. The one way to a tree is to apply ops in order,
// from the nearest keyframe or from where the playhead is already.
import { applyOp } from './reduce.js'
import { STEPS, Scan, comparePositions } from './scan.js'
import { lastAtMost } from './timeline.js'
import { Tree } from './tree.js'

/** @typedef {import('./timeline.js').Timeline} Timeline */
/** @typedef {import('./timeline.js').SegmentEntry} SegmentEntry */
/** @typedef {import('./segments.js').Segments} Segments */
/** @typedef {import('./scan.js').ReadSegment} ReadSegment */
/** @typedef {import('./scan.js').Position} Position */

/**
 * @typedef {object} Found
 * @property {number} tab
 * @property {number} document
 * @property {Position} shown
 * @property {Position} start
 * @property {boolean} stale
 * @property {number} t_ms the moment that was asked for
 */

const POINTER = 32
const GLIDE_MS = 250 // samples further apart are separate movements

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
    const stream = this.timeline?.streams.get(document) ?? []
    for (let place = low[0]; place <= high[0]; place++) {
      const read = this.segment(/** @type {SegmentEntry} */ (stream[place]))
      const first = place === low[0] ? low[1] : 0
      const last = place === high[0] ? high[1] : read.ops.length
      for (let index = first; index < last; index++) applyOp(this.tree, /** @type {import('./wire.js').Op} */ (read.ops[index]))
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

  // --- steps ---------------------------------------------------------------------------------------------------------------------------

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
    for (const [place, entry] of (this.timeline?.streams.get(document) ?? []).entries()) {
      if (place < from) continue
      const read = await this.segments.get(entry)
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
    if (!this.timeline?.data.live) scan.close()
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
    const turns = this.timeline?.turns.get(tab) ?? []
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
    const turns = this.timeline?.turns.get(tab) ?? []
    const found = this.at && this.at.tab === tab ? this.at.document : undefined
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
    const stream = this.timeline?.streams.get(document) ?? []
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
    const stream = this.timeline?.streams.get(document) ?? []
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

  /**
   * The next sample of the pointer, when it comes so soon that the pointer is on its way to it.
   * @param {number} t_ms
   * @returns {{x: number, y: number, t_ms: number, since_ms: number}|null}
   */
  nextPointer(t_ms) {
    if (!this.at || !this.timeline) return null
    const [place, count] = this.at.shown
    const entry = this.timeline.streams.get(this.at.document)?.[place]
    const ops = (entry && this.segments.peek(entry)?.ops) ?? []
    let since_ms = t_ms
    for (let at = count - 1; at >= Math.max(0, count - 20); at--) {
      const op = ops[at]
      if (op?.code === POINTER) {
        since_ms = op.t_ms
        break
      }
    }
    for (let at = count; at < Math.min(ops.length, count + 20); at++) {
      const op = ops[at]
      if (!op || op.t_ms - since_ms > GLIDE_MS) return null
      if (op.code === POINTER && op.t_ms > since_ms) return { x: op['x'], y: op['y'], t_ms: op.t_ms, since_ms }
    }
    return null
  }

  /**
   * When the next op of this document comes, as far as is known without fetching; null: none is.
   * @returns {number|null}
   */
  nextOpMs() {
    if (!this.at || !this.timeline) return null
    const stream = this.timeline.streams.get(this.at.document) ?? []
    const [place, count] = this.at.shown
    const entry = stream[place]
    const op = entry && this.segments.peek(entry)?.ops[count]
    return op?.t_ms ?? stream[place + 1]?.t_ms ?? null
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

/**
 * @param {SegmentEntry} a
 * @param {SegmentEntry|undefined} b
 */
const isSameEntry = (a, b) => !!b && a.segment === b.segment && a.t_ms === b.t_ms && a.gap_before === b.gap_before
