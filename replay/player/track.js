// The scrub bar: marks, folds and a moment go in; moments that the rep picks come out. Folded time takes a sliver of the bar.
import { Axis } from './idle.js'
import { clock, span } from './words.js'
import { setAttribute } from './writes.js'

/** @typedef {import('./timeline.js').Timeline} Timeline */
/** @typedef {import('./marks.js').Mark} Mark */
/** @typedef {import('./idle.js').Fold} Fold */

const NEAR_PX = 8
const LEAST_APART = 1 / 300 // of the bar: nobody can tell marks of one kind apart that are nearer
const KEYS = /** @type {Record<string, number>} */ ({ ArrowLeft: -5_000, ArrowRight: 5_000, ArrowDown: -5_000, ArrowUp: 5_000, PageDown: -30_000, PageUp: 30_000 })

export class Track {
  /**
   * @param {{track: HTMLElement, marks: HTMLElement, scrub: HTMLInputElement, tip: HTMLElement}} parts
   * @param {(t_ms: number) => void} seek
   */
  constructor(parts, seek) {
    this.parts = parts
    this.startMs = 0
    this.untilMs = 0
    this.nowMs = 0
    this.axis = new Axis(0, 1, [])
    /** @type {Mark[]} */
    this.marks = []
    /** @type {Fold[]} */
    this.folds = []
    this.isHeld = false
    const { scrub, track } = parts
    scrub.addEventListener('input', () => seek(this.axis.time(Number(scrub.value))))
    scrub.addEventListener('pointerdown', () => (this.isHeld = true))
    for (const name of ['pointerup', 'pointercancel', 'blur']) scrub.addEventListener(name, () => this.release())
    scrub.addEventListener('keydown', (event) => this.onKey(event, seek))
    track.addEventListener('pointermove', (event) => this.showTip(event.clientX))
    track.addEventListener('pointerdown', (event) => this.showTip(event.clientX))
    track.addEventListener('pointerleave', () => (parts.tip.hidden = true))
  }

  release() {
    this.isHeld = false
    this.setNow(this.nowMs)
  }

  /**
   * @param {KeyboardEvent} event
   * @param {(t_ms: number) => void} seek
   */
  onKey(event, seek) {
    const change = KEYS[event.key]
    if (change === undefined || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return
    event.preventDefault()
    event.stopPropagation()
    seek(this.nowMs + change)
  }

  /**
   * @param {Timeline} timeline
   * @param {Mark[]} marks
   * @param {Fold[]} folds
   */
  setTimeline(timeline, marks, folds) {
    this.startMs = timeline.startMs
    this.untilMs = timeline.untilMs
    this.marks = marks
    this.folds = folds
    this.axis = new Axis(this.startMs, this.untilMs, folds)
    this.parts.scrub.disabled = this.untilMs <= this.startMs
    const shown = this.apart(marks, (mark) => mark.kind).map((mark) => this.draw(`mark is-${mark.kind}`, mark.t_ms, mark.until_ms))
    const folded = this.apart(folds, () => 'fold').map((fold) => this.draw('fold', fold.t_ms, fold.until_ms))
    this.parts.marks.replaceChildren(...folded, ...shown)
    this.setNow(this.nowMs)
  }

  /**
   * Those that can be told apart on the bar.
   * @template {{t_ms: number, until_ms?: number}} T
   * @param {T[]} all in order of time
   * @param {(one: T) => string} kindOf
   * @returns {T[]}
   */
  apart(all, kindOf) {
    /** @type {Map<string, number>} */
    const ends = new Map()
    return all.filter((one) => {
      const kind = kindOf(one)
      if (this.axis.share(one.t_ms) - (ends.get(kind) ?? -1) < LEAST_APART) return false
      ends.set(kind, this.axis.share(one.until_ms ?? one.t_ms))
      return true
    })
  }

  /**
   * @param {string} name
   * @param {number} t_ms
   * @param {number} [until_ms]
   */
  draw(name, t_ms, until_ms) {
    const element = document.createElement('i')
    element.className = name
    const share = this.axis.share(t_ms)
    element.style.left = `${share * 100}%`
    if (until_ms !== undefined) element.style.width = `${(this.axis.share(until_ms) - share) * 100}%`
    return element
  }

  /** @param {number} t_ms */
  setNow(t_ms) {
    this.nowMs = t_ms
    const { scrub, track } = this.parts
    const share = this.axis.share(t_ms)
    track.style.setProperty('--done', String(share))
    if (!this.isHeld) scrub.value = String(share)
    const words = `${clock(t_ms)} of ${clock(this.untilMs)}`
    setAttribute(scrub, 'aria-valuetext', words)
  }

  /** @param {number} clientX */
  showTip(clientX) {
    const { tip, track } = this.parts
    const box = track.getBoundingClientRect()
    const share = Math.min(1, Math.max(0, (clientX - box.left) / Math.max(1, box.width)))
    const t_ms = this.axis.time(share)
    const near = this.near(share, NEAR_PX / Math.max(1, box.width))
    tip.textContent = near ? `${clock(near.t_ms)} · ${near.words}` : clock(t_ms)
    tip.hidden = false
    const half = tip.offsetWidth / 2
    tip.style.left = `${Math.min(box.width - half, Math.max(half, share * box.width))}px`
  }

  /**
   * What lies at a place of the bar: a mark, a gap, else a fold.
   * @param {number} share
   * @param {number} reach
   * @returns {{t_ms: number, words: string}|null}
   */
  near(share, reach) {
    /** @type {Mark|null} */
    let best = null
    let least = reach
    for (const mark of this.marks) {
      const from = this.axis.share(mark.t_ms)
      const to = mark.until_ms === undefined ? from : this.axis.share(mark.until_ms)
      const away = share < from ? from - share : share > to ? share - to : mark.until_ms === undefined ? 0 : reach
      if (away <= least) [best, least] = [mark, away]
    }
    if (best) return best
    const fold = this.folds.find((one) => share >= this.axis.share(one.t_ms) && share <= this.axis.share(one.until_ms))
    return fold ? { t_ms: fold.t_ms, words: `${span(fold.until_ms - fold.t_ms)} without activity` } : null
  }
}
