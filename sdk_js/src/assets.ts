// Images, fonts and style sheets that the page shows go in; the collector gets those that it lacks, once a site, and ops say which is
// which. Fetched without credentials; what can't be read that way is a placeholder in the replay.
import type { Sender } from './batch'
import { createDiscovery, type Discovery, type DiscoveryDeps } from './discovery'
import type { Lent } from './lent'
import { OP_ASSET } from './ops'
import type { Scrub } from './url'

export interface AssetsDeps extends Omit<DiscoveryDeps, '_want'>, Pick<Lent, '_frame'> {
  /** With a slash at its end. */
  _collector: string
  _site: string
  _sender(): Sender
  _scrub: Scrub
}

export interface Assets extends Discovery {
  /** The text of a style sheet, or null. */
  _fetchText(url: string): Promise<string | null>
  /** Resolves when it is known whether the collector has this text of a linked style sheet. */
  _prepare(text: string, url: string): Promise<void>
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
/** A browser lists no more loads than these of the time before somebody listens. */
const TIMELINE_SIZE = 250
const TYPES = /^((image|font)\/|application\/((x-)?font|vnd.ms-font))/

interface Content {
  _bytes: Uint8Array<ArrayBuffer>
  _type: string
  _url: string
}

const toHex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

const fromHex = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16))

/** null on plain http: the collector says the hash then. */
const hashOf = async (bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array | null> =>
  (crypto.subtle as SubtleCrypto | undefined) ? new Uint8Array(await crypto.subtle.digest('SHA-256', bytes), 0, 16) : null

/** At most so many jobs at once; those that fail are over. */
const createQueue = (limit: number): ((job: () => Promise<unknown>) => void) => {
  const waiting: (() => Promise<unknown>)[] = []
  let running = 0
  const next = (): void => {
    const job = running < limit && waiting.shift()
    if (!job) return
    running++
    job()
      .catch(() => {}) // the network went away
      .finally(() => {
        running--
        next()
      })
  }
  return (job) => {
    waiting.push(job)
    next()
  }
}

/** Calls back once the page itself has loaded a URL: most of what a style sheet names is never used. */
const createLoads = (): { _when(url: string, use: () => void): void; _stop(): void } => {
  const awaited = new Map<string, () => void>()
  const loaded = new Set<string>()
  const isFull = performance.getEntriesByType('resource').length >= TIMELINE_SIZE
  const observer = new PerformanceObserver((list) => {
    for (const { name } of list.getEntries()) {
      loaded.add(name)
      awaited.get(name)?.()
      awaited.delete(name)
    }
  })
  observer.observe({ type: 'resource', buffered: true })
  return {
    _when(url, use) {
      if (isFull || loaded.has(url)) use()
      else awaited.set(url, use)
    },
    _stop: () => observer.disconnect(),
  }
}

export const createAssets = (deps: AssetsDeps): Assets => {
  const { _collector: collector, _site: site } = deps
  /** Hashes (hex) that the collector has. */
  const known = new Set<string>()
  const contents = new Map<string, () => Promise<Content | null>>()
  const named = new Map<string, Uint8Array>()
  /** The first request to an origin for files with this ending. Where that is refused (CORS, CSP) no other follows: one line in the
   * page's console and one report to its owner, not hundreds. */
  const firsts = new Map<string, Promise<Response | null>>()
  const enqueue = createQueue(MAX_AT_ONCE)
  const loads = createLoads()
  let count = 0
  let isShown = false
  let isStopped = false

  const get = async (url: string): Promise<Response | null> => {
    const { origin, protocol, pathname } = new URL(url)
    const kind = origin + /(\.\w+)?$/.exec(pathname)![0]
    const first = firsts.get(kind)
    if (isStopped || !/^(https?|blob):/.test(protocol) || (first && !(await first))) return null
    const response = fetch(url, { credentials: 'omit', cache: 'force-cache' }).catch(() => null)
    if (!first) firsts.set(kind, response)
    return response.then((found) => (found?.ok ? found : null))
  }
  const read = async (url: string): Promise<Content | null> => {
    const response = await get(url)
    if (!response) return null
    const blob = await response.blob()
    // Servers often don't know fonts: then the ending says.
    const font = /\.(woff2?|[ot]tf)$/i.exec(new URL(url).pathname)
    const type = TYPES.test(blob.type) ? blob.type.split(';')[0]! : font && 'font/' + font[1]!.toLowerCase()
    return type && blob.size <= MAX_BYTES ? { _bytes: new Uint8Array(await blob.arrayBuffer()), _type: type, _url: url } : null
  }
  /** The hash under which the collector has it now; null: it did not take it. */
  const upload = async (hash: Uint8Array | null, content: Content, tries = 1): Promise<string | null> => {
    if (isStopped) return null
    const { _id, _session } = deps._sender()
    const head = { k: _id.k, s: _session, w: _id.w, h: hash, m: content._type, u: deps._scrub(content._url) }
    const response = await fetch(collector + 'v1/asset', {
      method: 'POST',
      body: deps._frame(head, false, content._bytes),
      credentials: 'omit',
    }).catch(() => null)
    if (response?.ok) return ((await response.json()) as { hash: string }).hash
    if (tries == MAX_TRIES || (response && response.status < 500 && response.status != 429)) return null
    await new Promise((resume) => setTimeout(resume, RETRY_MS * tries))
    return upload(hash, content, tries + 1)
  }
  const ready = fetch(`${collector}v1/known?` + new URLSearchParams({ site, path: location.pathname }), {
    credentials: 'omit',
  })
    .then((response) => response.json())
    .then((answer: { contents?: string[] }) => answer.contents?.forEach((hash) => known.add(hash)))
    .catch(() => {}) // then all is new

  const archive = async (asset: number, url: string): Promise<void> => {
    await ready
    const content = await read(url)
    if (!content) return
    const hash = await hashOf(content._bytes)
    let hex = hash && toHex(hash)
    if (!hex || !known.has(hex)) hex = await upload(hash, content)
    if (!hex || isStopped) return
    known.add(hex)
    contents.set(hex, () => read(url))
    deps._write(OP_ASSET, asset, fromHex(hex), content._type)
  }
  const discovery = createDiscovery({
    ...deps,
    _want(asset, url) {
      if (count++ > MAX_ASSETS) return
      const use = (): void => enqueue(() => archive(asset, url))
      if (isShown) use()
      else loads._when(url.split('#')[0]!, use)
    },
  })

  const prepare = async (text: string, url: string): Promise<void> => {
    await ready
    const bytes = new TextEncoder().encode(text)
    const hash = await hashOf(bytes)
    if (!hash) return
    const hex = toHex(hash)
    if (known.has(hex)) named.set(text, hash)
    contents.set(hex, async () => ({ _bytes: bytes, _type: 'text/css', _url: url }))
  }

  return {
    _css: discovery._css,
    _shown(element) {
      isShown = true
      discovery._shown(element)
      isShown = false
    },
    async _fetchText(url) {
      await ready
      const response = await get(url)
      if (!response || !/css/.test(response.headers.get('content-type') ?? '')) return null
      const text = await response.text()
      await prepare(text, url)
      return text
    },
    _prepare: prepare,
    _named: (text) => named.get(text),
    _need(hashes) {
      for (const hex of hashes) {
        enqueue(async () => {
          const content = await contents.get(hex)?.()
          if (content) await upload(await hashOf(content._bytes), content)
        })
      }
    },
    _stop() {
      isStopped = true
      loads._stop()
    },
  }
}
