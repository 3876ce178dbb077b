// Draws a tree into the frame: a tree and its changes go in, the frame's documents are brought up to date, node by node. One algorithm
// does first drawing, playing and seeking: children of a node are compared with what stands there, and only what differs is touched.
import * as dom from './dom.js'
import { Dresser } from './dress.js'
import { ElementWriter, Shown } from './elements.js'
import { FrameDoc } from './framedoc.js'
import { Layers } from './layers.js'
import { Motion } from './motion.js'
import { arrange } from './order.js'
import { Settling } from './settling.js'
import { mirroredName } from './sheets.js'
import { Tree } from './tree.js'
import { Visitor } from './visitor.js'

/** @typedef {import('./tree.js').TreeNode} TreeNode */
/** @typedef {import('./tree.js').Changes} Changes */
/** @typedef {import('./selectors.js').Marks} Marks */
/** @typedef {import('./selectors.js').Environment} Environment */

/**
 * @typedef {object} ViewOptions
 * @property {string} shell address of the empty frame document
 * @property {(hash: string) => string} asset address of a stored copy
 */

/**
 * What holds for a whole document load, beyond the state at one moment.
 * @typedef {object} LoadKnowledge
 * @property {Map<number, [hash: string, mediaType: string]>} assets
 * @property {Map<number, Map<string, number>>} cssAssets owner → token → asset
 */

// Deeper trees overflow the stack of some browsers' layout; no page that people use comes near.
const MAX_DRAWN_DEPTH = 1024

/** @returns {Marks} */
const createMarks = () => {
  const name = `vr-${[...crypto.getRandomValues(new Uint8Array(6))].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`
  return { state: `${name}s`, placeholder: `${name}p`, mirror: `${name}m`, highlight: `${name}h` }
}

export class View {
  /**
   * @param {HTMLIFrameElement} iframe
   * @param {ViewOptions} options
   */
  constructor(iframe, options) {
    this.iframe = iframe
    this.options = options
    this.marks = createMarks()
    this.tree = new Tree()
    /** @type {LoadKnowledge} */
    this.knowledge = { assets: new Map(), cssAssets: new Map() }
    /** @type {Map<number, Shown>} */
    this.shown = new Map()
    /** Documents by the id of their node. @type {Map<number, FrameDoc>} */
    this.frames = new Map()
    this.failures = 0
    /** @type {string[]} */
    this.failed = []
    const fail = (/** @type {string} */ what) => this.fail(what)
    /** Addresses of pictures. @type {Set<string>} */
    this.pictures = new Set()
    /** @type {import('./sheets.js').SheetOptions} */
    this.sheetOptions = {
      marks: this.marks,
      failed: fail,
      address: (owner, token) => this.cssAddress(owner, token),
      isPicture: (address) => this.pictures.has(address),
    }
    const mirrored = mirroredName(this.marks)
    this.writer = new ElementWriter({
      marks: this.marks,
      tree: () => this.tree,
      failed: fail,
      context: {
        anchor: `#${this.marks.highlight}`,
        source: (node, what) => this.sourceAddress(node, what),
        css: (node) => ({ url: (token) => this.cssAddress(node.id, token), attribute: mirrored }),
      },
    })
    this.layers = new Layers(this.marks)
    this.visitor = new Visitor(this.marks)
    this.settling = new Settling()
    this.motion = new Motion()
    this.dresser = new Dresser(this)
  }

  /** Loads the shell. Rejects when it is not there. */
  async load() {
    const { iframe } = this
    await new Promise((resolve, reject) => {
      iframe.addEventListener('load', resolve, { once: true })
      iframe.addEventListener('error', reject, { once: true })
      if (iframe.getAttribute('src') !== this.options.shell) iframe.src = this.options.shell
      else if (isShell(iframe.contentDocument, this.options.shell)) resolve(null)
    })
    const doc = iframe.contentDocument
    if (!doc || !isShell(doc, this.options.shell)) throw new Error('The frame of the replay could not be loaded.')
    this.top = new FrameDoc(doc, this.sheetOptions)
  }

  /** @param {string} what */
  fail(what) {
    this.failures++
    if (this.failed.length < 100) this.failed.push(what)
  }

  /** @returns {Environment} */
  get environment() {
    return { features: this.tree.environment, dpr_percent: this.tree.viewport?.dpr_percent || 100 }
  }

