// Time that a test moves. Node 20 has this as mock.timers; Node 18, which Debian 12 brings, has it without Date.

const real = { Date, setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout }
let now = 0
let next = 1
/** id (in order of arrival) → [when, callback]. */
let waiting = new Map()

class FakeDate extends real.Date {
  constructor(...args) {
    super(...(args.length ? args : [now]))
  }
  static now() {
    return now
  }
}

const moveTo = (end) => {
  for (;;) {
    const due = [...waiting].filter(([, [at]]) => at <= end).sort(([one, [a]], [other, [b]]) => a - b || one - other)[0]
    if (!due) break
    const [id, [at, callback]] = due
    waiting.delete(id)
    now = Math.max(now, at)
    callback()
  }
  now = end
}

export const timers = {
  /** `apis`: which of 'setTimeout' (with clearTimeout) and 'Date'. */
  enable({ apis, now: start = 0 }) {
    now = start
    waiting = new Map()
    if (apis.includes('Date')) globalThis.Date = FakeDate
    if (!apis.includes('setTimeout')) return
    globalThis.setTimeout = (callback, ms = 0, ...args) => {
      waiting.set(next, [now + Math.max(1, ms), () => callback(...args)])
      return next++
    }
    globalThis.clearTimeout = (id) => void waiting.delete(id)
  },
  tick: (ms) => moveTo(now + ms),
  setTime: (ms) => moveTo(ms),
  reset: () => void Object.assign(globalThis, real),
}
