// What is put on the nodes once they stand: style sheets, form state, top layer, the visitor's marks, scroll offsets. A view and its changes go
// in; each of these is brought up to date.
import * as dom from './dom.js'
import { applyFields, isField } from './forms.js'

/** @typedef {import('./framedoc.js').FrameDoc} FrameDoc */
/** @typedef {import('./tree.js').TreeNode} TreeNode */
/** @typedef {import('./tree.js').Changes} Changes */
/** @typedef {import('./view.js').View} View */

export class Dresser {
  /** @param {View} view */
  constructor(view) {
    this.view = view
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
   * State that needs the nodes to stand: sheets, fields, top layer, marks, scroll offsets. In this order, as each may need the one before.
   * @param {Changes|null} changes null: everything
   * @param {boolean} isMoved did nodes come, go or move?
   */
  finish(changes, isMoved) {
    if (!changes || changes.device) this.setDevice()
    if (!changes || changes.sheets || changes.assets || isMoved) this.updateSheets()
    this.setFields()
    if (!changes || changes.layers || isMoved) this.view.layers.update(this.view.tree, this.view.shown, (what) => this.view.fail(what))
    if (!changes || changes.visitor || isMoved) this.view.visitor.update(this.view.tree, this.view.shown, this.view.frames)
    this.setScroll()
    this.view.motion.follow(this.view.frames.values())
  }

  setDevice() {
    for (const frame of this.view.frames.values()) frame.sheets.setEnvironment(this.view.environment)
    this.view.onDevice?.(this.view.tree)
  }

  updateSheets() {
    /** @type {Map<Node, [root: Node, rootId: number, owners: TreeNode[]]>} */
    const roots = new Map()
    for (const [id, frame] of this.view.frames) roots.set(frame.doc, [frame.doc, id, []])
    for (const id of this.view.shadows) {
      const shown = this.view.shown.get(id)
      if (shown?.nodeKind === 'shadow') roots.set(shown.dom, [shown.dom, id, []])
      else this.view.shadows.delete(id)
    }
    for (const owner of this.view.tree.owners) {
      const shown = this.view.shown.get(owner.id)
      if (shown && dom.isConnected(shown.dom)) roots.get(dom.rootNode(shown.dom))?.[2].push(owner)
    }
    /** @type {Map<FrameDoc, Array<[Node, number, TreeNode[]]>>} */
    const byFrame = new Map()
    for (const entry of roots.values()) {
      this.sortOwners(entry[2])
      const frame = entry[1] && (this.view.frames.get(entry[1]) ?? this.view.shown.get(entry[1])?.frame)
      if (frame) byFrame.set(frame, [...(byFrame.get(frame) ?? []), entry])
    }
    for (const [frame, entries] of byFrame) {
      try {
        frame.sheets.update(this.view.tree, entries)
      } catch (error) {
        this.view.fail(`style sheets: ${error}`)
      }
    }
  }

  /**
   * Puts owners of sheets into document order.
   * @param {TreeNode[]} owners
   */
  sortOwners(owners) {
    owners.sort((a, b) => {
      const position = dom.comparePosition(this.view.shown.get(a.id)?.dom, /** @type {Node} */ (this.view.shown.get(b.id)?.dom))
      return position & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1
    })
  }

  setFields() {
    if (this.fields.size === 0) return
    const isKnown = (/** @type {TreeNode} */ node) => this.view.tree.nodes.get(node.id) === node
    for (const node of this.radios) if (!isKnown(node)) this.radios.delete(node)
    const hasRadio = [...this.fields].some((node) => this.radios.has(node))
    const entries = [...new Set([...this.fields, ...(hasRadio ? this.radios : [])])].flatMap((node) => {
      const shown = this.view.shown.get(node.id)
      return shown && isKnown(node) ? [{ node, element: shown.element }] : []
    })
    this.fields.clear()
    try {
      applyFields(entries)
    } catch (error) {
      this.view.fail(`form state: ${error}`)
    }
  }

  /** Offsets are set again after every change: content that was too short may be tall enough now. */
  setScroll() {
    for (const node of this.view.tree.scrolled) {
      const [x, y] = node.state?.scroll ?? [0, 0]
      const frame = this.view.frames.get(node.id)
      const shown = this.view.shown.get(node.id)
      if (frame) frame.scrollTo({ left: x, top: y, behavior: 'instant' })
      else if (shown && (dom.scrollLeft(shown.element) !== x || dom.scrollTop(shown.element) !== y)) {
        dom.scrollElement(shown.element, { left: x, top: y, behavior: 'instant' })
      }
    }
    for (const target of this.scrolledBefore) if (!this.view.tree.scrolled.has(target)) this.resetScroll(target)
    this.scrolledBefore = new Set(this.view.tree.scrolled)
  }

  /** @type {Set<TreeNode>} */
  scrolledBefore = new Set()

  /** @param {TreeNode} node one that had an offset in the state that was drawn before */
  resetScroll(node) {
    const now = this.view.tree.nodes.get(node.id)
    if (now?.state?.scroll) return
    const frame = this.view.frames.get(node.id)
    const shown = this.view.shown.get(node.id)
    if (frame) frame.scrollTo({ left: 0, top: 0, behavior: 'instant' })
    else if (shown && shown.nodeKind === 'element') dom.scrollElement(shown.element, { left: 0, top: 0, behavior: 'instant' })
  }
}
