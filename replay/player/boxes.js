// Where things are on the screen: a view and a node's id go in, a box comes out, in px of the recorded viewport.
import * as dom from './dom.js'

/** @typedef {import('./view.js').View} View */
/** @typedef {{x: number, y: number, width: number, height: number}} Box */

/**
 * @param {View} view
 * @param {number} id
 * @returns {Box|null} null: it is not drawn
 */
export const boxOf = (view, id) => {
  const shown = view.shown.get(id)
  if (shown?.nodeKind !== 'element' || !dom.isConnected(shown.dom)) return null
  const { left, top, width, height } = dom.clientRect(shown.element)
  const box = { x: left, y: top, width, height }
  for (let host = shown.frame.host; host; host = hostOf(host, view)) {
    const outer = dom.clientRect(host)
    box.x += outer.left
    box.y += outer.top
  }
  return box
}

/**
 * The frame element in whose document an element is; null: it is in the top one.
 * @param {Element} element
 * @param {View} view
 */
const hostOf = (element, view) => {
  const root = dom.rootNode(element, { composed: true })
  for (const frame of view.frames.values()) if (frame.doc === root) return frame.host
  return null
}
