// Asking the collector: an address goes in, an answer comes out, or why there is none, and whether asking again can help.

/** The collector did not give what was asked for. `status` 0: it could not be reached. */
export class FetchError extends Error {
  /**
   * @param {string} message
   * @param {number} status
   */
  constructor(message, status) {
    super(message)
    this.name = 'FetchError'
    this.status = status
  }

  /** May it be there in a moment? */
  get isPassing() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500
  }
}

/** @type {Record<number, string>} */
const WHY = {
  401: 'You are signed out. Sign in again in another tab, then try again here.',
  403: 'You may not see this recording, or not while the visit goes on.',
  404: 'This recording is no longer there.',
  410: 'This link has ended. Ask whoever sent it for a new one.',
}

/**
 * @param {string} address
 * @param {AbortSignal|null} [signal]
 * @returns {Promise<Response>}
 */
export const request = async (address, signal = null) => {
  let response
  try {
    response = await fetch(address, { credentials: 'same-origin', referrerPolicy: 'no-referrer', signal })
  } catch {
    throw new FetchError('The collector cannot be reached.', 0)
  }
  if (response.ok) return response
  throw new FetchError(WHY[response.status] ?? `The collector answered ${response.status}.`, response.status)
}

/**
 * Reads an answer; a connection that breaks off meanwhile is one that failed.
 * @template T
 * @param {Promise<T>} reading
 * @returns {Promise<T>}
 */
export const whole = (reading) =>
  reading.catch((error) => {
    if (error instanceof SyntaxError) throw error
    throw new FetchError('The connection to the collector broke off.', 0)
  })
