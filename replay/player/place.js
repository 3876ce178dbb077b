// Nodes come, go and move: an op goes in, the links of the tree are changed. A bad op is found before anything is touched. Nothing recurses.
import { BadOp, atMost, nodeOf, nodeOfKind } from './checks.js'
import { ROOT_ID } from './ops.js'
import { LIMITS, TreeNode, isOwnerName, preorder } from './tree.js'

/** @typedef {import('./tree.js').Tree} Tree */
/** @typedef {import('./wire.js').Op} Op */
/** @typedef {import('./wire.js').NewNode} NewNode */

/** @param {TreeNode} node */
const depthOf = (node) => {
  let depth = 0
  for (let at = node.parent; at; at = at.parent) depth++
  return depth
}

/** @param {TreeNode} top */
const heightOf = (top) => {
  let height = 0
  /** @type {Array<[TreeNode, number]>} */
  const stack = [[top, 0]]
  for (let entry = stack.pop(); entry; entry = stack.pop()) {
    const [node, depth] = entry
    if (depth > height) height = depth
    for (let child = node.first; child; child = child.next) stack.push([child, depth + 1])
    if (node.shadow) stack.push([node.shadow, depth + 1])
    if (node.content) stack.push([node.content, depth + 1])
  }
  return height
}

/**
 * @param {TreeNode} parent
 * @param {TreeNode|null} prev
 * @param {TreeNode} node
 */
const link = (parent, prev, node) => {
  node.parent = parent
  node.prev = prev
  node.next = prev ? prev.next : parent.first
  if (node.prev) node.prev.next = node
  else parent.first = node
  if (node.next) node.next.prev = node
  else parent.last = node
}

/** @param {TreeNode} node */
const unlink = (node) => {
  const { parent } = node
  if (!parent) return
  if (node.kind === 'shadow') parent.shadow = null
  else if (node.kind === 'content') parent.content = null
  else {
    if (node.prev) node.prev.next = node.next
    else parent.first = node.next
    if (node.next) node.next.prev = node.prev
    else parent.last = node.prev
  }
  node.parent = node.prev = node.next = null
}

/**
 * Children of this node came, went or changed.
 * @param {Tree} tree
 * @param {TreeNode|null} parent
 */
const touchChildren = (tree, parent) => {
  if (!parent) return
  tree.changes.children.add(parent)
  voidSheetOf(tree, parent)
}

/**
 * The sheet of a style element starts anew from its child texts.
 * @param {Tree} tree
 * @param {TreeNode} owner
 */
export const voidSheetOf = (tree, owner) => {
  if (owner.name !== 'style' && owner.name !== '/svg/style') return
  tree.sheets.delete(owner.id)
  tree.changes.sheets = true
}

/**
 * @param {Tree} tree
 * @param {number} id 0: in front of all
 * @param {TreeNode} parent
 */
const previousOf = (tree, id, parent) => {
  if (id === 0) return null
  const prev = nodeOf(tree, id)
  if (prev.parent !== parent || prev.kind === 'shadow' || prev.kind === 'content') throw new BadOp(`node ${id} is no child of ${parent.id}`)
  return prev
}

/**
 * A document has one child, an element.
 * @param {TreeNode} parent
 * @param {TreeNode[]} added
 * @param {TreeNode} [moved] a child that leaves its place at the same time
 */
const checkDocumentChild = (parent, added, moved) => {
  if (parent.kind !== 'document' && parent.kind !== 'content') return
  const others = parent.first && parent.first !== moved ? 1 : 0
  const isRight = added.length + others <= 1 && added.every((node) => node.kind === 'element')
  if (added.length > 0 && !isRight) throw new BadOp(`document ${parent.id} can hold one element only`)
}

/**
 * @param {Tree} tree
 * @param {Op} op
 */
export const put = (tree, op) => {
  const parent = nodeOfKind(tree, op.parent, 'document', 'element', 'shadow', 'content')
  const prev = previousOf(tree, op.prev, parent)
  /** @type {NewNode[]} */
  const run = op.run
  checkIds(tree, op.first_id, run.length)
  const tops = plant(parent, op.first_id, run)
  checkDocumentChild(parent, tops.children)
  attachAside(parent, tops)
  let behind = prev
  for (const node of tops.children) {
    link(parent, behind, node)
    behind = node
  }
  for (const node of tops.all) {
    tree.nodes.set(node.id, node)
    if (node.kind === 'element' && isOwnerName(node.name)) tree.owners.add(node)
  }
  if (run.length > 0) touchChildren(tree, parent)
}

/**
 * @param {Tree} tree
 * @param {number} first
 * @param {number} count
 */
const checkIds = (tree, first, count) => {
  if (first <= ROOT_ID || first + count - 1 > Number.MAX_SAFE_INTEGER) throw new BadOp(`ids from ${first} are out of range`)
  if (tree.nodes.size + count > LIMITS.nodes) throw new BadOp(`more than ${LIMITS.nodes} nodes`)
  for (let id = first; id < first + count; id++) if (tree.nodes.has(id)) throw new BadOp(`node ${id} is known`)
}

