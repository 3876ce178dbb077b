// What a frame changed, in a few words: its ops and the tree behind them go in, out come the changed nodes and what is to be said of them.
import { OPS } from './ops.js'
import { STEPS } from './scan.js'

/** @typedef {import('./tree.js').Tree} Tree */
/** @typedef {import('./tree.js').TreeNode} TreeNode */
/** @typedef {import('./wire.js').Op} Op */
/** What was changed, `node` 0: nothing that can be pointed at. `of`: the kind of thing, in words that take an s. @typedef {{node: number, of: string, name: string, verb: string}} Change */
/** @typedef {(op: Op, tree: Tree) => Change[]} Teller */

const MAX_NAMED = 3
const MAX_TEXT = 32
const MAX_TEXT_NODES = 40

/** @type {Record<string, string>} */
const THINGS = {
  a: 'link', button: 'button', summary: 'button', img: 'picture', picture: 'picture', '/svg/svg': 'drawing', canvas: 'drawing', video: 'video',
  input: 'field', textarea: 'field', select: 'choice', option: 'option', label: 'label', form: 'form', p: 'paragraph', li: 'item', ul: 'list',
  ol: 'list', table: 'table', tr: 'row', td: 'cell', th: 'cell', h1: 'heading', h2: 'heading', h3: 'heading', h4: 'heading', h5: 'heading',
  h6: 'heading', dialog: 'dialog', iframe: 'frame', body: 'page', html: 'page',
}

/** @param {TreeNode} node */
const thingOf = (node) => {
  const type = node.name === 'input' ? (node.attrs?.get('type') ?? '').toLowerCase() : ''
  if (type === 'submit' || type === 'button') return 'button'
  if (type === 'checkbox' || type === 'radio') return 'box'
  if (node.name.startsWith('/svg/')) return 'drawing'
  return Object.hasOwn(THINGS, node.name) ? (THINGS[node.name] ?? 'area') : 'area'
}

/** @param {TreeNode} node */
const textOf = (node) => {
  let text = ''
  const stack = [node]
  for (let at = stack.pop(), left = MAX_TEXT_NODES; at && left > 0 && text.length <= MAX_TEXT; at = stack.pop(), left--) {
    if (at.kind === 'text') text += ` ${at.text.slice(0, 200).trim()}`
    else if (at.name !== 'style' && at.name !== 'script') for (let child = at.last; child; child = child.prev) stack.push(child)
  }
  return text.replace(/\s+/g, ' ').trim()
}

/** @param {TreeNode} node */
const nameOf = (node) => {
  const thing = thingOf(node)
  if (thing === 'page') return 'the page'
  const words = node.attrs?.get('aria-label') || node.attrs?.get('alt') || (/^(?:field|choice|box|form)$/.test(thing) ? node.attrs?.get('name') : '') || textOf(node)
  return words ? `${thing} “${words.length > MAX_TEXT ? `${words.slice(0, MAX_TEXT).trim()}…` : words}”` : thing
}

/**
 * @param {Tree} tree
 * @param {number} id
 * @param {string} verb
 * @returns {Change[]}
 */
const about = (tree, id, verb) => {
  let node = tree.nodes.get(id)
  while (node && node.kind !== 'element') node = node.parent ?? undefined
  return node ? [{ node: node.id, of: thingOf(node), name: nameOf(node), verb }] : []
}

/**
 * @param {string} name
 * @param {string} verb
 * @returns {Change[]}
 */
const plain = (name, verb = '') => [{ node: 0, of: '', name, verb }]

/** @type {Teller} */
const styles = () => plain('styles', 'changed')

/** @type {Teller} */
const added = (op, tree) => {
  /** @type {import('./wire.js').NewNode[]} */
  const run = op['run']
  const tops = run.flatMap((fresh, index) => (fresh.parent < 0 && fresh.kind === 'element' ? [op['first_id'] + index] : []))
  const shown = tops.filter((id) => !/^(?:style|link|script|meta|title)$/.test(tree.nodes.get(id)?.name ?? ''))
  if (tops.length > shown.length && shown.length === 0) return styles(op, tree)
  return shown.length > 0 ? shown.flatMap((id) => about(tree, id, 'added')) : about(tree, op['parent'], 'has new text')
}

