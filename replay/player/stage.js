// The screen on the page: the recorded viewport goes in, the frame is shown at its size, scaled to fit the window or as it was.
import { Overlay } from './overlay.js'

/** @typedef {import('./tree.js').Tree} Tree */
/** @typedef {import('./tree.js').Viewport} Viewport */

const FALLBACK = { width: 1280, height: 720 }
const MAX_SIDE_PX = 8192
const MAX_SCALE = 2 // a phone's screen need not fill a wall

export class Stage {
  /**
   * @param {{stage: HTMLElement, screen: HTMLElement, frame: HTMLIFrameElement, overlay: HTMLElement}} parts
   * @param {boolean} isUnscaled show the recorded viewport as it was, with nothing around it
   */
  constructor(parts, isUnscaled) {
    this.parts = parts
    this.isUnscaled = isUnscaled
    this.isActual = false
    this.width = FALLBACK.width
    this.height = FALLBACK.height
    this.scale = 1
    this.overlay = new Overlay(parts.overlay)
    /** Called when the scale has changed. */
    this.onScale = () => {}
    new ResizeObserver(() => this.fit()).observe(parts.stage)
    this.setSize(null)
  }

  /** @param {Viewport|null} viewport */
  setSize(viewport) {
    const bounded = (/** @type {number} */ side, /** @type {number} */ other) => Math.min(MAX_SIDE_PX, side || other)
    const width = bounded(viewport?.width_px ?? 0, FALLBACK.width)
    const height = bounded(viewport?.height_px ?? 0, FALLBACK.height)
    if (width === this.width && height === this.height && this.parts.frame.style.width !== '') return
    this.width = width
    this.height = height
    this.parts.stage.style.setProperty('--ratio', String(width / height))
    this.fit()
  }

  /** @param {boolean} isActual as large as it was for the visitor; what does not fit is scrolled to */
  setActual(isActual) {
    const { stage } = this.parts
    this.isActual = isActual
    stage.classList.toggle('actual', isActual)
    // What scrolls can be reached by keyboard.
    if (isActual) stage.tabIndex = 0
    else stage.removeAttribute('tabindex')
    this.fit()
  }

  fit() {
    const { stage, screen, frame } = this.parts
    const style = getComputedStyle(stage)
    const width = stage.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight)
    const height = stage.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom)
    const fitting = Math.max(0.05, Math.min(MAX_SCALE, width / this.width, height / this.height))
    this.scale = this.isUnscaled || this.isActual ? 1 : fitting
    frame.style.width = `${this.width}px`
    frame.style.height = `${this.height}px`
    frame.style.transform = this.scale === 1 ? 'none' : `scale(${this.scale})`
    screen.style.width = `${this.width * this.scale}px`
    screen.style.height = `${this.height * this.scale}px`
    this.overlay.setSize(this.width, this.height, this.scale)
    this.onScale()
  }
}
