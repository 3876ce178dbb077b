// The DOM's own methods, taken once from the player's realm: a recorded `<form><input name="setAttribute">` or `<img name="fonts">` hides
// what it is called like, so nothing is ever looked up on a recorded node itself.

export const HTML = 'http://www.w3.org/1999/xhtml'
export const SVG = 'http://www.w3.org/2000/svg'
/** @type {Record<string, string>} */
export const NAMESPACES = {
  svg: SVG,
  math: 'http://www.w3.org/1998/Math/MathML',
  xlink: 'http://www.w3.org/1999/xlink',
  xml: 'http://www.w3.org/XML/1998/namespace',
  xmlns: 'http://www.w3.org/2000/xmlns/',
}

/**
 * @template {(...args: any[]) => any} F
 * @param {F} method
 * @returns {(self: any, ...args: Parameters<F>) => ReturnType<F>}
 */
const free = (method) => Function.prototype.call.bind(method)

/**
 * @param {object} prototype
 * @param {string} name
 * @returns {(self: any) => any}
 */
const getter = (prototype, name) => {
  const get = Object.getOwnPropertyDescriptor(prototype, name)?.get
  return get ? free(get) : () => undefined
}

/**
 * @param {object} prototype
 * @param {string} name
 * @returns {(self: any, value: any) => void}
 */
const setter = (prototype, name) => {
  const set = Object.getOwnPropertyDescriptor(prototype, name)?.set
  return set ? free(set) : () => {}
}

export const createElementNS = free(Document.prototype.createElementNS)
export const createTextNode = free(Document.prototype.createTextNode)
export const createRange = free(Document.prototype.createRange)
export const openDocument = free(/** @type {() => Document} */ (Document.prototype.open))
export const writeDocument = free(Document.prototype.write)
export const closeDocument = free(Document.prototype.close)
export const documentElement = getter(Document.prototype, 'documentElement')
export const scrollingElement = getter(Document.prototype, 'scrollingElement')
export const compatMode = getter(Document.prototype, 'compatMode')
export const documentFonts = getter(Document.prototype, 'fonts')
export const elementById = free(Document.prototype.getElementById)
export const queryDocument = free(/** @type {(selector: string) => NodeListOf<Element>} */ (Document.prototype.querySelectorAll))
export const queryShadow = free(/** @type {(selector: string) => NodeListOf<Element>} */ (DocumentFragment.prototype.querySelectorAll))
export const documentAnimations = free(Document.prototype.getAnimations)

export const insertBefore = free(Node.prototype.insertBefore)
export const removeChild = free(Node.prototype.removeChild)
export const appendChild = free(Node.prototype.appendChild)
export const comparePosition = free(Node.prototype.compareDocumentPosition)
export const rootNode = free(Node.prototype.getRootNode)
export const firstChild = getter(Node.prototype, 'firstChild')
export const nextSibling = getter(Node.prototype, 'nextSibling')
export const parentNode = getter(Node.prototype, 'parentNode')
export const childNodes = getter(Node.prototype, 'childNodes')
export const setData = setter(CharacterData.prototype, 'data')
export const isConnected = getter(Node.prototype, 'isConnected')
export const ownerDocument = getter(Node.prototype, 'ownerDocument')
export const nodeType = getter(Node.prototype, 'nodeType')

export const setAttribute = free(Element.prototype.setAttribute)
export const setAttributeNS = free(Element.prototype.setAttributeNS)
export const getAttribute = free(Element.prototype.getAttribute)
export const hasAttribute = free(Element.prototype.hasAttribute)
export const removeAttribute = free(Element.prototype.removeAttribute)
export const removeAttributeNS = free(Element.prototype.removeAttributeNS)
export const attributes = getter(Element.prototype, 'attributes')
export const namespaceURI = getter(Element.prototype, 'namespaceURI')
export const localName = getter(Element.prototype, 'localName')
export const tagName = getter(Element.prototype, 'tagName')
export const attachShadow = free(Element.prototype.attachShadow)
export const shadowRoot = getter(Element.prototype, 'shadowRoot')
export const assignedSlot = getter(Element.prototype, 'assignedSlot')
export const scrollTop = getter(Element.prototype, 'scrollTop')
export const scrollLeft = getter(Element.prototype, 'scrollLeft')
export const scrollElement = free(/** @type {(options: ScrollToOptions) => void} */ (Element.prototype.scrollTo))
export const clientRect = free(Element.prototype.getBoundingClientRect)
export const matches = free(Element.prototype.matches)
export const listen = free(EventTarget.prototype.addEventListener)

