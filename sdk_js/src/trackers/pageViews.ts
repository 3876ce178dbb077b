// Document loads and client-side routes go in, page view facts come out.
import { OP_PAGE_VIEW } from '../ops'
import { scalars, shorten, type Page, type Scalar } from '../page'
import { patch } from '../patch'

/** Parameters in which ad networks put their click id (gclid, fbclid, msclkid …). That one is there is recorded, by its name; the id itself
 * never is. */
const CLICK_ID = /^(\w+clk?|[gw]bra|li_fat_)id$/
/** A title is set by the page soon after its URL; and a small page is walked by then, so that it comes in the same request. */
const TITLE_MS = 50

const campaignOf = (search: string): Record<string, Scalar> => {
  const campaign: Record<string, Scalar> = {}
  new URLSearchParams(search).forEach((value, key) => {
    if (/^utm_./.test(key)) campaign[key.slice(4)] = value
    if (CLICK_ID.test(key)) campaign.click_id = key
  })
  return scalars(campaign)
}

/** The result tells the scrubbed URL of the page view. */
export const trackPageViews = ({ _fact, _scrub, _guard, _on, _atEnd, _seal }: Omit<Page, '_url'>): (() => string) => {
  let url = ''
  const view = (referrer: string, route: number): void =>
    _fact([OP_PAGE_VIEW, url, () => shorten(document.title), referrer, route, campaignOf(location.search)], TITLE_MS)
  const check = _guard(() => {
    const before = url
    const next = _scrub(location.href)
    if (next == before) return
    _seal()
    url = next
    view(before, 1)
  })

  url = _scrub(location.href)
  const { referrer } = document
  // Of another site nothing but its origin is recorded.
  view(_scrub(referrer.startsWith(location.origin) ? referrer : referrer.split('/', 3).join('/')), 0)

  for (const name of ['pushState', 'replaceState']) _atEnd(patch(History.prototype, name, 'value', check))
  _on(window, 'popstate hashchange', check)
  return () => url
}
