// Nodes of the tree as nodes of the document: a tree node goes in, a DOM node with its attributes comes out, or an existing one is brought
// up to date. Nothing is ever parsed. What was written differently from what was recorded is remembered for the normal form.
import { attributeToWrite, kindOf, mirrorValue, sourceAttribute } from './attributes.js'
import { rewriteCss } from './css.js'
import * as dom from './dom.js'
import { MIRRORED, colorScheme } from './selectors.js'

/** @typedef {import('./tree.js').Tree} Tree */
/** @typedef {import('./tree.js').TreeNode} TreeNode */
/** @typedef {import('./attributes.js').ElementKind} ElementKind */
/** @typedef {import('./attributes.js').AttributeContext} AttributeContext */
/** @typedef {import('./framedoc.js').FrameDoc} FrameDoc */
/** @typedef {import('./selectors.js').Marks} Marks */

/** A node that is drawn: what stands for it, and from which state it was drawn. */
export class Shown {
  /**
   * @param {TreeNode} node
   * @param {Node} domNode
   * @param {FrameDoc} frame
   * @param {ElementKind} kind
   */
  constructor(node, domNode, frame, kind) {
    this.id = node.id
    this.nodeKind = node.kind
    this.name = node.name
    this.dom = domNode
    this.frame = frame
    this.kind = kind
    /** @type {Map<string, string>|null} */
    this.attrs = null
    this.text = node.text
    /** Attributes that differ from the recorded ones: by recorded name; null: not there. @type {Map<string, string|null>|null} */
    this.written = null
    this.style = ''
    this.hasState = false
    this.hasBlock = false
    this.hasShadow = false
    /** Is a shell loading into this frame element, or loaded? */
    this.isFrameWatched = false
    /** The document inside this frame element. @type {FrameDoc|null} */
    this.inner = null
  }

  get element() {
    return /** @type {Element} */ (this.dom)
  }
}

const FRAME_NAMES = /^(?:src|srcdoc|sandbox|allow|name|loading|csp|credentialless)$/

/**
 * Attributes that only the player sets.
 * @param {ElementKind} kind
 * @param {string} name
 */
const isOwn = (kind, name) => (kind === 'frame' ? FRAME_NAMES.test(name) : name === 'type' && kind === 'hollow')

const PLAIN_NAME = /^[a-z][a-z0-9_-]*$/

export class ElementWriter {
  /**
   * @param {object} options
   * @param {Marks} options.marks
   * @param {AttributeContext} options.context
   * @param {() => Tree} options.tree
   * @param {(what: string) => void} options.failed counts what could not be drawn
   */
  constructor(options) {
    this.marks = options.marks
    this.context = options.context
    this.tree = options.tree
    this.failed = options.failed
    /** @type {Map<string, ElementKind>} */
    this.kinds = new Map()
  }

  /**
   * A new DOM node with its attributes, without children. Null: it can't be made.
   * @param {TreeNode} node
   * @param {FrameDoc} frame
   * @returns {Shown|null}
   */
  create(node, frame) {
    if (node.kind === 'text') return new Shown(node, dom.createTextNode(frame.doc, node.text), frame, 'plain')
    const kind = this.kindOf(node.name)
    const element = this.createElement(node, frame.doc)
    const shown = new Shown(node, element, frame, kind)
    // The sandbox and the policy of the frame stop scripts; this stops them before.
    if (kind === 'hollow') this.setOwn(shown, 'type', 'text/plain')
    if (kind === 'frame') this.setOwn(shown, 'sandbox', 'allow-same-origin')
    if (kind === 'media') dom.setMuted(element, true)
    this.update(shown, node)
    return shown
  }

  /** @param {string} name */
  kindOf(name) {
    const known = this.kinds.get(name)
    if (known) return known
    const kind = kindOf(name)
    if (this.kinds.size < 10_000) this.kinds.set(name, kind)
    return kind
  }

  /**
   * @param {TreeNode} node
   * @param {Document} doc
   * @returns {Element}
   */
  createElement(node, doc) {
    const [namespace, name] = dom.splitName(node.name, dom.HTML)
    try {
      return dom.createElementNS(doc, namespace, name)
    } catch {
      // A parser makes elements of any name, a script can't make all of them: its children still show.
      this.failed(`element ${name.slice(0, 40)}`)
      return dom.createElementNS(doc, dom.HTML, 'unknown-element')
    }
  }