const htmlStyle = getter(HTMLElement.prototype, 'style')
const svgStyle = getter(SVGElement.prototype, 'style')
const mathStyle = typeof MathMLElement === 'undefined' ? () => undefined : getter(MathMLElement.prototype, 'style')

/**
 * The declarations of an element's style attribute; undefined where its kind has none.
 * @param {Element} element
 * @returns {CSSStyleDeclaration|undefined}
 */
export const styleOf = (element) => {
  const namespace = namespaceURI(element)
  if (namespace === HTML) return htmlStyle(element)
  if (namespace === SVG) return svgStyle(element)
  return namespace === NAMESPACES['math'] ? mathStyle(element) : undefined
}

const documentSheets = [getter(Document.prototype, 'adoptedStyleSheets'), setter(Document.prototype, 'adoptedStyleSheets')]
const shadowSheets = [getter(ShadowRoot.prototype, 'adoptedStyleSheets'), setter(ShadowRoot.prototype, 'adoptedStyleSheets')]

/**
 * Sets the adopted style sheets of a document or shadow root.
 * @param {Node} root
 * @param {CSSStyleSheet[]} sheets
 */
export const adoptSheets = (root, sheets) => (nodeType(root) === 9 ? documentSheets : shadowSheets)[1]?.(root, sheets)

const frameDocument = getter(HTMLIFrameElement.prototype, 'contentDocument')
const oldFrameDocument = getter(HTMLFrameElement.prototype, 'contentDocument')

/**
 * The document inside a frame element; null where there is none.
 * @param {Element} element
 * @returns {Document|null}
 */
export const contentDocument = (element) =>
  (localName(element) === 'frame' ? oldFrameDocument(element) : frameDocument(element)) ?? null

export const field = {
  value: getter(HTMLInputElement.prototype, 'value'),
  setValue: setter(HTMLInputElement.prototype, 'value'),
  type: getter(HTMLInputElement.prototype, 'type'),
  checked: getter(HTMLInputElement.prototype, 'checked'),
  setChecked: setter(HTMLInputElement.prototype, 'checked'),
  indeterminate: getter(HTMLInputElement.prototype, 'indeterminate'),
  setIndeterminate: setter(HTMLInputElement.prototype, 'indeterminate'),
  areaValue: getter(HTMLTextAreaElement.prototype, 'value'),
  setAreaValue: setter(HTMLTextAreaElement.prototype, 'value'),
  options: getter(HTMLSelectElement.prototype, 'options'),
  setSelectedIndex: setter(HTMLSelectElement.prototype, 'selectedIndex'),
  isMultiple: getter(HTMLSelectElement.prototype, 'multiple'),
  displaySize: getter(HTMLSelectElement.prototype, 'size'),
  isSelected: getter(HTMLOptionElement.prototype, 'selected'),
  setSelected: setter(HTMLOptionElement.prototype, 'selected'),
}

export const layer = {
  showModal: free(HTMLDialogElement.prototype.showModal),
  closeDialog: free(HTMLDialogElement.prototype.close),
  showPopover: free(HTMLElement.prototype.showPopover),
  hidePopover: free(HTMLElement.prototype.hidePopover),
}

export const image = {
  decode: free(HTMLImageElement.prototype.decode),
  source: getter(HTMLImageElement.prototype, 'src'),
}

export const setMuted = setter(HTMLMediaElement.prototype, 'muted')

/**
 * A recorded name, `/svg/path` or `div`, as namespace and qualified name.
 * @param {string} name
 * @param {string|null} plain the namespace of a name without one
 * @returns {[namespace: string|null, qualifiedName: string]}
 */
export const splitName = (name, plain) => {
  if (name[0] !== '/') return [plain, name]
  const end = name.indexOf('/', 1)
  if (end < 0) return [plain, name]
  const prefix = name.slice(1, end)
  if (Object.hasOwn(NAMESPACES, prefix)) return [NAMESPACES[prefix] ?? null, name.slice(end + 1)]
  try {
    return [decodeURIComponent(prefix) || null, name.slice(end + 1)]
  } catch {
    return [null, name.slice(end + 1)] // no percent-encoding: the namespace means nothing to any rule
  }
}

/**
 * The recorded name of an element.
 * @param {Element} element
 */
export const recordedName = (element) => {
  const namespace = namespaceURI(element)
  return namespace === HTML ? localName(element) : `/${shortNamespace(namespace)}/${tagName(element)}`
}

/** @param {string|null} namespace */
export const shortNamespace = (namespace) => {
  for (const [short, full] of Object.entries(NAMESPACES)) if (full === namespace) return short
  return encodeURIComponent(namespace ?? '')
}
