// What holds for a whole document load: timelines and segments go in, out comes what its assets are. What a later segment tells is used for
// earlier moments too.
import { OPS } from './ops.js'

/** @typedef {import('./addresses.js').LoadKnowledge} LoadKnowledge */

const codeOf = (/** @type {string} */ name) => Number(Object.keys(OPS).find((code) => OPS[Number(code)]?.name === name))
const ASSET = codeOf('asset')
const CSS_ASSET = codeOf('css_asset')

export class Knowledge {
  /** @type {Map<number, LoadKnowledge>} */
  loads = new Map()

  /** @param {number} document */
  of(document) {
    const known = this.loads.get(document) ?? { assets: new Map(), cssAssets: new Map() }
    this.loads.set(document, known)
    return known
  }

  /** @param {import('./timeline.js').Timeline} timeline */
  take(timeline) {
    for (const entry of timeline.data.documents) {
      const known = this.of(entry.document)
      for (const [id, asset] of Object.entries(entry.assets)) known.assets.set(Number(id), asset)
      for (const [owner, tokens] of Object.entries(entry.css_assets ?? {})) {
        const css = known.cssAssets.get(Number(owner)) ?? new Map()
        for (const [token, asset] of Object.entries(tokens)) css.set(token, asset)
        known.cssAssets.set(Number(owner), css)
      }
    }
  }

  /**
   * Returns whether anything of it is new.
   * @param {import('./scan.js').ReadSegment} read
   */
  learn(read) {
    const known = this.of(read.entry.document)
    let isNew = false
    for (const op of read.ops) {
      if (op.code === ASSET && !known.assets.has(op['asset'])) {
        known.assets.set(op['asset'], [op['hash'], op['media_type']])
        isNew = true
      } else if (op.code === CSS_ASSET) {
        const tokens = known.cssAssets.get(op['owner']) ?? new Map()
        if (!tokens.has(op['token'])) isNew = true
        known.cssAssets.set(op['owner'], tokens.set(op['token'], op['asset']))
      }
    }
    return isNew
  }
}
