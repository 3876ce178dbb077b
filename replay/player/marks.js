// What is worth a mark: a timeline goes in, out come its moments in order, each with a kind and a few words, and chapters, one a page view.
import { lastAtMost } from './timeline.js'
import { factWords, pathOf, span } from './words.js'

/** @typedef {import('./timeline.js').Timeline} Timeline */
/** @typedef {import('./timeline.js').PageView} PageView */
/** @typedef {'page'|'click'|'scroll'|'form'|'fact'|'tab'|'gap'} MarkKind */
/** @typedef {{t_ms: number, until_ms?: number, kind: MarkKind, words: string}} Mark */
/** @typedef {{t_ms: number, until_ms: number, title: string, path: string, marks: Mark[]}} Chapter */

/** Kinds of marks and what they are called, in the order in which the help explains them. @type {Array<[MarkKind, string]>} */
export const MARK_KINDS = [
  ['page', 'A page'],
  ['click', 'A click'],
  ['scroll', 'Scrolled down'],
  ['form', 'A form'],
  ['fact', 'An event of the site, or who it is'],
  ['tab', 'Another tab'],
  ['gap', 'Not recorded'],
]

/** @type {Record<string, MarkKind>} */
const KIND_OF_FACT = { click: 'click', scroll_depth: 'scroll', form: 'form', identify: 'fact', track: 'fact' }
const ONE_CLICK_MS = 50
const ONE_SCROLL_MS = 10_000 // depths that are told within this time are one movement

/** @param {PageView} view */
const titleOf = (view) => view.title || pathOf(view.url) || 'Page'

/**
 * @param {Timeline} timeline
 * @returns {Mark[]}
 */
const factMarks = (timeline) => {
  /** @type {Mark[]} */
  const marks = []
  /** @type {Map<number, Mark>} */
  const scrolls = new Map()
  let clickedMs = -Infinity
  for (const fact of timeline.facts) {
    const kind = Object.hasOwn(KIND_OF_FACT, fact.kind) ? KIND_OF_FACT[fact.kind] : undefined
    if (!kind) continue
    const mark = { t_ms: fact.t_ms, kind, words: factWords(fact) }
    // A click on a label is one on its field as well.
    if (kind === 'click' && !fact['label'] && mark.t_ms - clickedMs < ONE_CLICK_MS) continue
    if (kind === 'click') clickedMs = mark.t_ms
    const before = kind === 'scroll' ? scrolls.get(fact.document) : undefined
    if (before && mark.t_ms - before.t_ms < ONE_SCROLL_MS) Object.assign(before, mark)
    else marks.push(mark)
    if (kind === 'scroll' && !(before && before.t_ms === mark.t_ms)) scrolls.set(fact.document, mark)
  }
  return marks
}

/**
 * When another tab came to the front.
 * @param {Timeline} timeline
 * @returns {Mark[]}
 */
const tabMarks = (timeline) => {
  if (timeline.data.tabs.length < 2) return []
  const times = new Set([...timeline.visibility.map((told) => told.t_ms), ...timeline.data.documents.map((entry) => entry.t_ms)])
  /** @type {Mark[]} */
  const marks = []
  let front = /** @type {number|undefined} */ (undefined)
  for (const t_ms of [...times].sort((a, b) => a - b)) {
    const tab = timeline.tabsAt(t_ms)[0]
    if (front !== undefined && tab !== undefined && tab !== front) marks.push({ t_ms, kind: 'tab', words: `Changed to tab ${tab}` })
    front = tab ?? front
  }
  return marks
}

/**
 * What is worth a mark, in order of time.
 * @param {Timeline} timeline
 * @returns {Mark[]}
 */
export const marksOf = (timeline) => {
  /** @type {Mark[]} */
  const views = timeline.pageViews.map((view) => ({ t_ms: view.t_ms, kind: 'page', words: titleOf(view) }))
  /** @type {Mark[]} */
  const gaps = timeline.data.gaps.map((gap) => ({
    t_ms: gap.t_ms,
    until_ms: gap.until_ms,
    kind: 'gap',
    words: `${span(gap.until_ms - gap.t_ms)} were not recorded`,
  }))
  return [...views, ...tabMarks(timeline), ...factMarks(timeline), ...gaps].sort((a, b) => a.t_ms - b.t_ms)
}

/**
 * The page views, each with what happened until the next one.
 * @param {Timeline} timeline
 * @param {Mark[]} marks
 * @returns {Chapter[]}
 */
export const chaptersOf = (timeline, marks) => {
  const views = timeline.pageViews
  const chapters = views.map((view, index) => ({
    t_ms: view.t_ms,
    until_ms: views[index + 1]?.t_ms ?? timeline.untilMs,
    title: titleOf(view),
    path: pathOf(view.url),
    marks: /** @type {Mark[]} */ ([]),
  }))
  if (chapters.length === 0) chapters.push({ t_ms: timeline.startMs, until_ms: timeline.untilMs, title: 'Visit', path: '', marks: [] })
  for (const mark of marks) {
    if (mark.kind !== 'page') chapters[Math.max(0, lastAtMost(chapters, mark.t_ms, (chapter) => chapter.t_ms))]?.marks.push(mark)
  }
  return chapters
}
