// What an op may name: a tree and an id or a number go in, out comes the node or the number, or a BadOp.

/** @typedef {import('./tree.js').Tree} Tree */

/** An op that does not fit the tree. */
export class BadOp extends Error {}

/**
 * @param {Tree} tree
 * @param {number} id
 */
export const nodeOf = (tree, id) => {
  const node = tree.nodes.get(id)
  if (!node) throw new BadOp(`unknown node ${id}`)
  return node
}

/**
 * @param {Tree} tree
 * @param {number} id
 * @param {...import('./tree.js').NodeKind} kinds
 */
export const nodeOfKind = (tree, id, ...kinds) => {
  const node = nodeOf(tree, id)
  if (!kinds.includes(node.kind)) throw new BadOp(`node ${id} is no ${kinds.join(' or ')}`)
  return node
}

/**
 * @param {number} value
 * @param {number} most
 * @param {string} what
 */
export const atMost = (value, most, what) => {
  if (value > most) throw new BadOp(`${what} ${value} is beyond ${most}`)
  return value
}