  /**
   * Sets an attribute that is the player's, whatever the recording says.
   * @param {Shown} shown
   * @param {string} name
   * @param {string} value
   */
  setOwn(shown, name, value) {
    dom.setAttribute(shown.element, name, value)
    ;(shown.written ??= new Map()).set(name, value)
  }

  /**
   * Brings attributes, text and placeholders up to date.
   * @param {Shown} shown
   * @param {TreeNode} node
   */
  update(shown, node) {
    if (node.kind === 'text' && shown.text !== node.text) {
      shown.text = node.text
      dom.setData(shown.dom, node.text)
    }
    if (node.kind !== 'element') return
    if (shown.attrs !== node.attrs) this.updateAttributes(shown, node)
    else if (shown.attrs?.has('style') && this.tree().cssAssets.has(node.id)) this.writeStyle(shown, node, shown.attrs.get('style') ?? '')
    if (node.state || shown.hasState) this.updateState(shown, node)
    // Set behind the source, so that no picture waits until it is scrolled to.
    const loading = shown.kind === 'image' ? node.attrs?.get('loading') : undefined
    if (loading !== undefined) dom.setAttribute(shown.element, 'loading', loading)
  }

  /**
   * @param {Shown} shown
   * @param {TreeNode} node
   */
  updateAttributes(shown, node) {
    const old = shown.attrs
    shown.attrs = node.attrs
    if (old) for (const name of old.keys()) if (!node.attrs?.has(name)) this.removeAttribute(shown, name)
    if (node.attrs) {
      for (const [name, value] of node.attrs) if (old?.get(name) !== value) this.writeAttribute(shown, node, name, value)
    }
  }

  /**
   * @param {Shown} shown
   * @param {TreeNode} node
   * @param {string} name
   * @param {string} value
   */
  writeAttribute(shown, node, name, value) {
    try {
      if (MIRRORED.has(name) && shown.kind !== 'hollow') dom.setAttribute(shown.element, this.marks.mirror + name, mirrorValue(value))
      if (name === 'loading' && shown.kind === 'image') return
      if (name === 'style') {
        this.writeStyle(shown, node, value)
        return
      }
      if (isOwn(shown.kind, name)) {
        ;(shown.written ??= new Map()).set(name, dom.getAttribute(shown.element, name))
        return
      }
      const write = attributeToWrite(node, shown.kind, name, value, this.context)
      this.remember(shown, name, value, write)
      if (write === null) this.dropAttribute(shown, name)
      else this.setAttribute(shown.element, name, write)
    } catch {
      this.remember(shown, name, value, null)
      this.failed(`attribute ${name.slice(0, 40)}`)
    }
  }

  /**
   * @param {Shown} shown
   * @param {string} name
   * @param {string} value
   * @param {string|null} written
   */
  remember(shown, name, value, written) {
    if (written !== value) (shown.written ??= new Map()).set(name, written)
    else shown.written?.delete(name)
  }

  /**
   * @param {Element} element
   * @param {string} name as recorded
   * @param {string} value
   */
  setAttribute(element, name, value) {
    if (name === 'src') dom.removeAttribute(element, 'loading')
    if (PLAIN_NAME.test(name)) dom.setAttribute(element, name, value)
    else if (name[0] === '/') dom.setAttributeNS(element, ...dom.splitName(name, null), value)
    // Names that parsers make but that are no XML names (`@click`) can only be set this way; it would lower the case of others.
    else if (name === name.toLowerCase() || dom.namespaceURI(element) !== dom.HTML) dom.setAttribute(element, name, value)
    else dom.setAttributeNS(element, null, name, value)
  }

  /**
   * @param {Shown} shown
   * @param {string} name as recorded
   */
  dropAttribute(shown, name) {
    if (name[0] !== '/') {
      dom.removeAttribute(shown.element, name)
      return
    }
    const [namespace, qualified] = dom.splitName(name, null)
    dom.removeAttributeNS(shown.element, namespace, qualified.slice(qualified.indexOf(':') + 1))
  }

  /**
   * @param {Shown} shown
   * @param {string} name
   */
  removeAttribute(shown, name) {
    if (MIRRORED.has(name)) dom.removeAttribute(shown.element, this.marks.mirror + name)
    if (isOwn(shown.kind, name)) return
    if (name === 'style') shown.style = ''
    shown.written?.delete(name)
    this.dropAttribute(shown, name)
  }