  // --- addresses -----------------------------------------------------------------------------------------------------------------------

  /** @param {number} id */
  assetOf(id) {
    return this.tree.assets.get(id) ?? this.knowledge.assets.get(id)
  }

  /**
   * @param {TreeNode} node
   * @param {'picture'|'film'|'any'} what
   */
  sourceAddress(node, what) {
    const asset = this.assetOf(node.state?.source ?? 0)
    if (!asset) return null
    const isPicture = !/^(?:video|audio)\//.test(asset[1])
    return what === 'any' || isPicture === (what === 'picture') ? this.options.asset(asset[0]) : null
  }

  /**
   * @param {number} owner
   * @param {string} token
   */
  cssAddress(owner, token) {
    const id = this.tree.cssAssets.get(owner)?.get(token) ?? this.knowledge.cssAssets.get(owner)?.get(token)
    const asset = id === undefined ? undefined : this.assetOf(id)
    if (!asset) return null
    const address = this.options.asset(asset[0])
    if (asset[1].startsWith('image/')) this.pictures.add(address)
    return address
  }

  // --- drawing -------------------------------------------------------------------------------------------------------------------------

  /**
   * Draws a tree. `isSameLoad`: it is of the document load that is drawn, so nodes keep their ids and are patched, not made anew.
   * @param {Tree} tree
   * @param {LoadKnowledge} knowledge
   * @param {boolean} isSameLoad
   */
  show(tree, knowledge, isSameLoad) {
    tree.takeChanges()
    this.tree = tree
    this.knowledge = knowledge
    const { top } = this
    if (!top || !tree.hasDocument) return
    this.frames.set(tree.root.id, top)
    if (!isSameLoad || top.mode !== tree.root.mode) this.reopen(top, tree.root)
    this.drawAll()
  }

  /** Brings the frame up to date with what the tree says has changed. */
  patch() {
    const changes = this.tree.takeChanges()
    const { root } = this.tree
    if (changes.all) {
      if (this.top && this.top.mode !== root.mode) this.reopen(this.top, root)
      this.drawAll()
      return
    }
    for (const node of changes.children) this.drawChildren(node)
    for (const node of changes.own) this.drawOwn(node)
    if (changes.assets) this.drawSources()
    if (changes.children.size > 0) this.forgetGone()
    this.dresser.finish(changes, changes.children.size > 0)
  }

  /** New knowledge of the load has come: addresses that were missing may be there. */
  learn() {
    this.drawSources()
    for (const node of this.tree.nodes.values()) if (node.attrs?.has('style')) this.drawOwn(node)
    this.dresser.updateSheets()
  }

  /**
   * @param {FrameDoc} frame
   * @param {TreeNode} root
   */
  reopen(frame, root) {
    for (const [id, { frame: old }] of this.shown) if (old === frame) this.shown.delete(id)
    frame.open(root.mode)
  }

  drawAll() {
    if (!this.tree.hasDocument) return
    const stack = [this.tree.root]
    for (let node = stack.pop(); node; node = stack.pop()) {
      if (node.kind === 'element' || node.kind === 'text') this.drawOwn(node)
      // What is new is drawn with all below it; only what stood here before has to be gone through.
      for (const kept of this.drawChildren(node)) stack.push(kept)
    }
    this.forgetGone()
    this.dresser.finish(null, true)
  }

  /** @param {TreeNode} node */
  drawOwn(node) {
    const shown = this.shown.get(node.id)
    if (!shown || !this.fits(shown, node, shown.frame)) return
    try {
      this.writer.update(shown, node)
    } catch (error) {
      this.fail(`node ${node.id}: ${error}`)
    }
    this.dresser.noteField(node)
    if (node.name === 'option') this.dresser.addFieldOf(node)
  }

  /**
   * Can this drawn node become that one?
   * @param {Shown|undefined} shown
   * @param {TreeNode} node
   * @param {FrameDoc} frame
   * @returns {shown is Shown}
   */
  fits(shown, node, frame) {
    return (
      shown !== undefined &&
      shown.nodeKind === node.kind &&
      shown.name === node.name &&
      shown.frame === frame &&
      (!shown.hasShadow || node.shadow !== null)
    )
  }

