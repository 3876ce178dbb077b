// Loaded on demand: images, fonts and style sheets that the page shows go in; the collector gets those that it lacks, once a site, and
// ops say which is which. Everything is fetched without credentials; what can't be read that way is a placeholder in the replay.
import type { Sender } from './batch'
import { OP_ASSET, OP_CSS_ASSET, OP_SOURCE } from './ops'
import type { Field } from './section'
import type { AssetsHeard } from './sink'

export interface AssetsDeps {
  /** With a slash at its end. */
  _collector: string
  _site: string
  _sender(): Sender
  _frame(head: unknown, compression: number, body: Uint8Array): Uint8Array<ArrayBuffer>
  _guard<A extends unknown[], R>(callback: (...args: A) => R): (...args: A) => R | undefined
  _scrub(url: string): string
  _idOf(node: Node | null): number
  _allocate(): number
  _write(code: number, ...fields: Field[]): void
}

export interface Assets extends AssetsHeard {
  /** The text of a style sheet, or null. */
  _fetchText(url: string): Promise<string | null>
  /** The hash of a text that the collector has confirmed to keep. */
  _named(text: string): Uint8Array | undefined
  /** The collector lacks these (hex): they are sent again. */
  _need(hashes: readonly string[]): void
  _stop(): void
}

const MAX_BYTES = 900_000 // a request may have 1 MiB
const MAX_ASSETS = 500
const MAX_AT_ONCE = 4
const MAX_TRIES = 3
const RETRY_MS = 5_000
const TYPES = /^(image|font)\/|^application\/(x-)?font|^text\/css/
/** By ending, where the server does not say. */
const FONT_TYPES: Record<string, string> = { woff2: 'font/woff2', woff: 'font/woff', ttf: 'font/ttf', otf: 'font/otf' }

/** `url(…)` with what stands between the brackets: in double quotes, in single quotes, or plain. */
const CSS_URL = /url\(\s*(?:"((?:[^"\\]|\\[^])*)"|'((?:[^'\\]|\\[^])*)'|((?:[^\s"'()\\]|\\[^])*))\s*\)/gi
/** https://www.w3.org/TR/css-syntax-3/#consume-escaped-code-point */
const CSS_ESCAPE = /\\(?:([0-9a-f]{1,6})\s?|\r?\n|([^]))/gi

interface Content {
  _bytes: Uint8Array<ArrayBuffer>
  _type: string
  _url: string
}

