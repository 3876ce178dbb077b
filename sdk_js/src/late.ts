// Style sheets and assets of one document load: nodes that the receiver knows go in, ops that say how they look come out.
import { createAssets, type Assets, type AssetsDeps } from './assets'
import type { Late } from './sink'
import { createStyles, type StylesDeps } from './styles'

export type LateParts = Late & Pick<Assets, '_named' | '_need'>

export const createLate = (deps: AssetsDeps & StylesDeps): LateParts => {
  const assets = createAssets(deps)
  const styles = createStyles(deps, assets)
  return {
    ...styles,
    _named: assets._named,
    _need: assets._need,
    _element(element) {
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
