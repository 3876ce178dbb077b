// Words for people: moments, spans and facts go in, short texts come out.

/** @typedef {import('./timeline.js').Fact} Fact */

/**
 * `0:07`, `12:30`, `1:02:03`; with a minus before the session's zero.
 * @param {number} t_ms
 * @param {boolean} [isExact] with tenths of a second
 */
export const clock = (t_ms, isExact = false) => {
  const tenths = Math.floor(Math.abs(t_ms) / 100)
  const seconds = Math.floor(tenths / 10)
  const pad = (/** @type {number} */ number) => String(number).padStart(2, '0')
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor(seconds / 60) % 60
  const text = hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds % 60)}` : `${minutes}:${pad(seconds % 60)}`
  return `${t_ms < 0 && tenths > 0 ? '−' : ''}${text}${isExact ? `.${tenths % 10}` : ''}`
}

/**
 * `3 seconds`, `2 minutes`: for notices and screen readers.
 * @param {number} span_ms
 */
export const span = (span_ms) => {
  const seconds = Math.max(1, Math.round(span_ms / 1000))
  if (seconds < 90) return seconds === 1 ? '1 second' : `${seconds} seconds`
  const minutes = Math.round(seconds / 60)
  return minutes < 90 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`
}

/**
 * The path of an address, or the whole of what is no address.
 * @param {string} url
 */
export const pathOf = (url) => {
  try {
    const { pathname, search, hash } = new URL(url)
    return pathname + search + hash
  } catch {
    return url
  }
}

/** @param {unknown} text */
const quoted = (text) => (text ? `“${String(text).trim().slice(0, 80)}”` : '')

const LIVE_ANSWERS = /** @type {Record<string, string>} */ ({ told: 'Told of being watched live', yes: 'Agreed to being watched live', no: 'Did not agree to being watched live' })

/**
 * What the collector's notice said, or was answered; share links do not tell which.
 * @param {unknown} answer
 */
const liveWords = (answer) => (typeof answer === 'string' && Object.hasOwn(LIVE_ANSWERS, answer) ? LIVE_ANSWERS[answer] : 'Notice of live watching') ?? ''

/**
 * A fact in a few words; an empty text: not worth a line.
 * @param {Fact} fact
 */
export const factWords = (fact) => {
  switch (fact.kind) {
    case 'click':
      return `Click ${quoted(fact['label']) || (fact['href'] ? `on ${pathOf(String(fact['href']))}` : '')}`.trim()
    case 'form':
      return `${['Form started', 'Form left', 'Form sent'][Number(fact['stage'])] ?? 'Form'} ${quoted(fact['name'])}`.trim()
    case 'identify':
      return `Known as ${String(fact['person'] ?? '').slice(0, 80)}`
    case 'track':
      return fact['name'] === 'visitreel_live' ? liveWords(fact['properties']?.answer) : String(fact['name'] ?? '').slice(0, 80) || 'Event'
    case 'scroll_depth':
      return `Scrolled to ${Number(fact['percent'])} %`
    default:
      return ''
  }
}

const DEVICES = /** @type {Record<string, string>} */ ({ desktop: 'Desktop', phone: 'Phone', tablet: 'Tablet' })

/**
 * What a visitor's device is called; an empty text: not known.
 * @param {unknown} device
 */
export const deviceWord = (device) => (typeof device === 'string' && Object.hasOwn(DEVICES, device) ? (DEVICES[device] ?? '') : '')
