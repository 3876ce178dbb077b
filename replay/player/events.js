// What happened, as a list: chapters go in, buttons come out; the chapter and the moment at which the replay stands are marked.
import { whenFree } from './free.js'
import { lastAtMost } from './timeline.js'
import { clock } from './words.js'

/** @typedef {import('./marks.js').Chapter} Chapter */

const MAX_ITEMS = 1_000
const AT_ONCE = 60 // chapters: more of them wait until the browser has nothing better to do
const REST_MS = 200 // the list follows when the replay has come to rest, or plays

export class Events {
  /**
   * @param {HTMLElement} list
   * @param {(t_ms: number) => void} seek
   */
  constructor(list, seek) {
    this.list = list
    this.seek = seek
    this.key = ''
    /** All buttons by their time, chapters in front of what happened in them. @type {Array<{t_ms: number, button: HTMLElement, chapter: HTMLElement}>} */
    this.items = []
    this.current = -1
    this.nowMs = 0
    /** Chapters that are not in the list yet. @type {Chapter[]} */
    this.waiting = []
    this.resting = 0
  }

  /** @param {Chapter[]} chapters */
  setChapters(chapters) {
    const key = JSON.stringify(chapters)
    if (key === this.key) return // a live session asks every two seconds: the list stays under the rep's finger
    this.key = key
    this.items = []
    this.current = -1
    this.waiting = chapters
    this.list.replaceChildren()
    this.fill(chapters)
  }

  /** @param {Chapter[]} chapters what is left of them; a long list comes piece by piece */
  fill(chapters) {
    if (chapters !== this.waiting) return
    this.list.append(...chapters.slice(0, AT_ONCE).map((chapter) => this.chapter(chapter)))
    const rest = (this.waiting = chapters.slice(AT_ONCE))
    if (rest.length > 0) whenFree(() => this.fill(rest))
    else this.setNow(this.nowMs, true)
  }

  /** @param {Chapter} chapter */
  chapter(chapter) {
    const item = document.createElement('li')
    const button = this.button('chapter', chapter.t_ms, chapter.title)
    if (chapter.path) button.append(span('path', chapter.path))
    this.items.push({ t_ms: chapter.t_ms, button, chapter: button })
    item.append(button)
    const marks = chapter.marks.slice(0, Math.max(0, MAX_ITEMS - this.items.length))
    if (marks.length === 0) return item
    const list = document.createElement('ol')
    for (const mark of marks) {
      const inner = document.createElement('li')
      const event = this.button(`event is-${mark.kind}`, mark.t_ms, mark.words)
      this.items.push({ t_ms: mark.t_ms, button: event, chapter: button })
      inner.append(event)
      list.append(inner)
    }
    item.append(list)
    return item
  }

  /**
   * @param {string} name
   * @param {number} t_ms
   * @param {string} words
   */
  button(name, t_ms, words) {
    const button = document.createElement('button')
    button.type = 'button'
    button.className = name
    const time = document.createElement('time')
    time.textContent = clock(t_ms)
    button.append(time, span('words', words))
    button.addEventListener('click', () => this.seek(t_ms))
    return button
  }

  /**
   * @param {number} t_ms
   * @param {boolean} isAtRest no seek is under way
   */
  setNow(t_ms, isAtRest) {
    this.nowMs = t_ms
    if (!isAtRest) this.hold()
    const current = lastAtMost(this.items, t_ms, (item) => item.t_ms)
    if (current !== this.current) {
      const [before, now] = [this.items[this.current], this.items[current]]
      for (const element of before ? [before.button, before.chapter] : []) element.removeAttribute('aria-current')
      now?.chapter.setAttribute('aria-current', 'page')
      if (now && now.button !== now.chapter) now.button.setAttribute('aria-current', 'true')
      this.current = current
    }
    if (isAtRest && this.items[current]?.button !== this.revealed && this.resting === 0) this.resting = setTimeout(() => this.follow(), REST_MS)
  }

  /** The rep moves through time: the list would only flicker by. */
  hold() {
    clearTimeout(this.resting)
    this.resting = 0
  }

  follow() {
    this.resting = 0
    const button = this.items[this.current]?.button
    if (!button || this.waiting.length > 0) return
    this.revealed = button
    this.reveal(button)
  }

  /** The one that was brought into sight last. @type {HTMLElement|undefined} */
  revealed

  /** @param {HTMLElement} button scrolled to within the list only: the page itself stays where it is */
  reveal(button) {
    const list = this.list
    const top = button.getBoundingClientRect().top - list.getBoundingClientRect().top
    if (top < 0 || top + button.offsetHeight > list.clientHeight) list.scrollTop += top - list.clientHeight / 2
  }
}

/**
 * @param {string} name
 * @param {string} text
 */
const span = (name, text) => {
  const element = document.createElement('span')
  element.className = name
  element.textContent = text
  return element
}
