// A timeline that goes on: what is known and what has come go in, the timeline with both comes out.

/** @typedef {import('./timeline.js').TimelineData} TimelineData */
/**
 * What the collector says of a visit that goes on: rows to add.
 * @typedef {Pick<TimelineData, 't_ms'|'until_ms'|'live'|'documents'|'segments'|'page_views'|'facts'|'visibility'> & {idle: Array<{t_ms: number, until_ms: number}>}} Growth
 */

/**
 * Does it bring anything?
 * @param {TimelineData} data
 * @param {Growth} more
 */
export const isGrowth = (data, more) =>
  more.live !== data.live ||
  more.until_ms !== data.until_ms ||
  [more.documents, more.segments, more.page_views, more.facts, more.visibility].some((rows) => rows.length > 0)

/**
 * @param {TimelineData} data
 * @param {Growth} more
 * @returns {TimelineData}
 */
export const grown = (data, more) => {
  const known = new Set(data.segments.map((entry) => entry.segment))
  const documents = new Map(data.documents.map((entry) => [entry.document, entry]))
  for (const entry of more.documents) {
    const old = documents.get(entry.document)
    documents.set(entry.document, old ? { ...old, t_ms: entry.t_ms, until_ms: entry.until_ms, url: old.url || entry.url } : entry)
  }
  return {
    ...data,
    t_ms: more.t_ms,
    until_ms: more.until_ms,
    live: more.live,
    tabs: [...new Set([...data.tabs, ...more.documents.map((entry) => entry.tab)])].sort((a, b) => a - b),
    documents: [...documents.values()],
    segments: [...data.segments, ...more.segments.filter((entry) => !known.has(entry.segment))],
    page_views: [...data.page_views, ...more.page_views],
    facts: [...data.facts, ...more.facts],
    visibility: [...data.visibility, ...more.visibility],
    idle: [...(data.idle ?? []), ...more.idle],
  }
}
