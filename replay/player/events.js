// What happened, as a list: chapters go in, buttons come out; the chapter and the moment at which the replay stands are marked.
import { lastAtMost } from './timeline.js'
import { clock } from './words.js'

/** @typedef {import('./marks.js').Chapter} Chapter */

const MAX_ITEMS = 1_000

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
  }

  /** @param {Chapter[]} chapters */
  setChapters(chapters) {
    const key = JSON.stringify(chapters)
    if (key === this.key) return // a live session asks every two seconds: the list stays under the rep's finger
    this.key = key
    this.items = []
    this.current = -1
    this.list.replaceChildren(...chapters.map((chapter) => this.chapter(chapter)))
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

  /** @param {number} t_ms */
  setNow(t_ms) {
    const current = lastAtMost(this.items, t_ms, (item) => item.t_ms)
    if (current === this.current) return
    const [before, now] = [this.items[this.current], this.items[current]]
    for (const element of before ? [before.button, before.chapter] : []) element.removeAttribute('aria-current')
    now?.chapter.setAttribute('aria-current', 'page')
    if (now && now.button !== now.chapter) now.button.setAttribute('aria-current', 'true')
    this.current = current
    if (now) this.reveal(now.button)
  }

  /**
   * @param {HTMLElement} button scrolled to within the list only: the page itself stays where it is
   * @param {number} [looks] what comes into sight is laid out only then, and moves what is below
   */
  reveal(button, looks = 3) {
    const list = this.list
    if (looks > 1) requestAnimationFrame(() => this.items[this.current]?.button === button && this.reveal(button, looks - 1))
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
