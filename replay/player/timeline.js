// What happened when: the collector's timeline goes in; out come the tabs in the order in which they were looked at, the document that a
// tab showed at a moment, and the stream of segments of each document. The mirror of `replay/timeline.py`.

/** @typedef {{segment: number, document: number, t_ms: number, until_ms: number, keyframe: boolean, bytes: number, contents: string[], gap_before: boolean}} SegmentEntry */
/** @typedef {{document: number, tab: number, t_ms: number, until_ms: number, url: string, assets: Record<string, [string, string]>, css_assets?: Record<string, Record<string, number>>}} DocumentEntry */
/** @typedef {{t_ms: number, tab: number, document: number, url: string, title: string}} PageView */
/** @typedef {{t_ms: number, tab: number, document: number, kind: string} & Record<string, any>} Fact */
/** @typedef {{t_ms: number, tab: number, state: number}} VisibilityEntry */
/** @typedef {{t_ms: number, until_ms: number, tab: number}} Gap */
/**
 * What `GET /api/sessions/{id}/timeline` answers.
 * @typedef {object} TimelineData
 * @property {string} session
 * @property {number} zero_at_ms
 * @property {number} t_ms
 * @property {number} until_ms
 * @property {boolean} live
 * @property {string} [cursor] where the stream of what it gains goes on
 * @property {number[]} tabs
 * @property {DocumentEntry[]} documents
 * @property {SegmentEntry[]} segments
 * @property {PageView[]} page_views
 * @property {Fact[]} facts
 * @property {VisibilityEntry[]} visibility
 * @property {Gap[]} gaps
 * @property {Array<{t_ms: number, until_ms: number}>} [idle] nothing came from any tab
 */
/** @typedef {{t_ms: number, document: number}} Turn */

/**
 * The index of the last of `sorted` for which `key` is at most `value`; −1: none.
 * @template T
 * @param {readonly T[]} sorted
 * @param {number} value
 * @param {(item: T) => number} key
 */
export const lastAtMost = (sorted, value, key) => {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (key(/** @type {T} */ (sorted[middle])) <= value) low = middle + 1
    else high = middle
  }
  return low - 1
}

export class Timeline {
  /** @param {TimelineData} data */
  constructor(data) {
    this.data = data
    /** @type {Map<number, DocumentEntry>} */
    this.documents = new Map(data.documents.map((entry) => [entry.document, entry]))
    /** Segments of each document, in order. @type {Map<number, SegmentEntry[]>} */
    this.streams = streamsOf(data.segments)
    /** @type {Map<number, Turn[]>} */
    this.turns = new Map(data.tabs.map((tab) => [tab, this.turnsOf(tab)]))
    this.pageViews = [...data.page_views].sort((a, b) => a.t_ms - b.t_ms || a.tab - b.tab)
    /** @type {Map<number, PageView[]>} */
    this.viewsOf = new Map()
    for (const view of this.pageViews) this.viewsOf.set(view.document, [...(this.viewsOf.get(view.document) ?? []), view])
    this.facts = [...data.facts].sort((a, b) => a.t_ms - b.t_ms)
    this.visibility = [...data.visibility].sort((a, b) => a.t_ms - b.t_ms)
    this.devices = new Map(this.facts.filter((fact) => fact.kind === 'context').map((fact) => [fact.document, fact]))
    this.idle = [...(data.idle ?? [])].sort((a, b) => a.t_ms - b.t_ms)
    /** The last op of the whole recording. */
    this.untilMs = data.documents.reduce((most, entry) => Math.max(most, entry.until_ms), data.until_ms)
    /** Where the recording begins; the zero is the first batch's, so this may lie before it. */
    this.startMs = data.documents.reduce((least, entry) => Math.min(least, entry.t_ms), data.t_ms)
  }

