// What each op does to the tree (`replay/FORMAT.md`, "What a reader does"). An op goes in; the tree and its list of changes are
// updated, or, when the op is bad, nothing but the list of damage. Nothing here recurses.
import { OPS, ROOT_ID } from './ops.js'
import { LIMITS, TreeNode, isOwnerName, preorder } from './tree.js'

/** @typedef {import('./tree.js').Tree} Tree */
/** @typedef {import('./tree.js').Sheet} Sheet */
/** @typedef {import('./wire.js').Op} Op */
/** @typedef {import('./wire.js').NewNode} NewNode */

/** An op that does not fit the tree. */
class BadOp extends Error {}

/**
 * Applies one op.
 * @param {Tree} tree
 * @param {Op} op
 */
export const applyOp = (tree, op) => {
  const name = OPS[op.code]?.name ?? ''
  const apply = Object.hasOwn(REDUCERS, name) ? REDUCERS[name] : undefined
  if (!apply) return
  try {
    apply(tree, op)
  } catch (error) {
    if (!(error instanceof BadOp)) throw error
    tree.note(`op ${op.index}: ${error.message}`)
  }
}

/**
 * @param {Tree} tree
 * @param {number} id
 */
const nodeOf = (tree, id) => {
  const node = tree.nodes.get(id)
  if (!node) throw new BadOp(`unknown node ${id}`)
  return node
}

/**
 * @param {Tree} tree
 * @param {number} id
 * @param {...import('./tree.js').NodeKind} kinds
 */
const nodeOfKind = (tree, id, ...kinds) => {
  const node = nodeOf(tree, id)
  if (!kinds.includes(node.kind)) throw new BadOp(`node ${id} is no ${kinds.join(' or ')}`)
  return node
}

/**
 * @param {number} value
 * @param {number} most
 * @param {string} what
 */
const atMost = (value, most, what) => {
  if (value > most) throw new BadOp(`${what} ${value} is beyond ${most}`)
  return value
}

/**
 * The state of an element beside its attributes, marked as changed.
 * @param {Tree} tree
 * @param {number} id
 */
const stateOf = (tree, id) => {
  const node = nodeOfKind(tree, id, 'element')
  tree.changes.own.add(node)
  return (node.state ??= {})
}

