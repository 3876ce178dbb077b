// The scrub bar with its marks: a timeline and a moment go in; moments that the rep picks come out.
import { clock, factWords, pathOf, span } from './words.js'

/** @typedef {import('./timeline.js').Timeline} Timeline */
/** @typedef {{t_ms: number, until_ms?: number, kind: string, words: string}} Mark */

const NEAR_PX = 6
const MAX_MARKS = 600
const KEYS = /** @type {Record<string, number>} */ ({ ArrowLeft: -5_000, ArrowRight: 5_000, ArrowDown: -5_000, ArrowUp: 5_000, PageDown: -30_000, PageUp: 30_000 })

/**
 * What is worth a mark, in order of time.
 * @param {Timeline} timeline
 * @returns {Mark[]}
 */
export const marksOf = (timeline) => {
  const views = timeline.pageViews.map((view) => ({ t_ms: view.t_ms, kind: 'page', words: view.title || pathOf(view.url) || 'Page' }))
  const facts = timeline.facts.flatMap((fact) => {
    const words = factWords(fact)
    return words ? [{ t_ms: fact.t_ms, kind: fact.kind, words }] : []
  })
  const gaps = timeline.data.gaps.map((gap) => ({
    t_ms: gap.t_ms,
    until_ms: gap.until_ms,
    kind: 'gap',
    words: `${span(gap.until_ms - gap.t_ms)} were not recorded`,
  }))
  return [...views, ...facts, ...gaps].sort((a, b) => a.t_ms - b.t_ms)
}

/**
 * The class of a kind of mark; kinds come from the recording.
 * @param {string} kind
 */
export const kindClass = (kind) => (/^[a-z_]{1,20}$/.test(kind) ? `is-${kind}` : '')

export class Track {
  /**
   * @param {{track: HTMLElement, marks: HTMLElement, scrub: HTMLInputElement, tip: HTMLElement}} parts
   * @param {(t_ms: number) => void} seek
   */
  constructor(parts, seek) {
    this.parts = parts
    this.startMs = 0
    this.untilMs = 0
    /** @type {Mark[]} */
    this.marks = []
    this.isHeld = false
    const { scrub, track } = parts
    scrub.addEventListener('input', () => seek(Number(scrub.value)))
    scrub.addEventListener('pointerdown', () => (this.isHeld = true))
    for (const name of ['pointerup', 'pointercancel', 'blur']) scrub.addEventListener(name, () => (this.isHeld = false))
    scrub.addEventListener('keydown', (event) => this.onKey(event, seek))
    track.addEventListener('pointermove', (event) => this.showTip(event))
    track.addEventListener('pointerleave', () => (parts.tip.hidden = true))
  }

  /**
   * @param {KeyboardEvent} event
   * @param {(t_ms: number) => void} seek
   */
  onKey(event, seek) {
    const change = KEYS[event.key]
    if (change === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    event.stopPropagation()
    seek(Number(this.parts.scrub.value) + change)
  }

  /** @param {Timeline} timeline */
  setTimeline(timeline) {
    this.startMs = timeline.startMs
    this.untilMs = timeline.untilMs
    this.marks = marksOf(timeline)
    const { scrub, marks } = this.parts
    scrub.min = String(this.startMs)
    scrub.max = String(this.untilMs)
    scrub.disabled = this.untilMs <= this.startMs
    marks.replaceChildren(...this.marks.slice(0, MAX_MARKS).map((mark) => this.draw(mark)))
  }

  /** @param {Mark} mark */
  draw(mark) {
    const element = document.createElement('i')
    element.className = `mark ${kindClass(mark.kind)}`
    element.style.left = `${this.share(mark.t_ms) * 100}%`
    if (mark.until_ms !== undefined) element.style.width = `${(this.share(mark.until_ms) - this.share(mark.t_ms)) * 100}%`
    return element
  }

  /** @param {number} t_ms */
  share(t_ms) {
    const length = Math.max(1, this.untilMs - this.startMs)
    return Math.min(1, Math.max(0, (t_ms - this.startMs) / length))
  }

  /** @param {number} t_ms */
  setNow(t_ms) {
    const { scrub, track } = this.parts
    track.style.setProperty('--done', `${this.share(t_ms) * 100}%`)
    if (!this.isHeld) scrub.value = String(t_ms)
    const words = `${clock(t_ms)} of ${clock(this.untilMs)}`
    if (scrub.getAttribute('aria-valuetext') !== words) scrub.setAttribute('aria-valuetext', words)
  }

  /** @param {PointerEvent} event */
  showTip(event) {
    const { tip, track } = this.parts
    const box = track.getBoundingClientRect()
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / Math.max(1, box.width)))
    const t_ms = this.startMs + share * (this.untilMs - this.startMs)
    const near = this.near(t_ms, (NEAR_PX / Math.max(1, box.width)) * (this.untilMs - this.startMs))
    tip.textContent = near ? `${clock(t_ms)} · ${near.words}` : clock(t_ms)
    tip.hidden = false
    const half = tip.offsetWidth / 2
    tip.style.left = `${Math.min(box.width - half, Math.max(half, share * box.width))}px`
  }

  /**
   * @param {number} t_ms
   * @param {number} reach_ms
   * @returns {Mark|null}
   */
  near(t_ms, reach_ms) {
    /** @type {Mark|null} */
    let best = null
    let least = reach_ms
    for (const mark of this.marks) {
      const away = mark.until_ms === undefined ? Math.abs(mark.t_ms - t_ms) : t_ms < mark.t_ms || t_ms > mark.until_ms ? Infinity : reach_ms
      if (away <= least) [best, least] = [mark, away]
    }
    return best
  }
}
