// The drawn document in normal form: a frame's document goes in, plain JSON comes out, in the shape of `tests/normal_form/`. An attribute that
// the player had to write differently is told as recorded, as long as what was written still stands; the player's own are left out.
import * as dom from './dom.js'

/** @typedef {import('./elements.js').Shown} Shown */
/** @typedef {import('./view.js').View} View */
/** @typedef {Record<string, any>} Raw */

/**
 * @param {View} view
 * @returns {Raw}
 */
export const dumpView = (view) => {
  const byNode = new Map([...view.shown.values()].map((shown) => [shown.dom, shown]))
  const prefix = view.marks.state.slice(0, -1)
  const top = documentOf(view.top?.doc, 'document')
  /** @type {Array<[node: Node, into: Raw]>} */
  const stack = view.top ? [[view.top.doc, top]] : []
  for (let entry = stack.pop(); entry; entry = stack.pop()) {
    const [node, into] = entry
    for (let child = dom.firstChild(node); child; child = dom.nextSibling(child)) {
      const raw = rawOf(child, byNode.get(child), prefix)
      into['children'].push(raw)
      if (raw['kind'] !== 'element') continue
      stack.push([child, raw])
      const shadow = dom.shadowRoot(child)
      if (shadow) stack.push([shadow, (raw['shadow'] = { kind: 'shadow', children: [] })])
      const inner = /^i?frame$/.test(raw['name']) ? dom.contentDocument(child) : null
      if (inner) stack.push([inner, (raw['content'] = documentOf(inner, 'content'))])
    }
  }
  return top
}

/**
 * @param {Document|undefined} doc
 * @param {string} kind
 * @returns {Raw}
 */
const documentOf = (doc, kind) => {
  const win = doc && Object.getOwnPropertyDescriptor(Document.prototype, 'defaultView')?.get?.call(doc)
  return { kind, mode: doc && dom.compatMode(doc) === 'BackCompat' ? 2 : 0, scroll: win ? [win.scrollX, win.scrollY] : [0, 0], children: [] }
}

/**
 * @param {Node} node
 * @param {Shown|undefined} shown
 * @param {string} prefix of the player's own attributes
 * @returns {Raw}
 */
const rawOf = (node, shown, prefix) => {
  const type = dom.nodeType(node)
  if (type === Node.TEXT_NODE) return { kind: 'text', data: /** @type {Text} */ (node).data }
  if (type !== Node.ELEMENT_NODE) return { kind: 'other', type }
  const element = /** @type {Element} */ (node)
  const isHtml = dom.namespaceURI(element) === dom.HTML
  const isScroller = dom.scrollingElement(dom.ownerDocument(element)) === element
  return {
    kind: 'element',
    namespace: dom.namespaceURI(element),
    name: isHtml ? dom.localName(element) : dom.tagName(element),
    attributes: attributesOf(element, shown, prefix),
    state: isHtml ? stateOf(element) : null,
    scroll: isScroller ? [0, 0] : [dom.scrollLeft(element), dom.scrollTop(element)],
    shadow: null,
    content: null,
    children: [],
  }
}

/**
 * @param {Element} element
 * @param {Shown|undefined} shown
 * @param {string} prefix
 * @returns {Array<[namespace: string|null, name: string, value: string]>}
 */
const attributesOf = (element, shown, prefix) => {
  /** @type {Array<[string|null, string, string]>} */
  const found = []
  const written = shown?.written
  for (const { namespaceURI, name, value } of dom.attributes(element)) {
    if (name.startsWith(prefix)) continue
    const recordedName = namespaceURI ? `/${dom.shortNamespace(namespaceURI)}/${name}` : name
    if (written?.get(recordedName) === value) continue
    found.push([namespaceURI, name, value])
  }
  for (const [name, value] of written ?? []) {
    const recorded = shown?.attrs?.get(name)
    const [namespace, qualified] = dom.splitName(name, null)
    // Held back, or written differently and still as it was written.
    const stands = value === null ? !dom.hasAttribute(element, qualified) : dom.getAttribute(element, qualified) === value
    if (recorded !== undefined && stands) found.push([namespace, qualified, recorded])
  }
  return found
}

/** @param {Element} element */
const stateOf = (element) => {
  switch (dom.localName(element)) {
    case 'input':
      return {
        value: dom.field.value(element),
        checked: Number(dom.field.checked(element)) + 2 * Number(dom.field.indeterminate(element)),
      }
    case 'textarea':
      return { value: dom.field.areaValue(element) }
    case 'select':
      return { selected: [...dom.field.options(element)].flatMap((option, index) => (dom.field.isSelected(option) ? [index] : [])) }
    default:
      return null
  }
}

/**
 * A short fingerprint of a normal form.
 * @param {Raw} raw
 */
export const hashOf = (raw) => {
  let [a, b] = [0x811c9dc5, 0x9e3779b9]
  const text = JSON.stringify(raw, (key, value) => (key === 'attributes' ? [...value].sort() : value))
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    a = Math.imul(a ^ code, 0x01000193)
    b = Math.imul(b ^ code, 0x85ebca6b)
  }
  return (a >>> 0).toString(16).padStart(8, '0') + (b >>> 0).toString(16).padStart(8, '0')
}