// --- placing nodes -------------------------------------------------------------------------------------------------------------------

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
const voidSheetOf = (tree, owner) => {
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
const put = (tree, op) => {
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
const move = (tree, op) => {
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
const take = (tree, op) => {
  const node = nodeOfKind(tree, op.node, 'element', 'text')
  const old = node.parent
  unlink(node)
  touchChildren(tree, old)
}

/**
 * @param {Tree} tree
 * @param {Op} op
 */
const remove = (tree, op) => {
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
  tree.cssAssets.delete(id)
  tree.adopted.delete(id)
  tree.scrolled.delete(node)
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

// --- content and state ---------------------------------------------------------------------------------------------------------------

/** @param {string} name */
const checkName = (name) => {
  if (name === '' || /[ \t\n\f\r\0]/.test(name)) throw new BadOp(`a bad attribute name ${JSON.stringify(name.slice(0, 40))}`)
}

/**
 * @param {Tree} tree
 * @param {Op} op
 */
const attr = (tree, op) => {
  const node = nodeOfKind(tree, op.node, 'element')
  checkName(op.name)
  if (!node.attrs?.has(op.name)) atMost((node.attrs?.size ?? 0) + 1, LIMITS.attributes, 'attributes:')
  node.attrs = new Map(node.attrs ?? []).set(op.name, op.value)
  touchAttributes(tree, node)
}

/**
 * @param {Tree} tree
 * @param {Op} op
 */
const attrRemove = (tree, op) => {
  const node = nodeOfKind(tree, op.node, 'element')
  checkName(op.name)
  if (!node.attrs?.has(op.name)) return
  const attrs = new Map(node.attrs)
  attrs.delete(op.name)
  node.attrs = attrs.size > 0 ? attrs : null
  touchAttributes(tree, node)
}

/**
 * @param {Tree} tree
 * @param {TreeNode} node
 */
const touchAttributes = (tree, node) => {
  tree.changes.own.add(node)
  if (isOwnerName(node.name)) tree.changes.sheets = true
}

/**
 * @param {Tree} tree
 * @param {Op} op
 */
const setText = (tree, op) => {
  const node = nodeOfKind(tree, op.node, 'text')
  node.text = op.text
  tree.changes.own.add(node)
  if (node.parent) voidSheetOf(tree, node.parent)
  // The default value of a text area is its child text.
  if (node.parent?.name === 'textarea') tree.changes.own.add(node.parent)
}

/**
 * @param {Tree} tree
 * @param {Op} op
 */
const scroll = (tree, op) => {
  const node = nodeOfKind(tree, op.node, 'element', 'document', 'content')
  const state = (node.state ??= {})
  state.scroll = [op.x, op.y]
  // An offset of zero counts too: it brings back what the view has moved.
  tree.scrolled.add(node)
  tree.changes.scroll = true
}

/**
 * @param {Tree} tree
 * @param {Op} op
 */
const topLayer = (tree, op) => {
  const node = nodeOfKind(tree, op.node, 'element')
  atMost(op.layer, 3, 'a layer of')
  tree.topLayer.delete(node.id)
  if (op.layer > 0) tree.topLayer.set(node.id, op.layer)
  tree.changes.layers = true
}

// --- style sheets --------------------------------------------------------------------------------------------------------------------

/**
 * @param {Tree} tree
 * @param {number} id
 * @param {boolean} isNew may it be a sheet that no node owns and that is not known yet?
 * @returns {Sheet}
 */
const sheetOf = (tree, id, isNew) => {
  tree.changes.sheets = true
  const known = tree.sheets.get(id)
  if (known) return known
  const node = tree.nodes.get(id)
  if (node ? !isOwnerName(node.name) : !isNew || id <= ROOT_ID) throw new BadOp(`${id} is no style sheet`)
  if (!node && tree.sheets.size >= LIMITS.looseSheets) {
    let loose = 0
    for (const other of tree.sheets.keys()) if (!tree.nodes.has(other)) loose++
    atMost(loose + 1, LIMITS.looseSheets, 'sheets without an owner:')
  }
  const sheet = { text: null, base: '', edits: [], disabled: null, media: null }
  tree.sheets.set(id, sheet)
  return sheet
}

/**
 * @param {Tree} tree
 * @param {Op} op
 */
const setSheet = (tree, op) => {
  const { disabled, media } = sheetOf(tree, op.sheet, true)
  tree.sheets.set(op.sheet, { text: op.text, base: op.base, edits: [], disabled, media })
}

/** @param {'rule_insert'|'rule_delete'|'rule_style'|'rule_selector'} name */
const editRule = (name) => (/** @type {Tree} */ tree, /** @type {Op} */ op) => {
  if (op.path.length === 0) throw new BadOp('an empty path')
  const { edits } = sheetOf(tree, op.sheet, false)
  atMost(edits.length + 1, LIMITS.edits, 'edits:')
  edits.push({ name, path: op.path, text: op.text ?? '' })
}

// --- the table -----------------------------------------------------------------------------------------------------------------------

/** @type {Record<string, (tree: Tree, op: Op) => void>} */
const REDUCERS = {
  document: (tree, op) => tree.clear(op.mode),
  put,
  move,
  take,
  remove,
  set_text: setText,
  attr,
  attr_remove: attrRemove,
  field_value: (tree, op) => void (stateOf(tree, op.node).value = op.value),
  checked: (tree, op) => void (stateOf(tree, op.node).checked = atMost(op.state, 3, 'a state of')),
  selected: (tree, op) => void (stateOf(tree, op.node).selected = op.indexes),
  top_layer: topLayer,
  scroll,
  viewport: (tree, { width_px, height_px, dpr_percent, zoom_percent, zoom_x, zoom_y }) => {
    tree.viewport = { width_px, height_px, dpr_percent, zoom_percent, zoom_x, zoom_y }
    tree.changes.device = true
  },
  environment: (tree, op) => {
    tree.environment = op.features
    tree.changes.device = true
  },
  block: (tree, op) => {
    atMost(op.reason, 3, 'a reason of')
    stateOf(tree, op.node).block = [op.width_px, op.height_px, op.reason]
  },
  sheet: setSheet,
  rule_insert: editRule('rule_insert'),
  rule_delete: editRule('rule_delete'),
  rule_style: editRule('rule_style'),
  rule_selector: editRule('rule_selector'),
  sheet_state: (tree, op) => {
    atMost(op.disabled, 1, 'disabled:')
    const sheet = sheetOf(tree, op.sheet, false)
    sheet.disabled = op.disabled
    sheet.media = op.media
  },
  adopted: (tree, op) => {
    nodeOfKind(tree, op.root, 'document', 'content', 'shadow')
    tree.adopted.set(op.root, op.sheets)
    tree.changes.sheets = true
  },
  asset: (tree, op) => {
    tree.assets.set(op.asset, [op.hash, op.media_type])
    tree.changes.assets = true
  },
  source: (tree, op) => {
    const state = stateOf(tree, op.node)
    if (op.asset) state.source = op.asset
    else delete state.source
  },
  css_asset: (tree, op) => {
    const node = tree.nodes.get(op.owner)
    if (!tree.sheets.has(op.owner) && node?.kind !== 'element') throw new BadOp(`${op.owner} is no sheet and no element`)
    const tokens = tree.cssAssets.get(op.owner) ?? new Map()
    tree.cssAssets.set(op.owner, tokens.set(op.token, op.asset))
    if (node) tree.changes.own.add(node)
    tree.changes.sheets = true
  },
  pointer: (tree, op) => void (tree.pointer = [op.x, op.y]),
  hover: (tree, op) => {
    if (op.node) nodeOfKind(tree, op.node, 'element')
    tree.hover = op.node
    tree.changes.visitor = true
  },
  press: (tree, { node, x, y, kind, button }) => {
    if (node) nodeOfKind(tree, node, 'element')
    tree.press = node ? { node, x, y, kind, button } : null
    tree.changes.visitor = true
  },
  touch: (tree, op) => {
    atMost(op.phase, 2, 'a phase of')
    if (op.phase < 2 && !tree.touches.has(op.finger)) atMost(tree.touches.size + 1, LIMITS.fingers, 'fingers:')
    if (op.phase < 2) tree.touches.set(op.finger, [op.x, op.y])
    else tree.touches.delete(op.finger)
  },
  focus: (tree, op) => {
    if (op.node) nodeOfKind(tree, op.node, 'element')
    tree.focus = op.node
    tree.focusVisible = op.node ? op.visible : 0
    tree.changes.visitor = true
  },
  selection: (tree, { anchor, anchor_offset, focus, focus_offset }) => {
    if (anchor) {
      nodeOf(tree, anchor)
      nodeOf(tree, focus)
    }
    tree.selection = anchor ? { anchor, anchor_offset, focus, focus_offset } : null
    tree.changes.visitor = true
  },
  visibility: (tree, op) => void (tree.visibility = op.state),
}
