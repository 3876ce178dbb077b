// Nodes that are not drawn yet: a node of the tree goes in, it and all below it come out as nodes of the document, detached.
import * as dom from './dom.js'
import { Shown } from './elements.js'

/** @typedef {import('./tree.js').TreeNode} TreeNode */
/** @typedef {import('./framedoc.js').FrameDoc} FrameDoc */
/** @typedef {import('./view.js').View} View */

// Deeper trees overflow the stack of some browsers' layout; no page that people use comes near.
const MAX_DRAWN_DEPTH = 1024
const CHILDLESS = new Set(['script', 'noscript', '/svg/script'])

export class Builder {
  /** @param {View} view */
  constructor(view) {
    this.view = view
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
      const parent = this.view.shown.get(node.id)
      if (!parent || isChildless(node)) continue
      if (depth > MAX_DRAWN_DEPTH) {
        this.view.fail(`node ${node.id}: too deep`)
        continue
      }
      if (node.shadow && this.attachShadow(node, node.shadow)) stack.push([node.shadow, depth + 1])
      if (node.content) this.view.nested.attach(node)
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
    const { view } = this
    try {
      const shown = view.writer.create(node, frame)
      if (!shown) return null
      view.shown.set(node.id, shown)
      view.dresser.noteField(node)
      return shown
    } catch (error) {
      view.fail(`node ${node.id}: ${error}`)
      return null
    }
  }

  /**
   * @param {TreeNode} host
   * @param {TreeNode} shadow
   */
  attachShadow(host, shadow) {
    const { view } = this
    const shown = view.shown.get(host.id)
    if (!shown) return false
    try {
      const root = shown.hasShadow ? dom.shadowRoot(shown.element) : dom.attachShadow(shown.element, { mode: 'open' })
      shown.hasShadow = true
      view.shown.set(shadow.id, new Shown(shadow, root, shown.frame, 'plain'))
      view.shadows.add(shadow.id)
      return true
    } catch (error) {
      view.fail(`shadow root of ${host.id}: ${error}`)
      return false
    }
  }
}

/** @param {TreeNode} node scripts and what stands for them have no children here */
export const isChildless = (node) => node.kind === 'text' || CHILDLESS.has(node.name)

/** @param {TreeNode} node */
const depthOf = (node) => {
  let depth = 0
  for (let at = node.parent; at; at = at.parent) depth++
  return depth
}
