// Where stored copies lie: a node, or a token in a style sheet, goes in; out comes the address of the copy, as the tree and all that is known of
// the document load tell it.

/** @typedef {import('./tree.js').Tree} Tree */
/** @typedef {import('./tree.js').TreeNode} TreeNode */

/**
 * What holds for a whole document load, beyond the state at one moment.
 * @typedef {object} LoadKnowledge
 * @property {Map<number, [hash: string, mediaType: string]>} assets
 * @property {Map<number, Map<string, number>>} cssAssets owner → token → asset
 */

export class Addresses {
  /**
   * @param {() => Tree} tree
   * @param {(hash: string) => string} address of a stored copy
   */
  constructor(tree, address) {
    this.tree = tree
    this.address = address
    /** @type {LoadKnowledge} */
    this.knowledge = { assets: new Map(), cssAssets: new Map() }
    /** Addresses of pictures that style sheets name. @type {Set<string>} */
    this.pictures = new Set()
  }

  /** @param {number} id */
  assetOf(id) {
    return this.tree().assets.get(id) ?? this.knowledge.assets.get(id)
  }

  /**
   * @param {TreeNode} node
   * @param {'picture'|'film'|'any'} what
   */
  source(node, what) {
    const asset = this.assetOf(node.state?.source ?? 0)
    if (!asset) return null
    const isPicture = !/^(?:video|audio)\//.test(asset[1])
    return what === 'any' || isPicture === (what === 'picture') ? this.address(asset[0]) : null
  }

  /**
   * @param {number} owner
   * @param {string} token
   */
  css(owner, token) {
    const id = this.tree().cssAssets.get(owner)?.get(token) ?? this.knowledge.cssAssets.get(owner)?.get(token)
    const asset = id === undefined ? undefined : this.assetOf(id)
    if (!asset) return null
    const address = this.address(asset[0])
    if (asset[1].startsWith('image/')) this.pictures.add(address)
    return address
  }

  /** Posters, pictures in SVG and on buttons, pictures in style sheets. @returns {Generator<string>} */
  *otherPictures() {
    for (const node of this.tree().sourced) {
      const address = node.name !== 'img' ? this.source(node, 'picture') : null
      if (address) yield address
    }
    yield* this.pictures
  }
}
