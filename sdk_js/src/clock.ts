// Time, timers and randomness of the page, taken once: what a page mocks later does not reach the recording.

export interface Clock {
  /** ms since the document's time origin, an integer that never goes back. */
  _now(): number
  /** Unix ms by the visitor's clock; it may jump. Unlike `_now` it goes on while the machine sleeps. */
  _wall(): number
  /** The document's time origin, Unix ms. */
  _origin: number
  /** Calls back after so many ms; the result undoes that. */
  _later(callback: () => void, delayMs: number): () => void
}

export const createClock = (): Clock => {
  const { performance, setTimeout, clearTimeout } = window
  const wall = Date.now
  return {
    _now: () => Math.floor(performance.now()),
    _wall: wall,
    _origin: Math.round(performance.timeOrigin),
    _later(callback, delayMs) {
      const timer = setTimeout(callback, delayMs)
      return () => clearTimeout(timer)
    },
  }
}

export type Random = () => Uint8Array

/** 16 random bytes. */
export const random16: Random = () => crypto.getRandomValues(new Uint8Array(16))

/** A random id: 22 characters of base64url. */
export const randomId = (random: Random): string =>
  btoa(String.fromCharCode(...random())).replace(/\W/g, (sign) => (sign == '+' ? '-' : sign == '/' ? '_' : ''))