/** @type {Record<string, Teller>} */
const TELLERS = {
  document: () => plain('a new page'),
  put: added,
  move: (op, tree) => about(tree, op['node'], 'moved'),
  remove: () => [{ node: 0, of: 'part', name: 'a part', verb: 'removed' }],
  set_text: (op, tree) => about(tree, op['node'], 'has new text'),
  attr: (op, tree) => about(tree, op['node'], /^(?:class|style)$/.test(op['name']) ? 'looks different' : `changed its ${String(op['name']).slice(0, 24)}`),
  attr_remove: (op, tree) => about(tree, op['node'], `lost its ${String(op['name']).slice(0, 24)}`),
  field_value: (op, tree) => about(tree, op['node'], 'filled in'),
  checked: (op, tree) => about(tree, op['node'], op['state'] % 2 === 1 ? 'ticked' : 'unticked'),
  selected: (op, tree) => about(tree, op['node'], 'chosen'),
  top_layer: (op, tree) => about(tree, op['node'], op['layer'] > 0 ? 'opened' : 'closed'),
  scroll: (op, tree) => (tree.nodes.get(op['node'])?.kind === 'element' ? about(tree, op['node'], 'scrolled') : plain('page', 'scrolled')),
  viewport: (op) => plain(`window is ${op['width_px']} × ${op['height_px']}`),
  environment: () => plain('device settings', 'changed'),
  block: (op, tree) => about(tree, op['node'], 'withheld'),
  sheet: styles,
  rule_insert: styles,
  rule_delete: styles,
  rule_style: styles,
  rule_selector: styles,
  sheet_state: styles,
  adopted: styles,
  source: (op, tree) => about(tree, op['node'], 'loaded'),
  css_asset: () => plain('a picture', 'loaded'),
  press: (op, tree) => (op['node'] ? about(tree, op['node'], 'pressed') : plain('button', 'released')),
  touch: (op) => plain(op['phase'] === 2 ? 'finger up' : 'finger moved'),
  focus: (op, tree) => (op['node'] ? about(tree, op['node'], 'has the focus') : plain('focus', 'left')),
  selection: () => plain('selection', 'changed'),
  pointer: () => plain('pointer', 'moved'),
  hover: (op, tree) => (op['node'] ? about(tree, op['node'], 'under the pointer') : []),
}

/**
 * @param {Op[]} ops
 * @param {Tree} tree behind them
 * @returns {Change[]} each node and verb once
 */
export const changesOf = (ops, tree) => {
  /** @type {Map<string, Change>} */
  const changes = new Map()
  let removed = 0
  // What the visitor's hand did meanwhile is told only where nothing else happened.
  const told = ops.some((op) => STEPS.has(op.code)) ? ops.filter((op) => STEPS.has(op.code)) : ops
  for (const op of told) {
    const name = OPS[op.code]?.name ?? ''
    const tell = Object.hasOwn(TELLERS, name) ? TELLERS[name] : undefined
    for (const change of tell?.(op, tree) ?? []) changes.set(change.verb === 'removed' ? `${removed++}` : `${change.node} ${change.name} ${change.verb}`, change)
  }
  return [...changes.values()]
}

/**
 * `button “Buy” looks different · 12 items added`
 * @param {Change[]} changes
 */
export const changeWords = (changes) => {
  /** @type {Map<string, Change[]>} */
  const groups = new Map()
  for (const change of changes) {
    const key = `${change.of} ${change.of ? '' : change.name} ${change.verb}`
    groups.set(key, [...(groups.get(key) ?? []), change])
  }
  const parts = [...groups.values()].flatMap((group) => {
    const [first] = group
    if (!first) return []
    if (group.length > 2) return [`${group.length} ${plural(first.of)} ${first.verb}`]
    return group.map(sentence)
  })
  const rest = parts.length - MAX_NAMED
  return capital([...parts.slice(0, MAX_NAMED), ...(rest > 0 ? [`${rest} more`] : [])].join(' · '))
}

/** @param {Change} change */
export const sentence = ({ name, verb }) => `${name} ${verb}`.trim()

/** @param {string} thing */
const plural = (thing) => (thing.endsWith('x') ? `${thing}es` : `${thing}s`)

/** @param {string} text */
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1)
