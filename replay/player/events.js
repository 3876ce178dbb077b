// The list of what happened: a timeline goes in, a list of buttons comes out; one of them is marked as the latest before now.
import { lastAtMost } from './timeline.js'
import { kindClass, marksOf } from './track.js'
import { clock } from './words.js'

/** @typedef {import('./timeline.js').Timeline} Timeline */
/** @typedef {import('./track.js').Mark} Mark */

const MAX_ITEMS = 500

export class Events {
  /**
   * @param {HTMLElement} list
   * @param {(t_ms: number) => void} seek
   */
  constructor(list, seek) {
    this.list = list
    this.seek = seek
    /** @type {Mark[]} */
    this.marks = []
    this.current = -1
    this.key = ''
  }

  /** @param {Timeline} timeline */
  setTimeline(timeline) {
    const marks = marksOf(timeline).slice(0, MAX_ITEMS)
    const key = JSON.stringify(marks)
    if (key === this.key) return // a live session asks every two seconds: the list stays under the rep's finger
    this.key = key
    this.marks = marks
    this.current = -1
    this.list.replaceChildren(...marks.map((mark) => this.item(mark)))
  }

  /** @param {Mark} mark */
  item(mark) {
    const item = document.createElement('li')
    const button = document.createElement('button')
    button.type = 'button'
    button.className = kindClass(mark.kind)
    const time = document.createElement('time')
    time.textContent = clock(mark.t_ms)
    const words = document.createElement('span')
    words.textContent = mark.words
    button.append(time, words)
    button.addEventListener('click', () => this.seek(mark.t_ms))
    item.append(button)
    return item
  }

  /** @param {number} t_ms */
  setNow(t_ms) {
    const current = lastAtMost(this.marks, t_ms, (mark) => mark.t_ms)
    if (current === this.current) return
    this.list.children[this.current]?.firstElementChild?.removeAttribute('aria-current')
    const button = this.list.children[current]?.firstElementChild
    button?.setAttribute('aria-current', 'true')
    this.current = current
    if (button instanceof HTMLElement) this.reveal(button)
  }

  /** @param {HTMLElement} button scrolled to within the list only: the page itself stays where it is */
  reveal(button) {
    const list = this.list
    if (list.scrollHeight <= list.clientHeight) return
    const top = button.offsetTop - list.offsetTop
    if (top < list.scrollTop || top + button.offsetHeight > list.scrollTop + list.clientHeight) list.scrollTop = top - list.clientHeight / 2
  }
}
