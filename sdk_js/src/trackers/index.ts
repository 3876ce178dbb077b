// Facts besides page views: one document load goes in, its clicks, forms, scroll depth and context come out.
import type { Page } from '../page'
import { trackClicks } from './clicks'
import { sendContext } from './context'
import { trackForms } from './forms'
import { trackScrollDepth } from './scrollDepth'

export const trackFacts = (page: Page): void => {
  sendContext(page)
  trackClicks(page)
  trackForms(page)
  trackScrollDepth(page)
}
