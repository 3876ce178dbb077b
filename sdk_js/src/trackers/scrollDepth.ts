// Scrolling of the window goes in, scroll depth facts come out.
import { listen, type Stop, type TrackerDeps } from '../facts'
import { OP_SCROLL_DEPTH } from '../ops'

const STEP_PERCENT = 10
const MEASURE_MS = 250

export const trackScrollDepth = ({ _sink, _clock, _guard, _beforeLeave }: TrackerDeps, url: () => string): Stop => {
  let depth = 0
  let page = ''
  let cancel: Stop | undefined

  const measure = (): void => {
    cancel = undefined
    if (page != url()) {
      page = url()
      depth = 0
    }
    const height = document.documentElement.scrollHeight
    const percent = height && Math.min(100, Math.round(((scrollY + innerHeight) / height) * 100))
    if (percent >= depth + STEP_PERCENT || (percent == 100 && depth < 100)) {
      depth = percent
      _sink._fact([OP_SCROLL_DEPTH, percent])
    }
  }
  const stop = listen(
    document,
    'scroll',
    _guard(() => {
      cancel ??= _clock._later(_guard(measure), MEASURE_MS)
    }),
  )
  _beforeLeave(measure)
  return () => {
    cancel?.()
    stop()
  }
}
