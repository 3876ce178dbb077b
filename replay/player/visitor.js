// What the visitor's pointer, focus and selection do to the look of the page: the tree's ids go in, marks on the elements and a highlight
// come out. Real focus is never moved, and no real pointer is in the frame.
import * as dom from './dom.js'
import { STATES } from './selectors.js'

/** @typedef {import('./tree.js').Tree} Tree */
/** @typedef {import('./selectors.js').Marks} Marks */
/** @typedef {import('./elements.js').Shown} Shown */
/** @typedef {import('./framedoc.js').FrameDoc} FrameDoc */

export class Visitor {
  /** @param {Marks} marks */
  constructor(marks) {
    this.marks = marks
    /** @type {Map<Element, string>} */
    this.marked = new Map()
    this.fragment = ''
  }

  /**
   * @param {Tree} tree
   * @param {Map<number, Shown>} shown
   * @param {Map<number, FrameDoc>} frames
   */
  update(tree, shown, frames) {
    /** @type {Map<Element, Set<string>>} */
    const wanted = new Map()
    this.markUp(wanted, shown.get(tree.hover), frames, STATES.hover)
    this.markUp(wanted, shown.get(tree.press?.node ?? 0), frames, STATES.active)
    this.markFocus(wanted, tree, shown, frames)
    for (const [id, layer] of tree.topLayer) if (layer === 3) mark(wanted, shown.get(id)?.element, STATES.fullscreen)
    const target = this.fragment ? dom.elementById(frames.get(tree.root.id)?.doc, this.fragment) : null
    mark(wanted, target ?? undefined, STATES.target)
    this.write(wanted)
    this.select(tree, shown, frames)
  }

  /**
   * @param {Map<Element, Set<string>>} wanted
   * @param {Tree} tree
   * @param {Map<number, Shown>} shown
   * @param {Map<number, FrameDoc>} frames
   */
  markFocus(wanted, tree, shown, frames) {
    const focused = shown.get(tree.focus)
    if (!focused) return
    this.markUp(wanted, focused, frames, STATES['focus-within'])
    mark(wanted, focused.element, STATES.focus)
    if (tree.focusVisible) mark(wanted, focused.element, STATES['focus-visible'])
    // A host counts as focused when something in its shadow is.
    for (let host = hostOf(focused.dom); host; host = hostOf(host)) mark(wanted, host, STATES.focus)
  }

  /**
   * Marks an element and all that it lies in, through slots, shadow roots and frames.
   * @param {Map<Element, Set<string>>} wanted
   * @param {Shown|undefined} shown
   * @param {Map<number, FrameDoc>} frames
   * @param {string} word
   */
  markUp(wanted, shown, frames, word) {
    /** @type {any} */
    let at = shown?.dom
    while (at) {
      const type = dom.nodeType(at)
      if (type === Node.ELEMENT_NODE) {
        mark(wanted, at, word)
        at = dom.assignedSlot(at) ?? dom.parentNode(at)
      } else if (type === Node.DOCUMENT_NODE) at = frameElementOf(at, frames)
      else at = at.host
    }
  }

  /** @param {Map<Element, Set<string>>} wanted */
  write(wanted) {
    for (const element of this.marked.keys()) if (!wanted.has(element)) dom.removeAttribute(element, this.marks.state)
    /** @type {Map<Element, string>} */
    const marked = new Map()
    for (const [element, words] of wanted) {
      const value = [...words].join(' ')
      marked.set(element, value)
      if (this.marked.get(element) !== value) dom.setAttribute(element, this.marks.state, value)
    }
    this.marked = marked
  }

  /**
   * @param {Tree} tree
   * @param {Map<number, Shown>} shown
   * @param {Map<number, FrameDoc>} frames
   */
  select(tree, shown, frames) {
    const { selection } = tree
    for (const { highlights } of frames.values()) highlights?.delete(this.marks.highlight)
    const anchor = selection && pointOf(shown, frames, selection.anchor, selection.anchor_offset)
    const focus = selection && pointOf(shown, frames, selection.focus, selection.focus_offset)
    if (!anchor || !focus || anchor.frame !== focus.frame || !anchor.frame.highlights) return
    const range = dom.createRange(anchor.frame.doc)
    try {
      range.setStart(anchor.node, anchor.offset)
      range.setEnd(focus.node, focus.offset)
      // Made backwards, the range has collapsed to its end.
      if (range.collapsed) range.setEnd(anchor.node, anchor.offset)
    } catch {
      return // the two ends lie in different trees: nothing to draw
    }
    if (!range.collapsed) anchor.frame.highlights.set(this.marks.highlight, new anchor.frame.Highlight(range))
  }
}

/**
 * The element whose shadow tree a node is in.
 * @param {Node} node
 * @returns {Element|undefined}
 */
const hostOf = (node) => /** @type {ShadowRoot} */ (dom.rootNode(node)).host

/**
 * @param {Map<Element, Set<string>>} wanted
 * @param {Element|undefined} element
 * @param {string} word
 */
const mark = (wanted, element, word) => {
  if (!element) return
  const words = wanted.get(element)
  if (words) words.add(word)
  else wanted.set(element, new Set([word]))
}

/**
 * The element that holds a nested document; null for the top one.
 * @param {Document} doc
 * @param {Map<number, FrameDoc>} frames
 */
const frameElementOf = (doc, frames) => {
  for (const frame of frames.values()) if (frame.doc === doc) return frame.host
  return null
}

/**
 * @param {Map<number, Shown>} shown
 * @param {Map<number, FrameDoc>} frames
 * @param {number} id
 * @param {number} offset
 */
const pointOf = (shown, frames, id, offset) => {
  const frame = frames.get(id) ?? shown.get(id)?.frame
  const node = frames.get(id)?.doc ?? shown.get(id)?.dom
  if (!frame || !node) return null
  const length = dom.nodeType(node) === Node.TEXT_NODE ? /** @type {Text} */ (node).data.length : dom.childNodes(node).length
  return { frame, node, offset: Math.min(offset, length) }
}