/** @typedef {{all: TreeNode[], children: TreeNode[], shadow: TreeNode|null, content: TreeNode|null}} Planted */

/**
 * Makes the nodes of a run and links them among themselves. Nothing of the tree is touched, so a bad run leaves no trace.
 * @param {TreeNode} parent
 * @param {number} firstId
 * @param {NewNode[]} run
 * @returns {Planted}
 */
const plant = (parent, firstId, run) => {
  /** @type {Planted} */
  const planted = { all: [], children: [], shadow: null, content: null }
  const depths = new Uint16Array(run.length)
  const base = depthOf(parent) + 1
  for (const [index, fresh] of run.entries()) {
    const node = new TreeNode(firstId + index, fresh.kind, fresh.name, fresh.attrs, fresh.text, fresh.mode)
    const above = fresh.parent < 0 ? parent : planted.all[fresh.parent]
    if (!above || above.kind === 'text') throw new BadOp(`node ${node.id} has no parent`)
    const depth = fresh.parent < 0 ? base : (depths[fresh.parent] ?? 0) + 1
    depths[index] = atMost(depth, LIMITS.depth, 'a depth of')
    planted.all.push(node)
    if (fresh.parent < 0) placeTop(planted, parent, node)
    else if (node.kind === 'shadow' || node.kind === 'content') attachAside(above, { all: [], children: [], shadow: null, content: null, [node.kind]: node })
    else {
      checkDocumentChild(above, [node])
      link(above, above.last, node)
    }
  }
  return planted
}

/**
 * @param {Planted} planted
 * @param {TreeNode} parent
 * @param {TreeNode} node
 */
const placeTop = (planted, parent, node) => {
  if (node.kind !== 'shadow' && node.kind !== 'content') {
    planted.children.push(node)
    return
  }
  if (planted[node.kind] || parent[node.kind] || parent.kind !== 'element') throw new BadOp(`node ${parent.id} can't have a ${node.kind}`)
  planted[node.kind] = node
}

/**
 * Shadow roots and content documents stand beside the children.
 * @param {TreeNode} parent
 * @param {Planted} planted
 */
const attachAside = (parent, { shadow, content }) => {
  for (const node of [shadow, content]) {
    if (!node) continue
    const kind = node.kind === 'shadow' ? 'shadow' : 'content'
    if (parent.kind !== 'element' || parent[kind]) throw new BadOp(`node ${parent.id} can't have a ${kind}`)
    parent[kind] = node
    node.parent = parent
  }
}

/**
 * @param {Tree} tree
 * @param {Op} op
 */
export const move = (tree, op) => {
  const node = nodeOfKind(tree, op.node, 'element', 'text')
  const parent = nodeOfKind(tree, op.parent, 'document', 'element', 'shadow', 'content')
  const prev = previousOf(tree, op.prev, parent)
  if (prev === node) throw new BadOp(`node ${node.id} can't stand behind itself`)
  for (let at = /** @type {TreeNode|null} */ (parent); at; at = at.parent) {
    if (at === node) throw new BadOp(`node ${node.id} can't go below itself`)
  }
  checkDocumentChild(parent, [node], node)
  atMost(depthOf(parent) + 1 + heightOf(node), LIMITS.depth, 'a depth of')
  const old = node.parent
  unlink(node)
  link(parent, prev, node)
  touchChildren(tree, old)
  touchChildren(tree, parent)
}

/**
 * @param {Tree} tree
 * @param {Op} op
 */
export const take = (tree, op) => {
  const node = nodeOfKind(tree, op.node, 'element', 'text')
  const old = node.parent
  unlink(node)
  touchChildren(tree, old)
}

/**
 * @param {Tree} tree
 * @param {Op} op
 */
export const remove = (tree, op) => {
  const node = tree.nodes.get(op.node)
  if (!node) return
  if (node.kind === 'document') throw new BadOp('the document can not be removed')
  const old = node.parent
  unlink(node)
  touchChildren(tree, old)
  for (const gone of preorder(node)) forget(tree, gone)
}

/**
 * @param {Tree} tree
 * @param {TreeNode} node
 */
const forget = (tree, node) => {
  const { id } = node
  tree.nodes.delete(id)
  tree.changes.gone.add(id)
  tree.cssAssets.delete(id)
  tree.adopted.delete(id)
  tree.scrolled.delete(node)
  tree.sourced.delete(node)
  if (tree.owners.delete(node)) tree.changes.sheets = true
  if (tree.sheets.delete(id)) tree.changes.sheets = true
  if (tree.topLayer.delete(id)) tree.changes.layers = true
  const { hover, focus, press, selection } = tree
  if (hover !== id && focus !== id && press?.node !== id && selection?.anchor !== id && selection?.focus !== id) return
  if (hover === id) tree.hover = 0
  if (focus === id) tree.focus = tree.focusVisible = 0
  if (press?.node === id) tree.press = null
  if (selection?.anchor === id || selection?.focus === id) tree.selection = null
  tree.changes.visitor = true
}
