// Scrolling of the window goes in, scroll depth facts come out.
import { OP_SCROLL_DEPTH } from '../ops'
import type { Page } from '../page'

const STEP_PERCENT = 10
const MEASURE_MS = 250

export const trackScrollDepth = ({ _on, _fact, _guard, _atEnd, _url: urlOf }: Page): void => {
  let depth = 0
  let url = ''
  let timer = 0

  const measure = (): void => {
    timer = 0
    if (url != urlOf()) depth = 0 // each page view has a depth of its own
    url = urlOf()
    const percent = Math.min(100, Math.round(((scrollY + innerHeight) / document.documentElement.scrollHeight) * 100))
    if (percent >= Math.min(100, depth + STEP_PERCENT) && percent > depth) _fact([OP_SCROLL_DEPTH, (depth = percent)])
  }
  _on(document, 'scroll', () => {
    timer ||= setTimeout(_guard(measure), MEASURE_MS)
  })
  _atEnd(() => {
    clearTimeout(timer)
    measure()
  })
}
