// What is recorded beside the tree: nodes that the receiver knows go in, ops that say how they look and what the visitor does come out.
import { createAssets, type Assets, type AssetsDeps } from './assets'
import type { Late, LateDeps, Root } from './sink'
import { createState } from './state'
import { createStyles } from './styles'
import { createVisitor } from './visitor'

export type LateParts = Late & Pick<Assets, '_named' | '_need'>

export const createLate = (deps: AssetsDeps & LateDeps): LateParts => {
  const assets = createAssets(deps)
  const styles = createStyles(deps, assets)
  const parts = [styles, createState(deps), createVisitor(deps)] as const
  const [, state] = parts
  const known = new WeakSet<Root>()
  return {
    _named: assets._named,
    _need: assets._need,
    _isBusy: styles._isBusy,
    _root(root) {
      styles._adopt(root)
      if (known.has(root)) return
      known.add(root)
      for (const part of parts) part._root(root)
    },
    _flush() {
      for (const part of parts) part._flush()
    },
    _poll() {
      styles._poll()
      state._poll()
    },
    _reset() {
      for (const part of parts) part._reset()
    },
    _element(element) {
      state._element(element)
      styles._owner(element)
      assets._shown(element)
      assets._css(deps._idOf(element), element.getAttribute('style') ?? '', element.baseURI)
    },
    _stop() {
      styles._stop()
      assets._stop()
    },
  }
}
