// The screen on the page: the recorded viewport goes in, the frame is shown at its size, scaled to fit; above it the visitor's pointer, presses and
// touches. They are drawn outside the frame's document, so no recording can fake them.

/** @typedef {import('./tree.js').Tree} Tree */
/** @typedef {import('./tree.js').Viewport} Viewport */

const FALLBACK = { width: 1280, height: 720 }
const MAX_SIDE_PX = 8192
const RIPPLE_MS = 600
const SVG = 'http://www.w3.org/2000/svg'

export class Stage {
  /**
   * @param {{stage: HTMLElement, screen: HTMLElement, frame: HTMLIFrameElement, overlay: HTMLElement}} parts
   * @param {boolean} isUnscaled show the recorded viewport as it was, without an overlay
   */
  constructor(parts, isUnscaled) {
    this.parts = parts
    this.isUnscaled = isUnscaled
    this.width = FALLBACK.width
    this.height = FALLBACK.height
    this.scale = 1
    this.pointer = this.createPointer()
    this.zoom = this.add('zoom')
    /** @type {Map<number, HTMLElement>} */
    this.touches = new Map()
    /** @type {import('./tree.js').Press|null} */
    this.press = null
    new ResizeObserver(() => this.fit()).observe(parts.stage)
    this.setSize(null)
  }

  createPointer() {
    const svg = document.createElementNS(SVG, 'svg')
    svg.setAttribute('viewBox', '0 0 24 24')
    svg.setAttribute('class', 'pointer')
    const path = document.createElementNS(SVG, 'path')
    path.setAttribute('d', 'M3 2v17.5l4.6-4.3 2.9 6.6 3-1.3-2.9-6.5h6.4z')
    svg.append(path)
    svg.style.visibility = 'hidden'
    this.parts.overlay.append(svg)
    return svg
  }

  /** @param {string} name */
  add(name) {
    const element = document.createElement('div')
    element.className = name
    element.hidden = true
    this.parts.overlay.append(element)
    return element
  }

  /** @param {Viewport|null} viewport */
  setSize(viewport) {
    const bounded = (/** @type {number} */ side, /** @type {number} */ other) => Math.min(MAX_SIDE_PX, side || other)
    const width = bounded(viewport?.width_px ?? 0, FALLBACK.width)
    const height = bounded(viewport?.height_px ?? 0, FALLBACK.height)
    const isNew = width !== this.width || height !== this.height || this.parts.frame.style.width === ''
    this.width = width
    this.height = height
    if (isNew) this.fit()
    this.drawZoom(viewport)
  }

  fit() {
    const { stage, screen, frame } = this.parts
    const style = getComputedStyle(stage)
    const room = {
      width: stage.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight),
      height: stage.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom),
    }
    this.scale = this.isUnscaled ? 1 : Math.max(0.05, Math.min(1, room.width / this.width, room.height / this.height))
    frame.style.width = `${this.width}px`
    frame.style.height = `${this.height}px`
    frame.style.transform = this.isUnscaled ? 'none' : `scale(${this.scale})`
    screen.style.width = `${this.width * this.scale}px`
    screen.style.height = `${this.height * this.scale}px`
    if (this.tree) this.draw(this.tree, null)
  }

  /**
   * The part of the page that a pinch has brought near.
   * @param {Viewport|null} viewport
   */
  drawZoom(viewport) {
    const zoom = (viewport?.zoom_percent || 100) / 100
    this.zoom.hidden = !viewport || zoom <= 1.01
    if (!viewport || this.zoom.hidden) return
    const { style } = this.zoom
    style.left = `${viewport.zoom_x * this.scale}px`
    style.top = `${viewport.zoom_y * this.scale}px`
    style.width = `${(this.width / zoom) * this.scale}px`
    style.height = `${(this.height / zoom) * this.scale}px`
  }

  /** @type {Tree|undefined} */
  tree

  /**
   * Draws where the visitor's pointer and fingers are.
   * @param {Tree} tree
   * @param {[number, number]|null} between the pointer on its way to the next sample
   */
  draw(tree, between) {
    this.tree = tree
    const at = between ?? tree.pointer
    const isTouch = tree.touches.size > 0 || (tree.press !== null && tree.press.kind === 1)
    this.pointer.style.visibility = at && !isTouch && (tree.environment & 4) === 0 ? 'visible' : 'hidden'
    if (at) this.place(this.pointer, at[0], at[1])
    this.pointer.classList.toggle('down', tree.press !== null)
    this.drawTouches(tree)
    if (tree.press && (this.press === null || this.press.x !== tree.press.x || this.press.y !== tree.press.y)) this.ripple(tree.press)
    this.press = tree.press
    this.drawZoom(tree.viewport)
  }

  /** @param {Tree} tree */
  drawTouches(tree) {
    for (const [finger, element] of this.touches) {
      if (tree.touches.has(finger)) continue
      element.remove()
      this.touches.delete(finger)
    }
    for (const [finger, [x, y]] of tree.touches) {
      const element = this.touches.get(finger) ?? this.add('touch')
      this.touches.set(finger, element)
      element.hidden = false
      this.place(element, x, y)
    }
  }

  /** @param {{x: number, y: number}} press */
  ripple(press) {
    const element = this.add('ripple')
    element.hidden = false
    this.place(element, press.x, press.y)
    setTimeout(() => element.remove(), RIPPLE_MS)
  }

  /**
   * @param {HTMLElement|SVGElement} element
   * @param {number} x
   * @param {number} y
   */
  place(element, x, y) {
    element.style.transform = `translate(${x * this.scale}px, ${y * this.scale}px)`
  }

  hide() {
    this.pointer.style.visibility = 'hidden'
    for (const element of this.touches.values()) element.remove()
    this.touches.clear()
    this.zoom.hidden = true
  }
}