  /**
   * @param {Shown} shown
   * @param {TreeNode} node
   * @param {string} value
   */
  writeStyle(shown, node, value) {
    if (shown.kind === 'hollow') {
      this.remember(shown, 'style', value, null)
      return
    }
    const text = rewriteCss(value, this.context.css(node))
    if (text === shown.style && dom.hasAttribute(shown.element, 'style')) return
    shown.style = text
    if (shown.frame.hasStyleAttributes) dom.setAttribute(shown.element, 'style', text)
    const style = dom.styleOf(shown.element)
    if (style && !shown.frame.hasStyleAttributes) style.cssText = text
    if (style && /color-scheme/i.test(text)) this.fixScheme(style)
    // One that says nothing is still there for selectors.
    if (!dom.hasAttribute(shown.element, 'style')) dom.setAttribute(shown.element, 'style', '')
    this.remember(shown, 'style', value, dom.getAttribute(shown.element, 'style'))
  }

  /** @param {CSSStyleDeclaration} style */
  fixScheme(style) {
    const environment = { features: this.tree().environment, dpr_percent: 100 }
    const scheme = style.getPropertyValue('color-scheme')
    if (scheme) style.setProperty('color-scheme', colorScheme(scheme, environment), style.getPropertyPriority('color-scheme'))
  }

  // --- what an element shows -----------------------------------------------------------------------------------------------------------

  /**
   * @param {Shown} shown
   * @param {TreeNode} node
   */
  updateState(shown, node) {
    shown.hasState = node.state !== null
    this.updateSource(shown, node)
    this.updateBlock(shown, node)
  }

  /**
   * The picture, film or sprite an element shows, or the mark of a placeholder.
   * @param {Shown} shown
   * @param {TreeNode} node
   */
  updateSource(shown, node) {
    const source = node.state?.source ?? 0
    const mediaType = this.tree().assets.get(source)?.[1] ?? ''
    const name = sourceAttribute(shown.kind, mediaType)
    if (!name) return
    const recorded = this.recordedSource(node, name)
    const what = name === 'poster' || shown.kind === 'image' ? 'picture' : 'any'
    const address = this.context.source(node, what)
    const isMissing = source > 0 && address === null
    if (recorded) this.writeAttribute(shown, node, ...recorded)
    else if (address !== null) {
      if (dom.getAttribute(shown.element, name) !== address) this.setAttribute(shown.element, name, address)
      ;(shown.written ??= new Map()).set(name, address)
    } else if (shown.written?.delete(name)) dom.removeAttribute(shown.element, name)
    if (isMissing) dom.setAttribute(shown.element, this.marks.placeholder, 'missing')
    else if (!node.state?.block) dom.removeAttribute(shown.element, this.marks.placeholder)
  }

  /**
   * @param {TreeNode} node
   * @param {string} name
   * @returns {[name: string, value: string]|null}
   */
  recordedSource(node, name) {
    for (const candidate of [name, '/xlink/xlink:href']) {
      const value = node.attrs?.get(candidate)
      if (value !== undefined && (candidate === name || name === 'href')) return [candidate, value]
    }
    return null
  }

  /**
   * A placeholder for what was withheld, of the size it had.
   * @param {Shown} shown
   * @param {TreeNode} node
   */
  updateBlock(shown, node) {
    const style = dom.styleOf(shown.element)
    const block = node.state?.block
    if (!block) {
      if (shown.hasBlock) this.unblock(shown, node)
      return
    }
    shown.hasBlock = true
    dom.setAttribute(shown.element, this.marks.placeholder, ['private', 'frame', 'canvas', 'plugin'][block[2]] ?? 'private')
    if (!style) return
    const [width, height] = block
    for (const [property, value] of [['box-sizing', 'border-box'], ['width', `${width}px`], ['height', `${height}px`]]) {
      style.setProperty(property ?? '', value ?? '', 'important')
    }
    this.remember(shown, 'style', node.attrs?.get('style') ?? '', dom.getAttribute(shown.element, 'style'))
  }

  /**
   * @param {Shown} shown
   * @param {TreeNode} node
   */
  unblock(shown, node) {
    shown.hasBlock = false
    shown.style = ''
    dom.removeAttribute(shown.element, this.marks.placeholder)
    dom.removeAttribute(shown.element, 'style')
    shown.written?.delete('style')
    const style = node.attrs?.get('style')
    if (style !== undefined) this.writeStyle(shown, node, style)
  }
}
