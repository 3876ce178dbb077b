// URLs as the page has them go in; out come URLs that may be recorded: no credentials, no query but campaign and allowed keys.

/** These say nothing about a person, or stand for content of the page itself. */
const KEPT_SCHEME = /^(data|blob|about):/i
/** A fragment with one of these, plain or escaped, carries data (tokens, addresses), not a place in the page. */
const FRAGMENT_DATA = /[=?&@]|%(3d|3f|26|40)/i

export type Scrub = (url: string) => string

/**
 * `query`: further keys to keep, separated by spaces. Relative URLs stay relative; what can't be parsed becomes empty. Of schemes like
 * `mailto:`, `tel:`, `javascript:` only the scheme is kept.
 */
export const createScrub = (query = ''): Scrub => {
  const allowed = query.split(/\s+/).filter(Boolean)
  const isKept = (pair: string): boolean => /^utm_/.test(pair) || allowed.includes(pair.split('=')[0]!)
  return (url) => {
    // As URL parsers do, or a tab within `javascript:` would make it look relative.
    let text = url.replace(/[\t\n\r]|^[\0- ]+|[\0- ]+$/g, '')
    if (KEPT_SCHEME.test(text)) return text
    if (/^([a-z][\w+.-]*:|[\\/]{2})/i.test(text)) {
      try {
        const parsed = new URL(text, 'https://x')
        if (!/^http/.test(parsed.protocol)) return parsed.protocol
        parsed.username = parsed.password = ''
        text = /^\w/.test(text) ? parsed.href : parsed.href.slice(parsed.protocol.length)
      } catch {
        return '' // not a URL
      }
    }
    const [, path, search, fragment] = /^([^?#]*)\??([^#]*)([^]*)$/.exec(text)!
    const kept = search!.split('&').filter(isKept).join('&')
    return path! + (kept && '?' + kept) + (FRAGMENT_DATA.test(fragment!) ? '' : fragment!)
  }
}
