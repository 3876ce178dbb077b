// Callbacks go in; out come callbacks that never throw into the page, whose cost is counted and that do nothing after giving up.

/** This share of the main thread may be taken in a window; two windows in a row above it and the guard gives up. */
const MAX_SHARE = 0.1
const WINDOW_MS = 10_000
/** One broken page structure may fail a few times; more than this is a fault that will not go away. */
const MAX_ERRORS = 20

export interface Guard {
  _wrap<A extends unknown[], R>(callback: (...args: A) => R): (...args: A) => R | undefined
  /** From now on every wrapped callback does nothing. */
  _end(): void
}

/** `now`: ms with fractions. `giveUp` is called once, with the reason. */
export const createGuard = (now: () => number, giveUp: (reason: string) => void): Guard => {
  let isOver = false
  let depth = 0
  let errors = 0
  let costMs = 0
  let windowStart = 0
  let wasHot = false

  const end = (reason: string): void => {
    if (!isOver) {
      isOver = true
      giveUp(reason)
    }
  }
  const account = (start: number): void => {
    const t = now()
    costMs += t - start
    if (t - windowStart < WINDOW_MS) return
    const isHot = costMs > MAX_SHARE * (t - windowStart)
    if (isHot && wasHot) end('too costly')
    wasHot = isHot
    costMs = 0
    windowStart = t
  }

  return {
    _wrap:
      (callback) =>
      (...args) => {
        if (isOver) return
        const start = depth++ ? 0 : now()
        try {
          return callback(...args)
        } catch (error) {
          if (++errors > MAX_ERRORS) end(String(error))
          return
        } finally {
          if (!--depth) account(start)
        }
      },
    _end() {
      isOver = true
    },
  }
}
