// The top layer: which elements are modal, popped over or fill the screen goes in; the same are so in the frame, in the same order. Nothing
// gets focus: a dialog is inert while it is shown, and the frame is inert as a whole.
import * as dom from './dom.js'

/** @typedef {import('./tree.js').Tree} Tree */
/** @typedef {import('./elements.js').Shown} Shown */

const MODAL = 1
const FULLSCREEN = 3

export class Layers {
  /** @param {import('./selectors.js').Marks} marks */
  constructor(marks) {
    this.marks = marks
    /** @type {Array<{element: Element, layer: number, shown: Shown}>} */
    this.open = []
  }

  /**
   * @param {Tree} tree
   * @param {Map<number, Shown>} shown
   * @param {(what: string) => void} failed
   */
  update(tree, shown, failed) {
    /** @type {Array<{element: Element, layer: number, shown: Shown}>} */
    const wanted = []
    for (const [id, layer] of tree.topLayer) {
      const at = shown.get(id)
      if (at && dom.isConnected(at.dom)) wanted.push({ element: at.element, layer, shown: at })
    }
    let same = 0
    while (same < wanted.length && this.isOpen(this.open[same], wanted[same])) same++
    for (const entry of this.open.splice(same).reverse()) this.close(entry, failed)
    for (const entry of wanted.slice(same)) this.enter(entry, failed)
    for (const { shown: at } of wanted) syncOpen(at)
  }

  /**
   * @param {{element: Element, layer: number}|undefined} open
   * @param {{element: Element, layer: number}|undefined} wanted
   */
  isOpen(open, wanted) {
    return !!open && !!wanted && open.element === wanted.element && open.layer === wanted.layer && isInTopLayer(open.element)
  }

  /**
   * @param {{element: Element, layer: number, shown: Shown}} entry
   * @param {(what: string) => void} failed
   */
  enter({ element, layer, shown }, failed) {
    try {
      if (layer === MODAL) showModal(element)
      else this.pop(element, layer, shown)
      this.open.push({ element, layer, shown })
    } catch (error) {
      failed(`top layer: ${error}`)
    }
  }

  /**
   * @param {Element} element
   * @param {number} layer
   * @param {Shown} shown
   */
  pop(element, layer, shown) {
    // What fills the screen is no popover; and a popover that shuts others by itself must not, where the recording has both.
    const isAlone = this.open.every((other) => other.layer !== 2)
    const recorded = shown.attrs?.get('popover')
    if (layer === FULLSCREEN || recorded === undefined || !isAlone) {
      dom.setAttribute(element, 'popover', 'manual')
      ;(shown.written ??= new Map()).set('popover', 'manual')
    }
    dom.layer.showPopover(element)
  }

  /**
   * @param {{element: Element, layer: number, shown: Shown}} entry
   * @param {(what: string) => void} failed
   */
  close({ element, layer, shown }, failed) {
    try {
      if (layer === MODAL) closeModal(element, shown)
      else if (isInTopLayer(element)) dom.layer.hidePopover(element)
      const popover = shown.written?.has('popover') ? shown.attrs?.get('popover') : undefined
      if (shown.written?.delete('popover')) {
        if (popover === undefined) dom.removeAttribute(element, 'popover')
        else dom.setAttribute(element, 'popover', popover)
      }
    } catch (error) {
      failed(`top layer: ${error}`)
    }
  }
}

/**
 * A dialog without the attribute can't be closed and would stay in the top layer.
 * @param {Element} element
 * @param {Shown} shown
 */
const closeModal = (element, shown) => {
  dom.setAttribute(element, 'open', '')
  dom.layer.closeDialog(element)
  if (shown.attrs?.has('open')) dom.setAttribute(element, 'open', shown.attrs.get('open') ?? '')
  shown.written?.delete('open')
}

/** @param {Element} element */
const isInTopLayer = (element) => dom.isConnected(element) && (dom.matches(element, ':modal') || dom.matches(element, ':popover-open'))

/** @param {Element} element */
const showModal = (element) => {
  const wasInert = dom.hasAttribute(element, 'inert')
  dom.removeAttribute(element, 'open')
  if (!wasInert) dom.setAttribute(element, 'inert', '')
  try {
    dom.layer.showModal(element)
  } finally {
    if (!wasInert) dom.removeAttribute(element, 'inert')
  }
}

/**
 * `showModal` sets the attribute itself; the recording may have it otherwise.
 * @param {Shown} shown
 */
const syncOpen = (shown) => {
  if (dom.hasAttribute(shown.element, 'open') && !shown.attrs?.has('open')) (shown.written ??= new Map()).set('open', '')
}
