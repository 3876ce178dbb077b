// Who is here now: the collector's stream goes in; out come the cards of those who are here, the lines of the list that are theirs, and how many
// visits have come since. Nothing in the page changes its place: the cards have a box of their own, and wait while somebody points at one.
import { listen } from './stream.js'
import { localTimes } from './times.js'

/** @typedef {{id: string, site: string, who: string, title: string, path: string, since_ms: number, length: string, pages: number}} Visit */

const LOST = 'The connection to the collector is lost: this is how it was. It is being asked again.'

const panel = /** @type {HTMLElement|null} */ (document.querySelector('[data-here]'))
const list = panel?.querySelector('ul') ?? null
const card = panel?.querySelector('template') ?? null
const newer = /** @type {HTMLElement|null} */ (document.querySelector('[data-newer]'))
/** @type {Map<string, Visit>} */
const visits = new Map()
/** Cards by the visit's id. @type {Map<string, HTMLElement>} */
const cards = new Map()
/** @type {Map<string, HTMLElement>} */
const lines = new Map()
for (const line of document.querySelectorAll('[data-session]')) {
  if (line instanceof HTMLElement) lines.set(line.dataset['session'] ?? '', line)
}
for (const known of list?.children ?? []) {
  if (known instanceof HTMLElement) cards.set(known.dataset['visit'] ?? '', known)
}

/**
 * @param {ParentNode} root
 * @param {string} part
 * @param {string} text
 */
const setText = (root, part, text) => {
  const element = root.querySelector(`[data-part="${part}"]`)
  if (element && element.textContent !== text) element.textContent = text
}

/**
 * @param {ParentNode} root
 * @param {string} part
 * @param {boolean} isShown
 */
const show = (root, part, isShown) => {
  const element = root.querySelector(`[data-part="${part}"]`)
  if (element instanceof HTMLElement) element.hidden = !isShown
}

/**
 * @param {HTMLElement} element
 * @param {Visit} visit
 */
const fill = (element, visit) => {
  setText(element, 'who', visit.who)
  setText(element, 'title', visit.title)
  setText(element, 'path', visit.path)
}

/** @param {Visit} visit */
const newCard = (visit) => {
  const made = /** @type {DocumentFragment} */ (card?.content.cloneNode(true)).firstElementChild
  if (!(made instanceof HTMLElement)) throw new Error('the page has no card')
  made.dataset['visit'] = visit.id
  const link = made.querySelector('a')
  if (link) link.href = `/sessions/${encodeURIComponent(visit.id)}?live=1`
  const time = made.querySelector('time')
  if (time) time.dateTime = new Date(visit.since_ms).toISOString()
  localTimes(made)
  cards.set(visit.id, made)
  return made
}

/** A card under somebody's finger stays where it is. */
const isHeld = () => list?.matches(':hover, :focus-within') ?? false

const arrange = () => {
  if (!panel || !list) return
  setText(panel, 'count', String(visits.size))
  for (const [id, element] of cards) element.classList.toggle('gone', !visits.has(id))
  for (const [id, visit] of visits) {
    const known = cards.get(id)
    if (known) fill(known, visit)
  }
  if (isHeld()) return
  const newest = [...visits.values()].sort((a, b) => b.since_ms - a.since_ms)
  for (const [id, element] of cards) {
    if (visits.has(id)) continue
    element.remove()
    cards.delete(id)
  }
  newest.forEach((visit, place) => {
    const known = cards.get(visit.id)
    const element = known ?? newCard(visit)
    fill(element, visit)
    if (list.children[place] !== element) list.insertBefore(element, list.children[place] ?? null)
  })
  show(panel, 'nobody', visits.size === 0)
}

/**
 * The lines of the list say the same.
 * @param {Iterable<Visit>} changed
 * @param {Iterable<string>} left
 */
const updateLines = (changed, left) => {
  for (const visit of changed) {
    const line = lines.get(visit.id)
    if (!line) continue
    setText(line, 'length', visit.length)
    setText(line, 'pages', `${visit.pages} ${visit.pages === 1 ? 'page' : 'pages'}`)
    show(line, 'live', true)
    show(line, 'seen', false)
  }
  for (const id of left) {
    const line = lines.get(id)
    if (!line) continue
    show(line, 'live', false)
    show(line, 'seen', true)
  }
}

listen(
  newer?.dataset['newer'] ?? '',
  {
    here({ sessions }) {
      visits.clear()
      for (const visit of /** @type {Visit[]} */ (sessions)) visits.set(visit.id, visit)
      updateLines(visits.values(), [...lines.keys()].filter((id) => !visits.has(id)))
      arrange()
    },
    change({ sessions, left }) {
      for (const visit of /** @type {Visit[]} */ (sessions)) visits.set(visit.id, visit)
      for (const id of /** @type {string[]} */ (left)) visits.delete(id)
      updateLines(sessions, left)
      arrange()
    },
    newer({ count, more }) {
      if (!newer) return
      setText(newer, 'words', `${more ? 'more than ' : ''}${count} new ${count === 1 ? 'session' : 'sessions'}`)
      show(newer, 'link', count > 0)
    },
  },
  (isThere) => {
    panel?.classList.toggle('lost', !isThere)
    if (panel) setText(panel, 'state', isThere ? '' : LOST)
  },
)
for (const name of ['pointerleave', 'focusout']) list?.addEventListener(name, () => setTimeout(arrange))
