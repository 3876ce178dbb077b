// One document of the replay: the shell inside a frame element goes in, an empty document of the recorded mode comes out, with its own
// style sheets. What is needed of its window is taken before anything recorded is in it.
import * as dom from './dom.js'
import { SheetBook } from './sheets.js'

/** @typedef {import('./sheets.js').SheetOptions} SheetOptions */

/** The three modes of a document: no quirks, limited quirks, quirks. Constants: nothing recorded is ever written. */
const DOCTYPES = [
  '<!DOCTYPE html>',
  '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">',
  '<html>',
]

/** @typedef {Window & {CSSStyleSheet: typeof CSSStyleSheet, Highlight: typeof Highlight, CSS: typeof CSS, Image: typeof Image}} FrameWindow */

export class FrameDoc {
  /**
   * @param {Document} doc
   * @param {SheetOptions} options
   * @param {Element|null} host the frame element in the replay that holds it; null for the top one
   */
  constructor(doc, options, host = null) {
    this.doc = doc
    this.host = host
    this.win = /** @type {FrameWindow} */ (/** @type {unknown} */ (doc.defaultView))
    this.scrollTo = this.win.scrollTo.bind(this.win)
    this.styleAt = this.win.getComputedStyle.bind(this.win)
    this.Highlight = this.win.Highlight
    this.highlights = this.win.CSS?.highlights
    this.Image = this.win.Image
    this.sheets = new SheetBook(this.win, options)
    this.hasStyleAttributes = false
    this.mode = -1
  }

  /**
   * Empties the document and gives it a mode. One that has the mode already is only emptied: opening it costs more than all that follows.
   * @param {number} mode
   */
  open(mode) {
    this.sheets.clear()
    if (mode === this.mode) {
      this.empty()
      this.scrollTo({ left: 0, top: 0, behavior: 'instant' })
      return
    }
    this.mode = mode
    dom.openDocument(this.doc)
    dom.writeDocument(this.doc, DOCTYPES[mode] ?? DOCTYPES[0] ?? '')
    dom.closeDocument(this.doc)
    // Adopted sheets survive `open`.
    dom.adoptSheets(this.doc, [])
    const root = dom.documentElement(this.doc)
    if (root) {
      this.hasStyleAttributes = allowsStyleAttributes(root)
      dom.removeChild(this.doc, root)
    }
  }

  /** Drops what is drawn. */
  empty() {
    const root = dom.documentElement(this.doc)
    if (root) dom.removeChild(this.doc, root)
  }

  /** All pictures in the document and its shadow roots. @returns {Generator<HTMLImageElement>} */
  *pictures() {
    for (const root of this.sheets.lists.keys()) {
      const found = dom.nodeType(root) === Node.DOCUMENT_NODE ? dom.queryDocument(root, 'img') : dom.queryShadow(root, 'img')
      for (const picture of found) if (dom.namespaceURI(picture) === dom.HTML) yield /** @type {HTMLImageElement} */ (picture)
    }
  }
}

/**
 * Does the shell's policy let a style attribute be set as text? Then it keeps the recorded words.
 * @param {Element} element
 */
const allowsStyleAttributes = (element) => {
  dom.setAttribute(element, 'style', 'opacity:.5')
  return dom.styleOf(element)?.opacity === '0.5'
}
