// When is a frame complete? Frame documents go in, a promise comes out that resolves when nested documents stand, pictures are decoded,
// fonts are there and the browser has painted. It waits for states, and gives up on what never comes.
import * as dom from './dom.js'

/** @typedef {import('./framedoc.js').FrameDoc} FrameDoc */

// A stored copy comes from the collector itself; what has not come by then is broken.
const PATIENCE_MS = 8_000
const MAX_PRELOADED = 64

export class Settling {
  constructor() {
    /** Frame elements whose shell is loading. @type {Map<Element, Array<() => void>>} */
    this.loading = new Map()
    /** Pictures in style sheets that are in the browser's memory. @type {Set<string>} */
    this.preloaded = new Set()
    /** Pictures that were decoded, by what they showed then: each decoding takes a frame or two. @type {WeakMap<Element, string>} */
    this.decoded = new WeakMap()
  }

  /** @param {Element} element */
  wait(element) {
    if (!this.loading.has(element)) this.loading.set(element, [])
  }

  /** @param {Element} element */
  done(element) {
    const waiting = this.loading.get(element)
    this.loading.delete(element)
    for (const resolve of waiting ?? []) resolve()
  }

  /**
   * @param {() => FrameDoc[]} frames asked when nested documents stand
   * @param {() => Iterable<string>} others addresses of pictures that no picture element shows
   * @param {() => void} relayout called when late content may have changed the layout
   */
  async settle(frames, others, relayout) {
    const patience = deadline(PATIENCE_MS)
    await Promise.race([this.nestedDocuments(), patience.over])
    const all = frames()
    const waits = all.flatMap((frame) => [...this.pictures(frame), ...this.preload(frame, frame.sheets.pictures()), fonts(frame)])
    if (all[0]) waits.push(...this.preload(all[0], others()))
    await Promise.race([Promise.allSettled(waits), patience.over])
    patience.stop()
    relayout()
    await painted()
  }

  async nestedDocuments() {
    for (const [element, resolvers] of [...this.loading]) {
      if (dom.isConnected(element)) await new Promise((resolve) => resolvers.push(() => resolve(null)))
      else this.loading.delete(element)
    }
  }

  /**
   * @param {FrameDoc} frame
   * @returns {Array<Promise<unknown>>}
   */
  pictures(frame) {
    const waits = []
    for (const picture of frame.pictures()) {
      const source = dom.image.source(picture)
      if (source && this.decoded.get(picture) !== source) waits.push(this.decode(picture, source))
    }
    return waits
  }

  /**
   * @param {HTMLImageElement} picture
   * @param {string} source
   */
  async decode(picture, source) {
    await dom.image.decode(picture)
    this.decoded.set(picture, source)
  }

  /**
   * Pictures that style sheets and the like name: nothing tells when they are painted, but once in memory they are at once.
   * @param {FrameDoc} frame
   * @param {Iterable<string>} addresses
   * @returns {Array<Promise<unknown>>}
   */
  preload(frame, addresses) {
    const waits = []
    for (const address of addresses) {
      if (this.preloaded.has(address) || waits.length >= MAX_PRELOADED) continue
      this.preloaded.add(address)
      const picture = new frame.Image()
      picture.src = address
      waits.push(picture.decode())
    }
    return waits
  }
}

/** @param {FrameDoc} frame */
const fonts = (frame) => {
  // Fonts are asked for when text is laid out.
  const root = dom.documentElement(frame.doc)
  if (root) dom.clientRect(root)
  return dom.documentFonts(frame.doc)?.ready ?? Promise.resolve()
}

/** @param {number} ms */
const deadline = (ms) => {
  let timer = 0
  const over = new Promise((resolve) => (timer = setTimeout(resolve, ms)))
  return { over, stop: () => clearTimeout(timer) }
}

/** A frame is laid out and painted right behind its callbacks, so the next task finds it done. A hidden tab paints none. */
const painted = () =>
  new Promise((resolve) => {
    if (document.visibilityState === 'hidden') setTimeout(resolve, 0)
    else requestAnimationFrame(() => setTimeout(resolve, 0))
  })
