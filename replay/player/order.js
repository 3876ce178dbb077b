// Children in order: a parent and the nodes that it shall have go in; afterwards it has these and no others, and as few as possible were
// moved. A moved node loses its scroll offset and restarts what runs in it, so those that can stay do stay.
import * as dom from './dom.js'

/**
 * @param {Node} parent
 * @param {Node[]} wanted
 */
export const arrange = (parent, wanted) => {
  if (stands(parent, wanted)) return
  const places = new Map(wanted.map((node, index) => [node, index]))
  /** @type {Node[]} */
  const present = []
  for (let node = dom.firstChild(parent); node; ) {
    const next = dom.nextSibling(node)
    if (places.has(node)) present.push(node)
    else if (dom.nodeType(node) !== Node.DOCUMENT_TYPE_NODE) dom.removeChild(parent, node)
    node = next
  }
  const staying = new Set(longestRising(present.map((node) => places.get(node) ?? 0)).map((at) => present[at]))
  // From the back: what stands behind a node is then in its place already.
  /** @type {Node|null} */
  let behind = null
  for (let at = wanted.length - 1; at >= 0; at--) {
    const node = /** @type {Node} */ (wanted[at])
    if (!staying.has(node)) dom.insertBefore(parent, node, behind)
    behind = node
  }
}

/**
 * @param {Node} parent
 * @param {Node[]} wanted
 */
const stands = (parent, wanted) => {
  let node = dom.firstChild(parent)
  if (node && dom.nodeType(node) === Node.DOCUMENT_TYPE_NODE) node = dom.nextSibling(node)
  for (const want of wanted) {
    if (node !== want) return false
    node = dom.nextSibling(node)
  }
  return node === null
}

/**
 * Indexes of a longest rising subsequence.
 * @param {number[]} values all different
 * @returns {number[]}
 */
export const longestRising = (values) => {
  /** The index that ends the best sequence of each length. @type {number[]} */
  const ends = []
  const before = new Int32Array(values.length).fill(-1)
  for (const [index, value] of values.entries()) {
    let low = 0
    let high = ends.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((values[ends[middle] ?? 0] ?? 0) < value) low = middle + 1
      else high = middle
    }
    before[index] = low > 0 ? (ends[low - 1] ?? -1) : -1
    ends[low] = index
  }
  const found = []
  for (let at = ends[ends.length - 1] ?? -1; at >= 0; at = before[at] ?? -1) found.push(at)
  return found.reverse()
}
