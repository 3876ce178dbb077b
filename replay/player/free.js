// Work that nobody waits for: it goes in, and runs when the browser has nothing better to do.

const AT_LATEST_MS = 1_000

/** @param {() => void} work */
export const whenFree = (work) => {
  if (typeof requestIdleCallback === 'function') requestIdleCallback(work, { timeout: AT_LATEST_MS })
  else setTimeout(work, 50)
}
