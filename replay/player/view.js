// Draws a tree into the frame: a tree and its changes go in, the frame's documents are brought up to date, node by node. One algorithm
// does first drawing, playing and seeking: children of a node are compared with what stands there, and only what differs is touched.
import * as dom from './dom.js'
import { ElementWriter, Shown } from './elements.js'
import { FrameDoc } from './framedoc.js'
import { applyFields, isField } from './forms.js'
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
    this.finish(changes, changes.children.size > 0)
  }

  /** New knowledge of the load has come: addresses that were missing may be there. */
  learn() {
    this.drawSources()
    for (const node of this.tree.nodes.values()) if (node.attrs?.has('style')) this.drawOwn(node)
    this.updateSheets()
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
    this.finish(null, true)
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
    this.noteField(node)
    if (node.name === 'option') this.addFieldOf(node)
  }

  /** Fields whose state has to be set. @type {Set<TreeNode>} */
  fields = new Set()
  /** One radio button changes others, so they are set together. @type {Set<TreeNode>} */
  radios = new Set()

  /** @param {TreeNode} node */
  noteField(node) {
    if (!isField(node.name)) return
    this.fields.add(node)
    if (/^radio$/i.test(node.attrs?.get('type') ?? '')) this.radios.add(node)
  }

  /** @param {TreeNode} node an option, or what an option's place changed under */
  addFieldOf(node) {
    for (let at = /** @type {TreeNode|null} */ (node), steps = 0; at && steps < 8; at = at.parent, steps++) {
      if (at.name === 'select' || at.name === 'textarea') this.fields.add(at)
    }
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
    this.addFieldOf(node)
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
      this.noteField(node)
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
    this.finish(null, true)
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

  /**
   * State that needs the nodes to stand: sheets, fields, top layer, marks, scroll offsets. In this order, as each may need the one before.
   * @param {Changes|null} changes null: everything
   * @param {boolean} isMoved did nodes come, go or move?
   */
  finish(changes, isMoved) {
    if (!changes || changes.device) this.setDevice()
    if (!changes || changes.sheets || changes.assets || isMoved) this.updateSheets()
    this.setFields()
    if (!changes || changes.layers || isMoved) this.layers.update(this.tree, this.shown, (what) => this.fail(what))
    if (!changes || changes.visitor || isMoved) this.visitor.update(this.tree, this.shown, this.frames)
    this.setScroll()
    this.motion.follow(this.frames.values())
  }

  setDevice() {
    for (const frame of this.frames.values()) frame.sheets.setEnvironment(this.environment)
    this.onDevice?.(this.tree)
  }

  /** Called when the viewport may have changed. @type {((tree: Tree) => void)|undefined} */
  onDevice

  updateSheets() {
    /** @type {Map<Node, [root: Node, rootId: number, owners: TreeNode[]]>} */
    const roots = new Map()
    for (const [id, frame] of this.frames) roots.set(frame.doc, [frame.doc, id, []])
    for (const [id, shown] of this.shown) if (shown.nodeKind === 'shadow') roots.set(shown.dom, [shown.dom, id, []])
    for (const owner of this.tree.owners) {
      const shown = this.shown.get(owner.id)
      if (shown && dom.isConnected(shown.dom)) roots.get(dom.rootNode(shown.dom))?.[2].push(owner)
    }
    /** @type {Map<FrameDoc, Array<[Node, number, TreeNode[]]>>} */
    const byFrame = new Map()
    for (const entry of roots.values()) {
      this.sortOwners(entry[2])
      const frame = entry[1] && (this.frames.get(entry[1]) ?? this.shown.get(entry[1])?.frame)
      if (frame) byFrame.set(frame, [...(byFrame.get(frame) ?? []), entry])
    }
    for (const [frame, entries] of byFrame) {
      try {
        frame.sheets.update(this.tree, entries)
      } catch (error) {
        this.fail(`style sheets: ${error}`)
      }
    }
  }

  /**
   * Puts owners of sheets into document order.
   * @param {TreeNode[]} owners
   */
  sortOwners(owners) {
    owners.sort((a, b) => {
      const position = dom.comparePosition(this.shown.get(a.id)?.dom, /** @type {Node} */ (this.shown.get(b.id)?.dom))
      return position & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1
    })
  }

  setFields() {
    if (this.fields.size === 0) return
    const isKnown = (/** @type {TreeNode} */ node) => this.tree.nodes.get(node.id) === node
    for (const node of this.radios) if (!isKnown(node)) this.radios.delete(node)
    const hasRadio = [...this.fields].some((node) => this.radios.has(node))
    const entries = [...new Set([...this.fields, ...(hasRadio ? this.radios : [])])].flatMap((node) => {
      const shown = this.shown.get(node.id)
      return shown && isKnown(node) ? [{ node, element: shown.element }] : []
    })
    this.fields.clear()
    try {
      applyFields(entries)
    } catch (error) {
      this.fail(`form state: ${error}`)
    }
  }

  /** Addresses of pictures after more of them became known. */
  drawSources() {
    for (const node of this.tree.nodes.values()) if (node.state?.source) this.drawOwn(node)
  }

  /** Offsets are set again after every change: content that was too short may be tall enough now. */
  setScroll() {
    for (const node of this.tree.scrolled) {
      const [x, y] = node.state?.scroll ?? [0, 0]
      const frame = this.frames.get(node.id)
      const shown = this.shown.get(node.id)
      if (frame) frame.scrollTo({ left: x, top: y, behavior: 'instant' })
      else if (shown && (dom.scrollLeft(shown.element) !== x || dom.scrollTop(shown.element) !== y)) {
        dom.scrollElement(shown.element, { left: x, top: y, behavior: 'instant' })
      }
    }
    for (const target of this.scrolledBefore) if (!this.tree.scrolled.has(target)) this.resetScroll(target)
    this.scrolledBefore = new Set(this.tree.scrolled)
  }

  /** @type {Set<TreeNode>} */
  scrolledBefore = new Set()

  /** @param {TreeNode} node one that had an offset in the state that was drawn before */
  resetScroll(node) {
    const now = this.tree.nodes.get(node.id)
    if (now?.state?.scroll) return
    const frame = this.frames.get(node.id)
    const shown = this.shown.get(node.id)
    if (frame) frame.scrollTo({ left: 0, top: 0, behavior: 'instant' })
    else if (shown && shown.nodeKind === 'element') dom.scrollElement(shown.element, { left: 0, top: 0, behavior: 'instant' })
  }

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
    return this.settling.settle([...this.frames.values()], () => this.setScroll())
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

