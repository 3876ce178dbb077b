// Trying again by itself after a failure that may pass: failures go in, the attempts come out, further and further apart, and at once when the
// network is back.

const FIRST_MS = 1_000
const MOST_MS = 30_000

export class Retrying {
  /**
   * @param {() => void} attempt
   * @param {() => void} changed called once a second while it waits
   */
  constructor(attempt, changed) {
    this.attempt = attempt
    this.changed = changed
    this.count = 0
    this.timer = 0
    /** When the next attempt is made, by the clock of `performance`; 0: none is to be made. */
    this.dueAt = 0
    addEventListener('online', () => {
      if (this.dueAt > 0) this.now()
    })
  }

  /** Seconds until the next attempt. */
  get secondsLeft() {
    return this.dueAt === 0 ? 0 : Math.max(1, Math.ceil((this.dueAt - performance.now()) / 1000))
  }

  /** Waits, longer each time, then tries again. */
  schedule() {
    this.stop()
    const wait_ms = Math.min(MOST_MS, FIRST_MS * 2 ** this.count)
    this.count++
    this.dueAt = performance.now() + wait_ms
    const wait = () => {
      const left = this.dueAt - performance.now()
      if (left <= 0) {
        this.now()
        return
      }
      this.timer = setTimeout(wait, Math.min(1_000, left))
      this.changed()
    }
    wait()
  }

  now() {
    this.stop()
    this.attempt()
  }

  stop() {
    clearTimeout(this.timer)
    this.dueAt = 0
  }

  /** It worked: the next failure is a first one. */
  reset() {
    this.stop()
    this.count = 0
  }
}
