// Callbacks go in; out come callbacks that never throw into the page, whose cost is counted and that do nothing after giving up.

/** This share of the main thread may be taken in a window; two windows in a row above it and the guard gives up. */
const MAX_SHARE = 0.1
const WINDOW_MS = 10_000
/** One broken page structure may fail a few times; more than this is a fault that will not go away. */
const MAX_ERRORS = 20

export type Guard = <A extends unknown[], R>(callback: (...args: A) => R) => (...args: A) => R | undefined

/** `giveUp` is called once, with the reason; from then on every guarded callback does nothing. */
export const createGuard = (giveUp: (reason: unknown) => void): Guard => {
  let isOver = false
  let depth = 0
  let errors = 0
  let costMs = 0
  let windowStart = 0
  let wasHot = false

  const end = (reason: unknown): void => {
    isOver = true
    giveUp(reason)
  }
  return (callback) =>
    (...args) => {
      if (isOver) return
      const start = performance.now()
      depth++
      try {
        return callback(...args)
      } catch (error) {
        if (++errors > MAX_ERRORS) end(error)
        return
      } finally {
        if (!--depth) {
          const t = performance.now()
          costMs += t - start
          if (t - windowStart > WINDOW_MS) {
            const isHot = costMs > MAX_SHARE * (t - windowStart)
            if (isHot && wasHot && !isOver) end('too costly')
            wasHot = isHot
            costMs = 0
            windowStart = t
          }
        }
      }
    }
}
