// Part of the script that is loaded on demand. What may show an asset goes in, ops that say which asset it shows come out.
import { OP_CSS_ASSET, OP_SOURCE } from './ops'
import type { LateDeps } from './sink'

// CSS Syntax 3: url( with a string, or a url token.
const URL_TOKEN = /url\(\s*(?:"((?:[^"\\\n]|\\[^])*)"|'((?:[^'\\\n]|\\[^])*)'|((?:[^\s()"'\\]|\\[^])*))\s*\)/gi
/** What needs no asset: it stands in the text itself, or names a part of the page. */
const NO_ASSET = /^(data:|#|about:|$)/i

/** The text between the brackets of url(), escapes resolved. */
const unescape = (token: string): string =>
  token.replace(/\\(?:([\da-f]{1,6})\s?|\n|([^]))/gi, (_, hex?: string, char?: string) =>
    hex ? String.fromCodePoint(Math.min(parseInt(hex, 16) || 0xfffd, 0x10ffff)) : (char ?? ''),
  )

/** The tokens of all `url()` in a text. */
export const tokensOf = (text: string): string[] =>
  [...text.matchAll(URL_TOKEN)].map(([, a, b, c]) => unescape(a ?? b ?? c ?? '')).filter((token) => !NO_ASSET.test(token))

/** The URL of what an element shows now; empty: nothing (yet). */
export const shownBy = (element: Element): string => {
  const image = element as HTMLImageElement
  const tag = element.localName
  if (tag == 'img') return image.complete && image.naturalWidth ? image.currentSrc : ''
  if (tag == 'video') return (element as HTMLVideoElement).poster
  if (tag == 'input') return (element as HTMLInputElement).type == 'image' ? image.src : ''
  const href = element.getAttribute('href') ?? element.getAttribute('xlink:href') ?? ''
  return NO_ASSET.test(href) ? '' : new URL(href, element.baseURI).href
}

export interface DiscoveryDeps extends Pick<LateDeps, '_idOf' | '_allocate' | '_write'> {
  /** This asset is at this URL: fetch, hash, upload and announce it. */
  _want(asset: number, url: string): void
}

export interface Discovery {
  /** This element may show another image than before (img, video, input, SVG image and use). */
  _shown(element: Element): void
  /** CSS belongs to `owner` (id of a sheet or of an element with a style attribute); `base`: what its URLs are relative to. */
  _css(owner: number, text: string, base: string): void
}

/** Gives every URL that is shown an asset id, and says who shows it. */
export const createDiscovery = ({ _idOf: idOf, _allocate: allocate, _write: write, _want: want }: DiscoveryDeps): Discovery => {
  const assets = new Map<string, number>()
  const sources = new Map<number, number>()
  const tokens = new Map<number, Set<string>>()

  const assetOf = (url: string): number => {
    let asset = assets.get(url)
    if (!asset) {
      assets.set(url, (asset = allocate()))
      want(asset, url)
    }
    return asset
  }

  return {
    _shown(element) {
      if (!/^(img|image|use|video|input)$/.test(element.localName)) return
      const id = idOf(element)
      const url = shownBy(element)
      if (!id || /^data:/i.test(url)) return
      const [file] = element.localName == 'use' ? url.split('#') : [url]
      const asset = file ? assetOf(file) : 0
      if ((sources.get(id) ?? 0) == asset) return
      sources.set(id, asset)
      write(OP_SOURCE, id, asset)
    },
    _css(owner, text, base) {
      if (!owner || !text.includes('url(')) return
      let sent = tokens.get(owner)
      if (!sent) tokens.set(owner, (sent = new Set()))
      for (const token of tokensOf(text)) {
        if (sent.has(token)) continue
        sent.add(token)
        try {
          write(OP_CSS_ASSET, owner, token, assetOf(new URL(token, base).href))
        } catch {
          // no valid URL: the browser loads nothing either
        }
      }
    },
  }
}
