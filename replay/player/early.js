// What is asked for before the player is there: the path in this script's own tag goes in; the timeline is on its way while the rest still loads.
import { request, whole } from './request.js'

/** @param {string|null} text seconds */
const msOf = (text) => {
  const seconds = text === null || text.trim() === '' ? NaN : Number(text)
  return Number.isFinite(seconds) ? Math.round(seconds * 1000) : null
}

/** The moment asked for in the address, in ms; null: none. */
export const asked_ms = msOf(new URLSearchParams(location.search).get('t'))

/**
 * Where the timeline is. The collector's audit says where a visit was opened.
 * @param {string} base
 */
export const timelineOf = (base) => `${base}/timeline${asked_ms === null ? '' : `?t_ms=${asked_ms}`}`

/** @param {string} address @returns {Promise<any>} */
const ask = async (address) => whole((await request(address)).json())

/** Answers that are on their way, each taken once. @type {Map<string, Promise<any>>} */
const asked = new Map()

const base = document.querySelector('script[data-base]')?.getAttribute('data-base')
if (base) {
  const answer = ask(timelineOf(base))
  answer.catch(() => {}) // told to whoever takes it
  asked.set(timelineOf(base), answer)
}

/**
 * The answer that is on its way, else a new one.
 * @param {string} address
 */
export const takeEarly = (address) => {
  const answer = asked.get(address) ?? ask(address)
  asked.delete(address)
  return answer
}
