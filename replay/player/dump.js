// The dump of a tree, as `tests/vectors/README.md` describes it: a tree goes in, plain JSON comes out.
import { preorder } from './tree.js'

/** @typedef {import('./tree.js').Tree} Tree */
/** @typedef {import('./tree.js').TreeNode} TreeNode */

/** @param {TreeNode} node */
const dumpNode = (node) => {
  const place = [node.id, node.parent?.id ?? 0, node.kind]
  if (node.kind === 'element') return [...place, node.name, Object.fromEntries(node.attrs ?? [])]
  if (node.kind === 'text') return [...place, node.text]
  return node.kind === 'shadow' ? place : [...place, node.mode]
}

/** @param {Tree} tree */
const dumpNodes = (tree) => {
  const taken = [...tree.nodes.values()]
    .filter((node) => !node.parent && node !== tree.root)
    .sort((a, b) => a.id - b.id)
  // Before the first document op no node is known.
  const tops = tree.hasDocument ? [tree.root, ...taken] : []
  return tops.flatMap((top) => [...preorder(top)].map((node) => dumpNode(node)))
}

/**
 * @param {Tree} tree
 * @param {'value'|'checked'|'selected'|'scroll'|'block'|'source'} key
 */
const dumpState = (tree, key) => {
  /** @type {Record<string, unknown>} */
  const found = {}
  for (const [id, { state }] of tree.nodes) if (state?.[key] !== undefined) found[id] = state[key]
  return found
}

/** @param {Tree} tree */
const dumpSheets = (tree) =>
  Object.fromEntries(
    [...tree.sheets].map(([id, { text, base, edits, disabled, media }]) => [
      id,
      {
        text,
        base,
        edits: edits.map((edit) => (edit.name === 'rule_delete' ? [edit.name, edit.path] : [edit.name, edit.path, edit.text])),
        ...(disabled === null ? {} : { disabled, media }),
      },
    ]),
  )

/** @param {Tree} tree */
const dumpCssAssets = (tree) =>
  [...tree.cssAssets]
    .flatMap(([owner, tokens]) => [...tokens].map(([token, asset]) => /** @type {const} */ ([owner, token, asset])))
    .sort((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0))

/** @param {unknown} value */
const isEmpty = (value) =>
  value === null || value === 0 || (typeof value === 'object' && Object.keys(/** @type {object} */ (value)).length === 0)

/**
 * @param {Tree} tree
 * @returns {Record<string, unknown>}
 */
export const dumpTree = (tree) => {
  const { viewport, press, selection } = tree
  const dump = {
    nodes: dumpNodes(tree),
    values: dumpState(tree, 'value'),
    checked: dumpState(tree, 'checked'),
    selected: dumpState(tree, 'selected'),
    top_layer: [...tree.topLayer],
    scroll: dumpState(tree, 'scroll'),
    blocks: dumpState(tree, 'block'),
    sources: dumpState(tree, 'source'),
    sheets: dumpSheets(tree),
    adopted: Object.fromEntries(tree.adopted),
    assets: Object.fromEntries(tree.assets),
    css_assets: dumpCssAssets(tree),
    viewport: viewport && [viewport.width_px, viewport.height_px, viewport.dpr_percent, viewport.zoom_percent, viewport.zoom_x, viewport.zoom_y],
    environment: tree.environment,
    pointer: tree.pointer,
    hover: tree.hover,
    press: press && [press.node, press.x, press.y, press.kind, press.button],
    touches: Object.fromEntries(tree.touches),
    focus: tree.focus ? [tree.focus, tree.focusVisible] : null,
    selection: selection && [selection.anchor, selection.anchor_offset, selection.focus, selection.focus_offset],
  }
  const found = Object.fromEntries(Object.entries(dump).filter(([, value]) => !isEmpty(value)))
  return tree.visibility === null ? found : { ...found, visibility: tree.visibility }
}