  /**
   * Which document a tab shows when. A later load takes the place of an earlier one; that comes back with a snapshot behind the last op
   * of the later.
   * @param {number} tab
   * @returns {Turn[]}
   */
  turnsOf(tab) {
    const documents = [...this.documents.values()].filter((entry) => entry.tab === tab)
    const segments = documents.flatMap((entry) => this.streams.get(entry.document) ?? [])
    const starts = [
      ...documents.map((entry) => ({ t_ms: entry.t_ms, again: 0, document: entry.document })),
      ...segments.filter((entry) => entry.keyframe).map((entry) => ({ t_ms: entry.t_ms, again: 1, document: entry.document })),
    ].sort((a, b) => a.t_ms - b.t_ms || a.again - b.again || a.document - b.document)
    /** @type {Turn[]} */
    const turns = []
    for (const { t_ms, again, document } of starts) {
      const current = turns[turns.length - 1]?.document
      if (document === current) continue
      if (again && current !== undefined && !this.comesBack(t_ms, document, current)) continue
      turns.push({ t_ms, document })
    }
    return turns
  }

  /**
   * Does a snapshot at this time bring an earlier document back?
   * @param {number} t_ms
   * @param {number} document
   * @param {number} current
   */
  comesBack(t_ms, document, current) {
    if (this.documents.get(document)?.t_ms === t_ms) return false
    const known = (this.streams.get(current) ?? []).filter((entry) => entry.t_ms <= t_ms)
    return known.every((entry) => entry.until_ms < t_ms)
  }

  /**
   * The tabs that had begun by then, the one that was looked at first.
   * @param {number} t_ms
   * @returns {number[]}
   */
  tabsAt(t_ms) {
    /** @type {Map<number, number>} */
    const begun = new Map()
    for (const entry of this.data.documents) {
      if (entry.t_ms <= t_ms) begun.set(entry.tab, Math.max(begun.get(entry.tab) ?? entry.t_ms, entry.t_ms))
    }
    const visible = new Map([...begun.keys()].map((tab) => [tab, true]))
    const focused = new Map(begun)
    for (const told of this.visibility) {
      if (told.t_ms > t_ms || !begun.has(told.tab)) continue
      visible.set(told.tab, told.state > 0)
      if (told.state === 2) focused.set(told.tab, told.t_ms)
    }
    const rank = (/** @type {Map<number, number>} */ times, /** @type {number} */ tab) => times.get(tab) ?? 0
    return [...begun.keys()].sort(
      (a, b) =>
        Number(visible.get(b)) - Number(visible.get(a)) || rank(focused, b) - rank(focused, a) || rank(begun, b) - rank(begun, a) || a - b,
    )
  }

  /**
   * The documents that a tab may show at a moment: the one whose turn it is, then those before.
   * @param {number} tab
   * @param {number} t_ms
   * @returns {number[]}
   */
  documentsAt(tab, t_ms) {
    const turns = this.turns.get(tab) ?? []
    const last = lastAtMost(turns, t_ms, (turn) => turn.t_ms)
    return turns
      .slice(0, last + 1)
      .reverse()
      .map((turn) => turn.document)
  }

  /**
   * The page view in which a document was; its first one when none was told by then.
   * @param {number} document
   * @param {number} t_ms
   * @returns {PageView|null}
   */
  pageViewAt(document, t_ms) {
    const views = this.viewsOf.get(document) ?? []
    return views[Math.max(0, lastAtMost(views, t_ms, (view) => view.t_ms))] ?? null
  }

  /**
   * What a document load told of the visitor's device.
   * @param {number} document
   * @returns {Fact|null}
   */
  deviceOf(document) {
    return this.devices.get(document) ?? this.devices.values().next().value ?? null
  }

  /**
   * The gap that a moment lies in.
   * @param {number} tab
   * @param {number} t_ms
   */
  gapAt(tab, t_ms) {
    return this.data.gaps.find((gap) => gap.tab === tab && gap.t_ms < t_ms && t_ms < gap.until_ms) ?? null
  }
}

/**
 * The segments of each document, with times that never fall: only a broken clock makes them.
 * @param {SegmentEntry[]} segments
 */
const streamsOf = (segments) => {
  /** @type {Map<number, SegmentEntry[]>} */
  const streams = new Map()
  for (const entry of segments) {
    const stream = streams.get(entry.document) ?? []
    streams.set(entry.document, stream)
    const low = stream[stream.length - 1]?.until_ms ?? entry.t_ms
    const shift = Math.max(0, low - entry.t_ms)
    stream.push({ ...entry, t_ms: entry.t_ms + shift, until_ms: entry.until_ms + shift })
  }
  return streams
}