/** The texts between the brackets of each `url()`, escapes resolved, each once. */
export const tokensOf = (css: string): string[] => {
  const tokens = new Set<string>()
  for (const [, double, single, plain] of css.matchAll(CSS_URL)) {
    const token = (double ?? single ?? plain ?? '').replace(CSS_ESCAPE, (_, code?: string, sign?: string) =>
      code ? String.fromCodePoint(Math.min(parseInt(code, 16), 0x10ffff)) : (sign ?? ''),
    )
    if (token && !/^(data:|#)/i.test(token)) tokens.add(token)
  }
  return [...tokens]
}

/** What an element shows, as an absolute URL; empty: nothing, or what its own attribute carries. */
export const shownBy = (element: Element): string => {
  const { currentSrc, src, poster, href, type } = element as Partial<HTMLImageElement & HTMLVideoElement & HTMLInputElement> & {
    href?: SVGAnimatedString
  }
  const tag = element.localName
  if (tag == 'video') return poster ?? ''
  if (tag == 'input') return type == 'image' ? (src ?? '') : ''
  const url = tag == 'img' ? currentSrc || src : href?.baseVal
  return url ? new URL(url, element.baseURI).href : ''
}

const toHex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

export default (deps: AssetsDeps): Assets => {
  const { _guard: guard } = deps
  /** Asset ids by URL without its fragment. */
  const ids = new Map<string, number>()
  const sources = new WeakMap<Element, number>()
  /** Hashes (hex) that the collector has. */
  const known = new Set<string>()
  const contents = new Map<string, () => Promise<Content | null>>()
  const named = new Map<string, Uint8Array>()
  /** Origins that can't be read from here: one refusal each, then no more noise in the page's console. */
  const refused = new Set<string>()
  /** What style sheets name, until the page loads it: most of what a sheet names is never used. */
  const awaited = new Map<string, (() => void)[]>()
  const loaded = new Set<string>()
  const waiting: (() => Promise<void>)[] = []
  let running = 0
  let isStopped = false

  const get = async (url: string): Promise<Response | null> => {
    const { origin, protocol } = new URL(url)
    if (!/^(https?|blob):/.test(protocol) || refused.has(origin)) return null
    try {
      const response = await fetch(url, { credentials: 'omit', cache: 'force-cache' })
      return response.ok ? response : null
    } catch {
      if (origin != location.origin) refused.add(origin)
      return null // not for us to read
    }
  }
  const read = async (url: string): Promise<Content | null> => {
    const response = await get(url)
    if (!response) return null
    const blob = await response.blob()
    const type = blob.type || (FONT_TYPES[/\.(\w+)$/.exec(new URL(url).pathname)?.[1] ?? ''] ?? '')
    if (!TYPES.test(type) || blob.size > MAX_BYTES) return null
    return { _bytes: new Uint8Array(await blob.arrayBuffer()), _type: type, _url: url }
  }
  // Missing on plain http: then nothing can be named by hash.
  const hashOf = async (bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> =>
    new Uint8Array(await crypto.subtle.digest('SHA-256', bytes), 0, 16)

  /** True once the collector has it. */
  const upload = async (hash: Uint8Array, { _bytes, _type, _url }: Content, tries = 1): Promise<boolean> => {
    const { k, s, w } = deps._sender()
    const head = { k, s, w, h: hash, m: _type, u: deps._scrub(_url) }
    const { status } = await fetch(deps._collector + 'v1/asset', {
      method: 'POST',
      body: deps._frame(head, 0, _bytes),
      headers: { 'content-type': 'text/plain' },
      credentials: 'omit',
    }).catch(() => ({ status: 0 }))
    if (status >= 200 && status < 300) return true
    if (isStopped || tries == MAX_TRIES || (status >= 400 && status < 500 && status != 429)) return false
    await new Promise((resume) => setTimeout(resume, RETRY_MS * tries))
    return upload(hash, { _bytes, _type, _url }, tries + 1)
  }
  const ready = fetch(`${deps._collector}v1/known?site=${encodeURIComponent(deps._site)}&path=${encodeURIComponent(location.pathname)}`, {
    credentials: 'omit',
  })
    .then((response) => response.json())
    .then((answer: { contents?: string[] }) => answer.contents?.forEach((hash) => known.add(hash)))
    .catch(() => {}) // then all is new

  const next = (): void => {
    const job = running < MAX_AT_ONCE && !isStopped && waiting.shift()
    if (!job) return
    running++
    job()
      .catch(() => {}) // went away meanwhile
      .finally(() => {
        running--
        next()
      })
    next()
  }
  const archive = (asset: number, url: string): void => {
    waiting.push(async () => {
      await ready
      const content = await read(url)
      if (!content) return
      const hash = await hashOf(content._bytes)
      const hex = toHex(hash)
      contents.set(hex, () => read(url))
      if (!known.has(hex) && !(await upload(hash, content))) return
      known.add(hex)
      if (!isStopped) guard(deps._write)(OP_ASSET, asset, hash, content._type)
    })
    next()
  }
  /** The asset id of a URL; 0: too many. */
  const want = (url: string): number => {
    const key = url.split('#')[0]!
    const id = ids.get(key)
    if (id != null) return id
    const fresh = ids.size < MAX_ASSETS ? deps._allocate() : 0
    ids.set(key, fresh)
    if (fresh) archive(fresh, key)
    return fresh
  }

  const seen = guard((entries: readonly { name: string }[]) => {
    for (const { name } of entries) {
      loaded.add(name)
      awaited.get(name)?.forEach((use) => use())
      awaited.delete(name)
    }
  })
  const observer = new PerformanceObserver((list) => seen(list.getEntries()))
  observer.observe({ type: 'resource', buffered: true })

  return {
    _shown(element) {
      const node = deps._idOf(element)
      const url = shownBy(element)
      if (!node || /^data:/i.test(url)) return
      const asset = url && want(url)
      if (asset === (sources.get(element) ?? '')) return
      sources.set(element, asset || 0)
      deps._write(OP_SOURCE, node, asset || 0)
    },
    _css(owner, text, base) {
      for (const token of tokensOf(text)) {
        let url
        try {
          url = new URL(token, base).href.split('#')[0]!
        } catch {
          continue // not a URL: shows nothing
        }
        const use = (): void => {
          const asset = want(url)
          if (asset) deps._write(OP_CSS_ASSET, owner, token, asset)
        }
        if (loaded.has(url)) use()
        else awaited.set(url, [...(awaited.get(url) ?? []), use])
      }
    },
    async _fetchText(url) {
      await ready
      const response = await get(url)
      if (!response || !/css/.test(response.headers.get('content-type') ?? '')) return null
      const text = await response.text()
      const bytes = new TextEncoder().encode(text)
      const hash = await hashOf(bytes)
      const hex = toHex(hash)
      if (known.has(hex)) named.set(text, hash)
      contents.set(hex, async () => ({ _bytes: bytes, _type: 'text/css', _url: url }))
      return text
    },
    _named: (text) => named.get(text),
    _need(hashes) {
      for (const hex of hashes) {
        waiting.push(async () => {
          const content = await contents.get(hex)?.()
          if (content) await upload(await hashOf(content._bytes), content)
        })
      }
      next()
    },
    _stop() {
      isStopped = true
      observer.disconnect()
    },
  }
}
