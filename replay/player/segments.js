// Segments of a session: an entry of the timeline goes in, its decoded ops come out. Fetched once, kept within bounds, asked for again
// where the network fails.
import { ReadSegment } from './scan.js'
import { WireError, readSection } from './wire.js'

/** @typedef {import('./timeline.js').SegmentEntry} SegmentEntry */

const MAX_WEIGHT = 1_500_000 // ops and nodes that stay decoded, about 100 bytes each
const MAX_CONTENT_UNITS = 32 << 20

/** The collector did not give what was asked for. `status` 0: it could not be reached. */
export class FetchError extends Error {
  /**
   * @param {string} message
   * @param {number} status
   */
  constructor(message, status) {
    super(message)
    this.name = 'FetchError'
    this.status = status
  }
}

/**
 * @param {string} address
 * @returns {Promise<Response>}
 */
export const request = async (address) => {
  let response
  try {
    response = await fetch(address, { credentials: 'same-origin', referrerPolicy: 'no-referrer' })
  } catch {
    throw new FetchError('The collector cannot be reached.', 0)
  }
  if (response.ok) return response
  const why = response.status === 401 ? 'You are signed out.' : response.status === 404 ? 'This recording is no longer there.' : `The collector answered ${response.status}.`
  throw new FetchError(why, response.status)
}

export class Segments {
  /**
   * @param {{segment: (number: number) => string, content: (hash: string) => string}} addresses
   */
  constructor(addresses) {
    this.addresses = addresses
    /** @type {Map<string, Promise<ReadSegment>>} */
    this.waiting = new Map()
    /** In the order of last use. @type {Map<string, ReadSegment>} */
    this.read = new Map()
    this.weight = 0
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
    const key = keyOf(entry)
    const read = this.read.get(key)
    if (read) {
      this.read.delete(key)
      this.read.set(key, read)
    }
    return read
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
    const read = decode(entry, new Uint8Array(await response.arrayBuffer()), contents)
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
      .then((response) => response.text())
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
    this.weight += read.weight
    for (const [old, { weight }] of this.read) {
      if (this.weight <= MAX_WEIGHT) break
      if (old === key || this.pinned.has(old)) continue
      this.read.delete(old)
      this.weight -= weight
    }
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
    return new ReadSegment(entry, ops, damage)
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    return new ReadSegment(entry, [], [error.message])
  }
}
