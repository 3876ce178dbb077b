// Draws a tree into the frame: a tree and its changes go in, the frame's documents are brought up to date, node by node. One algorithm
// does first drawing, playing and seeking: children of a node are compared with what stands there, and only what differs is touched.
import { Addresses } from './addresses.js'
import { Builder, isChildless } from './builder.js'
import { Dresser } from './dress.js'
import { ElementWriter } from './elements.js'
import { FrameDoc } from './framedoc.js'
import { Layers } from './layers.js'
import { Motion } from './motion.js'
import { Nested } from './nested.js'
import { arrange } from './order.js'
import { Settling } from './settling.js'
import { Shell } from './shell.js'
import { mirroredName } from './sheets.js'
import { Tree } from './tree.js'
import { Visitor } from './visitor.js'

/** @typedef {import('./tree.js').TreeNode} TreeNode */
/** @typedef {import('./elements.js').Shown} Shown */
/** @typedef {import('./addresses.js').LoadKnowledge} LoadKnowledge */
/** @typedef {import('./selectors.js').Marks} Marks */
/** @typedef {import('./selectors.js').Environment} Environment */

/**
 * @typedef {object} ViewOptions
 * @property {string} shell address of the empty frame document
 * @property {(hash: string) => string} asset address of a stored copy
 */

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
    this.options = options
    this.shell = new Shell(iframe, options.shell)
    this.marks = createMarks()
    this.tree = new Tree()
    this.addresses = new Addresses(() => this.tree, options.asset)
    /** What stands for which node. @type {Map<number, Shown>} */
    this.shown = new Map()
    /** Ids of shadow roots that were drawn; some may be gone. @type {Set<number>} */
    this.shadows = new Set()
    /** Documents by the id of their node. @type {Map<number, FrameDoc>} */
    this.frames = new Map()
    this.failures = 0
    /** @type {string[]} */
    this.failed = []
    const fail = (/** @type {string} */ what) => this.fail(what)
    /** @type {import('./sheets.js').SheetOptions} */
    this.sheetOptions = {
      marks: this.marks,
      failed: fail,
      address: (owner, token) => this.addresses.css(owner, token),
      isPicture: (address) => this.addresses.pictures.has(address),
    }
    const mirrored = mirroredName(this.marks)
    this.writer = new ElementWriter({
      marks: this.marks,
      tree: () => this.tree,
      failed: fail,
      context: {
        anchor: `#${this.marks.highlight}`,
        source: (node, what) => this.addresses.source(node, what),
        css: (node) => ({ url: (token) => this.addresses.css(node.id, token), attribute: mirrored }),
      },
    })
    this.layers = new Layers(this.marks)
    this.visitor = new Visitor(this.marks)
    this.settling = new Settling()
    this.motion = new Motion()
    this.dresser = new Dresser(this)
    this.builder = new Builder(this)
    this.nested = new Nested(this)
  }

  /** Loads the shell. Rejects when it is not there. */
  async load() {
    this.top = new FrameDoc(await this.shell.load(), this.sheetOptions)
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
    this.addresses.knowledge = knowledge
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
    this.forget(changes.gone)
    this.dresser.finish(changes, changes.children.size > 0)
  }

  /** New knowledge of the load has come: addresses that were missing may be there. */
  learn() {
    this.drawSources()
    for (const id of this.addresses.knowledge.cssAssets.keys()) {
      const node = this.tree.nodes.get(id)
      if (node?.attrs?.has('style')) this.drawOwn(node)
    }
    this.dresser.updateSheets()
  }

  /**
   * @param {FrameDoc} frame
   * @param {TreeNode} root
   */
  reopen(frame, root) {
    this.forgetFrame(frame)
    frame.open(root.mode)
  }

  /** @param {FrameDoc} frame whose document holds nothing any more */
  forgetFrame(frame) {
    for (const [id, { frame: old }] of this.shown) if (old === frame) this.shown.delete(id)
  }

  drawAll() {
    if (!this.tree.hasDocument) return
    const stack = [this.tree.root]
    for (let node = stack.pop(); node; node = stack.pop()) {
      if (node.kind === 'element' || node.kind === 'text') this.drawOwn(node)
      if (node.kind === 'text') continue
      // What is new is drawn with all below it; only what stood here before has to be gone through.
      for (const kept of this.drawChildren(node)) stack.push(kept)
    }
    this.forget(this.shown.keys())
    this.forget(this.frames.keys())
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
      const drawn = isKept ? shown : this.builder.build(child, place.frame)
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
      else if (this.builder.attachShadow(node, shadow)) this.drawChildren(shadow).forEach((child) => kept.push(child))
    }
    if (content && this.frames.has(content.id)) kept.push(content)
    else if (content) this.nested.attach(node)
    else this.shown.get(node.id)?.inner?.empty()
  }

  // --- after the nodes -----------------------------------------------------------------------------------------------------------------

  /**
   * Forgets what stands for nodes that are no more.
   * @param {Iterable<number>} ids of nodes that may be gone
   */
  forget(ids) {
    const { nodes } = this.tree
    for (const id of ids) {
      const node = nodes.get(id)
      const shown = this.shown.get(id)
      if (shown && (!node || shown.nodeKind !== node.kind || shown.name !== node.name)) this.shown.delete(id)
      if (!node) this.frames.delete(id)
    }
  }

  /** Addresses of pictures after more of them became known. */
  drawSources() {
    for (const node of this.tree.sourced) this.drawOwn(node)
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

  /**
   * Resolves when all of what is drawn can be seen: nested documents, pictures, fonts.
   * @param {() => void} ready called when nothing but the painting is left
   */
  settle(ready) {
    return this.settling.settle(
      () => [...this.frames.values()],
      () => this.addresses.otherPictures(),
      () => {
        this.dresser.setScroll()
        ready()
      },
    )
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
