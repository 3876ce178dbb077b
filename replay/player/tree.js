// The recorded page as a tree of plain objects: ops change it (`reduce.js`), the view draws it, `dump.js` prints it. The mirror of
// `replay/tree.py`; `tests/vectors/` pin both. Children are linked, so an op costs the same in a list of ten and of ten thousand.
import { ROOT_ID } from './ops.js'

export const LIMITS = { nodes: 500_000, depth: 4096, attributes: 512, edits: 100_000, looseSheets: 10_000, fingers: 32, damage: 1000 }

/** @typedef {'document'|'element'|'text'|'shadow'|'content'} NodeKind */

export class TreeNode {
  /**
   * @param {number} id
   * @param {NodeKind} kind
   * @param {string} name
   * @param {Map<string, string>|null} attrs never changed in place: whoever compares two states compares references first
   * @param {string} text
   * @param {number} mode
   */
  constructor(id, kind, name, attrs, text, mode) {
    this.id = id
    this.kind = kind
    this.name = name
    this.attrs = attrs
    this.text = text
    this.mode = mode
    /** @type {TreeNode|null} */
    this.parent = null
    /** @type {TreeNode|null} */
    this.prev = null
    /** @type {TreeNode|null} */
    this.next = null
    /** @type {TreeNode|null} */
    this.first = null
    /** @type {TreeNode|null} */
    this.last = null
    /** @type {TreeNode|null} */
    this.shadow = null
    /** @type {TreeNode|null} */
    this.content = null
    /** @type {NodeState|null} */
    this.state = null
  }
}

/**
 * What an element has beside its attributes. Most have nothing.
 * @typedef {object} NodeState
 * @property {string} [value]
 * @property {number} [checked] 0 to 3
 * @property {number[]} [selected]
 * @property {[number, number]} [scroll]
 * @property {[number, number, number]} [block] width, height, reason
 * @property {number} [source] asset id
 */

/** @typedef {{name: 'rule_insert'|'rule_delete'|'rule_style'|'rule_selector', path: number[], text: string}} RuleEdit */
/**
 * A style sheet. `text` null: the child texts of its owner. `edits` only grows; a new text begins a new sheet.
 * @typedef {object} Sheet
 * @property {string|null} text
 * @property {string} base
 * @property {RuleEdit[]} edits
 * @property {number|null} disabled null before a sheet_state
 * @property {string|null} media
 */
/** @typedef {{width_px: number, height_px: number, dpr_percent: number, zoom_percent: number, zoom_x: number, zoom_y: number}} Viewport */
/** @typedef {{node: number, x: number, y: number, kind: number, button: number}} Press */
/** @typedef {{anchor: number, anchor_offset: number, focus: number, focus_offset: number}} SelectionState */

/** What changed since the view last looked. */
export class Changes {
  constructor() {
    /** Nothing of before holds: compare everything. */
    this.all = false
    /** Elements and texts with another attribute, text or state. @type {Set<TreeNode>} */
    this.own = new Set()
    /** Nodes whose child list changed. @type {Set<TreeNode>} */
    this.children = new Set()
    /** Ids of nodes that were removed. @type {Set<number>} */
    this.gone = new Set()
    /** Style sheets, their order or what their addresses stand for. */
    this.sheets = false
    /** What an asset id stands for. */
    this.assets = false
    /** Top layer. */
    this.layers = false
    /** Pointer state that shows in the page, focus or selection. */
    this.visitor = false
    /** Viewport or media features. */
    this.device = false
    /** Scroll offsets. */
    this.scroll = false
  }
}

/** The state of one document load. */
export class Tree {
  /** The document; before the first `document` op no node is known, this one neither. */
  root = new TreeNode(ROOT_ID, 'document', '', null, '', 0)
  hasDocument = false
  /** @type {Map<number, TreeNode>} */
  nodes = new Map()
  /** Elements that can own a style sheet. @type {Set<TreeNode>} */
  owners = new Set()
  /** @type {Map<number, Sheet>} */
  sheets = new Map()
  /** What an asset id stands for. @type {Map<number, [hash: string, mediaType: string]>} */
  assets = new Map()
  /** Owner → token → asset id. @type {Map<number, Map<string, number>>} */
  cssAssets = new Map()
  /** @type {Map<number, number[]>} */
  adopted = new Map()
  /** In the order of entering: id → layer. @type {Map<number, number>} */
  topLayer = new Map()
  /** Elements that show a stored copy. @type {Set<TreeNode>} */
  sourced = new Set()
  /** Elements and documents with a scroll offset. @type {Set<TreeNode>} */
  scrolled = new Set()
  /** @type {Viewport|null} */
  viewport = null
  environment = 0
  /** @type {[number, number]|null} */
  pointer = null
  hover = 0
  /** @type {Press|null} */
  press = null
  /** @type {Map<number, [number, number]>} */
  touches = new Map()
  focus = 0
  focusVisible = 0
  /** @type {SelectionState|null} */
  selection = null
  /** @type {number|null} */
  visibility = null
  /** Bad ops: the first ones in words, and how many there were. @type {string[]} */
  damage = []
  damageCount = 0
  changes = new Changes()

  /**
   * Forgets everything but the damage; the document is empty.
   * @param {number} mode
   */
  clear(mode) {
    const { damage, damageCount } = this
    Object.assign(this, new Tree(), { damage, damageCount, hasDocument: true })
    this.root.mode = mode
    this.nodes.set(ROOT_ID, this.root)
    this.changes.all = true
  }

  /** Takes what changed; from here on changes count anew. */
  takeChanges() {
    const taken = this.changes
    this.changes = new Changes()
    return taken
  }

  /** @param {string} message */
  note(message) {
    this.damageCount++
    if (this.damage.length < LIMITS.damage) this.damage.push(message)
  }
}

/**
 * Is the node in the document, or in something that was taken out of it?
 * @param {TreeNode} node
 */
export const isAttached = (node) => {
  let top = node
  while (top.parent) top = top.parent
  return top.kind === 'document'
}

/**
 * A node and all below it, parents first: under an element its shadow root, its content document, then its children.
 * @param {TreeNode} top
 * @returns {Generator<TreeNode>}
 */
export function* preorder(top) {
  const stack = [top]
  for (let node = stack.pop(); node; node = stack.pop()) {
    yield node
    for (let child = node.last; child; child = child.prev) stack.push(child)
    if (node.content) stack.push(node.content)
    if (node.shadow) stack.push(node.shadow)
  }
}

/**
 * The text of a style element's children.
 * @param {TreeNode} node
 */
export const childText = (node) => {
  let text = ''
  for (let child = node.first; child; child = child.next) if (child.kind === 'text') text += child.text
  return text
}

/** @param {string} name as recorded */
export const isOwnerName = (name) => name === 'style' || name === 'link' || name === '/svg/style'
