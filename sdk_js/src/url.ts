// URLs as the page has them go in; out come URLs that may be recorded: no credentials, no query but campaign and allowed keys.

export type Scrub = (url: string) => string

/**
 * `query`: further keys to keep, separated by spaces. Relative URLs stay relative; what can't be parsed becomes empty. Of schemes like
 * `mailto:`, `tel:`, `javascript:` only the scheme is kept; `data:`, `blob:` and `about:` stand for content and stay.
 */
export const createScrub = (query: string): Scrub => {
  const allowed = query.split(' ')
  return (url) => {
    // As URL parsers do, or a tab within `javascript:` would make it look relative.
    let text = url.replace(/[\t\n\r]|^[\0- ]+|[\0- ]+$/g, '')
    if (/^(data|blob|about):/i.test(text)) return text
    if (/^([a-z][\w+.-]*:|[\\/]{2})/i.test(text)) {
      try {
        const parsed = new URL(text, location.href)
        if (!/^http/.test(parsed.protocol)) return parsed.protocol
        parsed.username = parsed.password = ''
        text = parsed.href
      } catch {
        return '' // not a URL
      }
    }
    const [, path, search, fragment] = /^([^?#]*)\??([^#]*)([^]*)/.exec(text)!
    const kept = search!
      .split('&')
      .filter((pair) => /^utm_/.test(pair) || (/^[^=]/.test(pair) && allowed.includes(pair.split('=')[0]!)))
      .join('&')
    // A fragment with one of these, plain or escaped, carries data (tokens, addresses), not a place in the page.
    return path! + (kept && '?' + kept) + (/[=?&@]|%(3d|3f|26|40)/i.test(fragment!) ? '' : fragment!)
  }
}
