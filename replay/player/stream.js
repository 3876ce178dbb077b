// Server-sent events: an address goes in, events come out as they happen. A connection that breaks off, or says nothing for too long, ends
// with a `FetchError`, as an address does that can't be had.
import { FetchError, request } from './request.js'

/** @typedef {{name: string, data: any, id: string}} StreamEvent */

const SILENCE_MS = 40_000 // the collector's heart beats every 15 s

/**
 * @param {string} address
 * @param {AbortController} controller ends it
 * @returns {AsyncGenerator<StreamEvent>}
 */
export async function* eventsOf(address, controller) {
  const response = await request(address, controller.signal)
  const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader()
  const decoder = new TextDecoder()
  let text = ''
  for (;;) {
    const timer = setTimeout(() => controller.abort(), SILENCE_MS)
    const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }))
    clearTimeout(timer)
    if (done) throw new FetchError('The connection to the collector broke off.', 0)
    const blocks = (text += decoder.decode(value, { stream: true })).split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const event = eventOf(block)
      if (event) yield event
    }
  }
}

/**
 * @param {string} block
 * @returns {StreamEvent|null}
 */
const eventOf = (block) => {
  const fields = new Map(block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]))
  const data = fields.get('data')
  return data === undefined ? null : { name: fields.get('event') ?? 'message', data: JSON.parse(data), id: fields.get('id') ?? '' }
}
