// Segments of a session: an entry of the timeline goes in, its decoded ops come out. Fetched once, kept within bounds, asked for again
// where the network fails.
import { FetchError, request, whole } from './request.js'
import { ReadSegment } from './scan.js'
import { WireError, readSection } from './wire.js'

/** @typedef {import('./timeline.js').SegmentEntry} SegmentEntry */

const MAX_BYTES = 64 << 20 // of the heap, by estimate, for decoded segments
const MAX_CONTENT_UNITS = 8 << 20

export class Segments {
  /**
   * @param {{segment: (number: number) => string, content: (hash: string) => string}} addresses
   */
  constructor(addresses) {
    this.addresses = addresses
    /** @type {Map<string, Promise<ReadSegment>>} */
    this.waiting = new Map()
    /** @type {Map<string, ReadSegment>} */
    this.read = new Map()
    this.bytes = 0
    /** Where the replay stands: what is far from there goes first. */
    this.nowMs = 0
    /** @type {Map<string, Promise<string|null>>} */
    this.contents = new Map()
    this.contentUnits = 0
    /** What the playhead needs now stays, whatever it weighs. @type {Set<string>} */
    this.pinned = new Set()
    /** Called for each segment that was decoded. @type {((read: ReadSegment) => void)|undefined} */
    this.onRead = undefined
  }

  /**
   * @param {SegmentEntry} entry
   * @returns {ReadSegment|undefined} the segment, if it is at hand
   */
  peek(entry) {
    return this.read.get(keyOf(entry))
  }

  /**
   * @param {SegmentEntry} entry
   * @returns {Promise<ReadSegment>}
   */
  get(entry) {
    const known = this.peek(entry)
    if (known) return Promise.resolve(known)
    const key = keyOf(entry)
    const waiting = this.waiting.get(key)
    if (waiting) return waiting
    const loading = this.load(entry).finally(() => this.waiting.delete(key))
    this.waiting.set(key, loading)
    return loading
  }

  /**
   * @param {SegmentEntry} entry
   * @returns {Promise<ReadSegment>}
   */
  async load(entry) {
    const [response, ...texts] = await Promise.all([
      request(this.addresses.segment(entry.segment)),
      ...entry.contents.map((hash) => this.content(hash)),
    ])
    const contents = new Map(entry.contents.map((hash, index) => [hash, texts[index] ?? null]))
    const read = decode(entry, new Uint8Array(await whole(response.arrayBuffer())), contents)
    this.keep(keyOf(entry), read)
    this.onRead?.(read)
    return read
  }

  /**
   * A big text; null when it is gone. Failures of the network are told, and asked for again the next time.
   * @param {string} hash
   * @returns {Promise<string|null>}
   */
  content(hash) {
    const known = this.contents.get(hash)
    if (known) return known
    const loading = request(this.addresses.content(hash))
      .then((response) => whole(response.text()))
      .catch((error) => {
        if (error instanceof FetchError && error.status === 404) return null
        this.contents.delete(hash)
        throw error
      })
    void loading.then((text) => this.countContent(text)).catch(() => {})
    this.contents.set(hash, loading)
    return loading
  }

  /** @param {string|null} text */
  countContent(text) {
    this.contentUnits += text?.length ?? 0
    // The texts in use stay alive in their trees; the browser's cache has the others.
    if (this.contentUnits > MAX_CONTENT_UNITS) {
      this.contents.clear()
      this.contentUnits = 0
    }
  }

  /** @param {SegmentEntry[]} entries */
  pin(entries) {
    this.pinned = new Set(entries.map(keyOf))
  }

  /**
   * @param {string} key
   * @param {ReadSegment} read
   */
  keep(key, read) {
    this.read.set(key, read)
    this.bytes += read.bytes
    if (this.bytes <= MAX_BYTES) return
    const others = [...this.read].filter(([old]) => old !== key && !this.pinned.has(old))
    others.sort(([, a], [, b]) => this.distance(b.entry) - this.distance(a.entry))
    for (const [old, { bytes }] of others) {
      if (this.bytes <= MAX_BYTES) break
      this.read.delete(old)
      this.bytes -= bytes
    }
  }

  /** @param {SegmentEntry} entry */
  distance(entry) {
    return Math.max(entry.t_ms - this.nowMs, this.nowMs - entry.until_ms, 0)
  }
}

/** @param {SegmentEntry} entry a segment whose times were shifted is another one */
const keyOf = (entry) => `${entry.segment}@${entry.t_ms}${entry.gap_before ? 'g' : ''}`

/**
 * @param {SegmentEntry} entry
 * @param {Uint8Array} bytes
 * @param {Map<string, string|null>} contents
 */
const decode = (entry, bytes, contents) => {
  try {
    const { ops, damage } = readSection(bytes, entry.t_ms, (hash) => contents.get(hash) ?? null)
    return new ReadSegment(entry, ops, damage, bytes.length)
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    return new ReadSegment(entry, [], [error.message], 0)
  }
}