  /**
   * The DOM node that holds a node's children, and its document. Null: it is not drawn.
   * @param {TreeNode} node
   * @returns {{parent: Node, frame: FrameDoc}|null}
   */
  placeOf(node) {
    if (node.kind === 'document' || node.kind === 'content') {
      const frame = this.frames.get(node.id)
      return frame ? { parent: frame.doc, frame } : null
    }
    const shown = this.shown.get(node.id)
    return shown ? { parent: shown.dom, frame: shown.frame } : null
  }

  /**
   * Brings the children of a node up to date, its shadow root and content document too. Returns those that stood there before.
   * @param {TreeNode} node
   * @returns {TreeNode[]}
   */
  drawChildren(node) {
    const place = this.tree.nodes.get(node.id) === node ? this.placeOf(node) : null
    if (!place || isChildless(node)) return []
    /** @type {TreeNode[]} */
    const kept = []
    if (node.kind === 'element') this.drawAside(node, place.frame, kept)
    /** @type {Node[]} */
    const wanted = []
    for (let child = node.first; child; child = child.next) {
      const shown = this.shown.get(child.id)
      const isKept = this.fits(shown, child, place.frame)
      if (isKept) kept.push(child)
      const drawn = isKept ? shown : this.build(child, place.frame)
      if (drawn) wanted.push(drawn.dom)
    }
    try {
      arrange(place.parent, wanted)
    } catch (error) {
      this.fail(`children of ${node.id}: ${error}`)
    }
    this.dresser.addFieldOf(node)
    return kept
  }

  /**
   * @param {TreeNode} node
   * @param {FrameDoc} frame
   * @param {TreeNode[]} kept
   */
  drawAside(node, frame, kept) {
    const { shadow, content } = node
    if (shadow) {
      const shown = this.shown.get(shadow.id)
      if (this.fits(shown, shadow, frame)) kept.push(shadow)
      else if (this.attachShadow(node, shadow)) this.drawChildren(shadow).forEach((child) => kept.push(child))
    }
    if (content && this.frames.has(content.id)) kept.push(content)
    else if (content) this.attachContent(node)
    else this.shown.get(node.id)?.inner?.empty()
  }

  /**
   * Makes a node and all below it, detached.
   * @param {TreeNode} top
   * @param {FrameDoc} frame
   * @returns {Shown|null}
   */
  build(top, frame) {
    const base = depthOf(top)
    const first = this.make(top, frame)
    /** @type {Array<[node: TreeNode, depth: number]>} */
    const stack = [[top, base]]
    for (let entry = stack.pop(); entry; entry = stack.pop()) {
      const [node, depth] = entry
      const parent = this.shown.get(node.id)
      if (!parent || isChildless(node)) continue
      if (depth > MAX_DRAWN_DEPTH) {
        this.fail(`node ${node.id}: too deep`)
        continue
      }
      if (node.shadow && this.attachShadow(node, node.shadow)) stack.push([node.shadow, depth + 1])
      if (node.content) this.attachContent(node)
      for (let child = node.first; child; child = child.next) {
        const shown = this.make(child, frame)
        if (!shown) continue
        dom.appendChild(parent.dom, shown.dom)
        if (child.first || child.shadow || child.content) stack.push([child, depth + 1])
      }
    }
    return first
  }

  /**
   * @param {TreeNode} node
   * @param {FrameDoc} frame
   */
  make(node, frame) {
    try {
      const shown = this.writer.create(node, frame)
      if (!shown) return null
      this.shown.set(node.id, shown)
      this.dresser.noteField(node)
      return shown
    } catch (error) {
      this.fail(`node ${node.id}: ${error}`)
      return null
    }
  }

  /**
   * @param {TreeNode} host
   * @param {TreeNode} shadow
   */
  attachShadow(host, shadow) {
    const shown = this.shown.get(host.id)
    if (!shown) return false
    try {
      const root = shown.hasShadow ? dom.shadowRoot(shown.element) : dom.attachShadow(shown.element, { mode: 'open' })
      shown.hasShadow = true
      this.shown.set(shadow.id, new Shown(shadow, root, shown.frame, 'plain'))
      return true
    } catch (error) {
      this.fail(`shadow root of ${host.id}: ${error}`)
      return false
    }
  }

  // --- nested documents ----------------------------------------------------------------------------------------------------------------

