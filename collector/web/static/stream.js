// What happens, as it happens: an address and what to do with each kind of event go in. A connection that is lost is said, and asked for again
// by itself, not by everybody in the same moment; none is kept while nobody looks.

const SILENCE_MS = 40_000 // the collector's heart beats every 15 s
const FIRST_WAIT_MS = 500
const MOST_WAIT_MS = 20_000

/**
 * @param {string} address
 * @param {Record<string, (data: any) => void>} hear
 * @param {(isThere: boolean) => void} [told] whenever the connection is there, or lost
 */
export const listen = (address, hear, told = () => {}) => {
  /** @type {EventSource|undefined} */
  let source
  let timer = 0
  let failures = 0

  const stop = () => {
    clearTimeout(timer)
    source?.close()
    source = undefined
  }
  const lost = () => {
    stop()
    told(false)
    timer = setTimeout(start, Math.min(MOST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures++) * (0.5 + Math.random()))
  }
  const alive = () => {
    clearTimeout(timer)
    timer = setTimeout(lost, SILENCE_MS)
  }
  const start = () => {
    stop()
    if (document.hidden) return
    source = new EventSource(address)
    source.onerror = lost
    source.onopen = () => {
      failures = 0
      told(true)
      alive()
    }
    source.addEventListener('beat', alive)
    for (const [name, act] of Object.entries(hear)) {
      source.addEventListener(name, (event) => {
        alive()
        act(JSON.parse(event.data))
      })
    }
    alive()
  }

  document.addEventListener('visibilitychange', () => (document.hidden ? stop() : start()))
  start()
}
