// What changed, outlined over the replay: changes go in, frames with a few words around the changed parts come out, and fade.
import { sentence } from './changes.js'

/** @typedef {import('./changes.js').Change} Change */
/** @typedef {import('./boxes.js').Box} Box */

const MAX_OUTLINES = 12
const MAX_LABELS = 3
const SHOWN_MS = 2_600
const ROOM_PX = 3

export class Outlines {
  /** @param {HTMLElement} overlay */
  constructor(overlay) {
    this.overlay = overlay
    this.timer = 0
    /** @type {HTMLElement[]} */
    this.drawn = []
  }

  clear() {
    clearTimeout(this.timer)
    for (const element of this.drawn) element.remove()
    this.drawn = []
  }

  /**
   * @param {Change[]} changes
   * @param {(node: number) => Box|null} boxOf in px of the recorded viewport
   * @param {{width: number, height: number, scale: number}} stage
   */
  show(changes, boxOf, stage) {
    this.clear()
    for (const change of changes) {
      if (this.drawn.length >= MAX_OUTLINES) break
      const box = change.node ? boxOf(change.node) : null
      if (box && isInside(box, stage)) this.drawn.push(this.draw(box, stage, this.drawn.length < MAX_LABELS ? sentence(change) : ''))
    }
    this.timer = setTimeout(() => this.clear(), SHOWN_MS)
  }

  /**
   * @param {Box} box
   * @param {{width: number, height: number, scale: number}} stage
   * @param {string} words
   */
  draw(box, { width, height, scale }, words) {
    const left = Math.max(0, box.x * scale - ROOM_PX)
    const top = Math.max(0, box.y * scale - ROOM_PX)
    const element = document.createElement('div')
    element.className = 'change'
    element.style.left = `${left}px`
    element.style.top = `${top}px`
    element.style.width = `${Math.min(width * scale, (box.x + box.width) * scale + ROOM_PX) - left}px`
    element.style.height = `${Math.min(height * scale, (box.y + box.height) * scale + ROOM_PX) - top}px`
    if (words) {
      const label = document.createElement('span')
      label.textContent = words
      if (top < 24) label.className = 'below'
      if (left > (width * scale) / 2) label.classList.add('right')
      element.append(label)
    }
    this.overlay.append(element)
    return element
  }
}

/**
 * @param {Box} box
 * @param {{width: number, height: number}} stage
 */
const isInside = (box, { width, height }) =>
  box.width > 0 && box.height > 0 && box.x < width && box.y < height && box.x + box.width > 0 && box.y + box.height > 0
