// What each op does to the tree (`replay/FORMAT.md`, "What a reader does"). An op goes in; the tree and its list of changes are
// updated, or, when the op is bad, nothing but the list of damage. Nothing here recurses.
import { BadOp, atMost, nodeOf, nodeOfKind } from './checks.js'
import { OPS, ROOT_ID } from './ops.js'
import { move, put, remove, take, voidSheetOf } from './place.js'
import { LIMITS, isOwnerName } from './tree.js'

/** @typedef {import('./tree.js').Tree} Tree */
/** @typedef {import('./tree.js').TreeNode} TreeNode */
/** @typedef {import('./tree.js').Sheet} Sheet */
/** @typedef {import('./wire.js').Op} Op */

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
 * The state of an element beside its attributes, marked as changed.
 * @param {Tree} tree
 * @param {number} id
 */
const stateOf = (tree, id) => {
  const node = nodeOfKind(tree, id, 'element')
  tree.changes.own.add(node)
  return (node.state ??= {})
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
    const node = nodeOfKind(tree, op.node, 'element')
    const state = stateOf(tree, op.node)
    if (op.asset) state.source = op.asset
    else delete state.source
    if (op.asset) tree.sourced.add(node)
    else tree.sourced.delete(node)
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