  /**
   * Loads a shell into a frame element; its document is drawn when it is there, and anew whenever the element loads again.
   * @param {TreeNode} host
   */
  attachContent(host) {
    const shown = this.shown.get(host.id)
    if (!shown || shown.kind !== 'frame') return
    const element = shown.element
    if (shown.inner) {
      this.drawContent(host.id, shown, shown.inner.doc)
      return
    }
    if (shown.isFrameWatched) return
    shown.isFrameWatched = true
    dom.listen(element, 'load', () => this.mountContent(host.id, shown))
    this.settling.wait(element)
    this.writer.setOwn(shown, 'src', this.options.shell)
  }

  /**
   * A frame element has loaded, for the first time or because it was moved.
   * @param {number} hostId
   * @param {Shown} shown
   */
  mountContent(hostId, shown) {
    const doc = dom.contentDocument(shown.element)
    if (this.shown.get(hostId) === shown && isShell(doc, this.options.shell)) this.drawContent(hostId, shown, /** @type {Document} */ (doc))
    this.settling.done(shown.element)
  }

  /**
   * @param {number} hostId
   * @param {Shown} shown
   * @param {Document} doc
   */
  drawContent(hostId, shown, doc) {
    const content = this.tree.nodes.get(hostId)?.content
    const frame = new FrameDoc(doc, this.sheetOptions, shown.element)
    for (const [id, { frame: of }] of this.shown) if (of === shown.inner) this.shown.delete(id)
    shown.inner = frame
    frame.sheets.environment = this.environment
    frame.open(content?.mode ?? 0)
    if (!content) return
    this.frames.set(content.id, frame)
    this.drawChildren(content)
    this.dresser.finish(null, true)
  }

  // --- after the nodes -----------------------------------------------------------------------------------------------------------------

  /** Forgets what stands for nodes that are no more. */
  forgetGone() {
    const { nodes } = this.tree
    for (const [id, shown] of this.shown) {
      const node = nodes.get(id)
      if (!node || shown.nodeKind !== node.kind || shown.name !== node.name) this.shown.delete(id)
    }
    for (const id of this.frames.keys()) {
      if (!nodes.has(id)) this.frames.delete(id)
    }
  }

  /** Addresses of pictures after more of them became known. */
  drawSources() {
    for (const node of this.tree.nodes.values()) if (node.state?.source) this.drawOwn(node)
  }

  /** Called when the viewport may have changed. @type {((tree: Tree) => void)|undefined} */
  onDevice

  /** Nothing can be shown. */
  clear() {
    this.tree = new Tree()
    this.shown.clear()
    this.frames.clear()
    this.top?.open(0)
  }

  /**
   * @param {boolean} isPlaying
   * @param {number} rate
   */
  setPlaying(isPlaying, rate) {
    this.motion.setPlaying(this.frames.values(), isPlaying, rate)
  }

  /** @param {number} t_ms */
  jump(t_ms) {
    this.motion.jump(this.frames.values(), t_ms)
  }

  /** Resolves when all of what is drawn can be seen: nested documents, pictures, fonts. */
  settle() {
    return this.settling.settle(
      () => [...this.frames.values()],
      () => this.otherPictures(),
      () => this.dresser.setScroll(),
    )
  }

  /** Posters, pictures in SVG and on buttons. @returns {Generator<string>} */
  *otherPictures() {
    for (const node of this.tree.nodes.values()) {
      const address = node.state?.source && node.name !== 'img' ? this.sourceAddress(node, 'picture') : null
      if (address) yield address
    }
    yield* this.pictures
  }

  /** The number of style sheets that were recorded without their text. */
  missingSheets() {
    let count = 0
    for (const owner of this.tree.owners) {
      if (owner.name === 'link' && /\bstylesheet\b/i.test(owner.attrs?.get('rel') ?? '') && !this.tree.sheets.has(owner.id)) count++
    }
    return count
  }
}

/** @param {TreeNode} node scripts and what stands for them have no children here */
const isChildless = (node) => node.kind === 'text' || /^(?:script|noscript|\/svg\/script)$/.test(node.name)

/** @param {TreeNode} node */
const depthOf = (node) => {
  let depth = 0
  for (let at = node.parent; at; at = at.parent) depth++
  return depth
}

/**
 * Is this document the shell and nothing else?
 * @param {Document|null} doc
 * @param {string} shell
 */
const isShell = (doc, shell) => !!doc && doc.readyState === 'complete' && new URL(doc.URL).pathname === new URL(shell, location.href).pathname

