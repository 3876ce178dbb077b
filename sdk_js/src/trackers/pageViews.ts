// Document loads and client-side routes go in, page view facts come out.
import { shorten, type Scalar, type Stop, type TrackerDeps } from '../facts'
import { OP_PAGE_VIEW } from '../ops'
import { listen } from '../facts'

/** Networks by the parameter in which they put their click id. The id itself is never recorded. */
const CLICK_IDS: Record<string, string> = {
  gclid: 'google',
  gbraid: 'google',
  wbraid: 'google',
  fbclid: 'meta',
  msclkid: 'microsoft',
  ttclid: 'tiktok',
  twclid: 'x',
  li_fat_id: 'linkedin',
}
/** A route's title is set by the page soon after its URL. */
const TITLE_MS = 100

const campaignOf = (search: string): Record<string, Scalar> => {
  const campaign: Record<string, Scalar> = {}
  new URLSearchParams(search).forEach((value, key) => {
    if (/^utm_./.test(key)) campaign[shorten(key.slice(4), 100)] = shorten(value)
    else if (CLICK_IDS[key]) campaign.click_id = CLICK_IDS[key]
  })
  return campaign
}

export interface PageViews {
  /** The scrubbed URL of the page view. */
  _url(): string
  _stop: Stop
}

export const trackPageViews = ({ _sink, _clock, _scrub, _guard, _beforeLeave }: TrackerDeps): PageViews => {
  const here = (): string => shorten(_scrub(location.href), 2_000)
  let url = here()
  let previous = ''
  /** The route whose title is awaited. */
  let cancel: Stop | undefined
  let isStopped = false

  const view = (referrer: string, route: number): void =>
    _sink._fact([OP_PAGE_VIEW, url, shorten(document.title, 500), referrer, route, campaignOf(location.search)], true)
  const settle = (): void => {
    if (cancel) {
      cancel()
      cancel = undefined
      view(previous, 1)
    }
  }
  const check = _guard(() => {
    const now = here()
    if (isStopped || now == url) return
    settle()
    previous = url
    url = now
    cancel = _clock._later(_guard(settle), TITLE_MS)
  })

  const undo = (['pushState', 'replaceState'] as const).map((name) => {
    const native = history[name]
    const wrapper = function (this: History, ...args: Parameters<History['pushState']>): void {
      native.apply(this, args)
      check()
    }
    history[name] = wrapper
    return () => {
      // Someone may have wrapped ours: then it stays, and only passes through.
      if (history[name] == wrapper) history[name] = native
    }
  })
  undo.push(listen(window, 'popstate hashchange', check))
  _beforeLeave(settle)

  const { referrer } = document
  // Of another site nothing but its origin is recorded.
  view(referrer.startsWith(location.origin + '/') ? shorten(_scrub(referrer), 2_000) : referrer.replace(/^(\w+:\/\/[^/?#]*)[^]*/, '$1/'), 0)
  return {
    _url: () => url,
    _stop() {
      isStopped = true
      cancel?.()
      undo.forEach((stop) => stop())
    },
  }
}
