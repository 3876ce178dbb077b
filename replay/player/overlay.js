// What the visitor does, drawn over the replay: the tree and the trail go in; pointer, presses, touches, the way they came and the zoomed part
// come out. Outside the frame's document, so no recording can fake them.
import { TRAIL_MS } from './trail.js'
import { setHidden } from './writes.js'

/** @typedef {import('./tree.js').Tree} Tree */
/** @typedef {import('./tree.js').Viewport} Viewport */
/** @typedef {import('./trail.js').TrailPoint} TrailPoint */

const RIPPLE_MS = 600
const SVG = 'http://www.w3.org/2000/svg'
const TRAIL_PX = 3
const COARSE = 4 // bit of the op `Environment`

export class Overlay {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element
    this.scale = 1
    this.canvas = document.createElement('canvas')
    this.canvas.className = 'trail'
    this.context = this.canvas.getContext('2d')
    element.append(this.canvas)
    this.pointer = this.createPointer()
    this.zoom = this.add('zoom')
    /** @type {Map<number, HTMLElement>} */
    this.touches = new Map()
    /** @type {import('./tree.js').Press|null} */
    this.press = null
    this.hasTrail = false
  }

  createPointer() {
    const svg = document.createElementNS(SVG, 'svg')
    svg.setAttribute('viewBox', '0 0 24 24')
    svg.setAttribute('class', 'pointer')
    const path = document.createElementNS(SVG, 'path')
    path.setAttribute('d', 'M3 2v17.5l4.6-4.3 2.9 6.6 3-1.3-2.9-6.5h6.4z')
    svg.append(path)
    svg.style.visibility = 'hidden'
    this.element.append(svg)
    return svg
  }

  /** @param {string} name */
  add(name) {
    const element = document.createElement('div')
    element.className = name
    element.hidden = true
    this.element.append(element)
    return element
  }

  /**
   * @param {number} width_px of the recorded viewport
   * @param {number} height_px
   * @param {number} scale
   */
  setSize(width_px, height_px, scale) {
    this.scale = scale
    const density = Math.min(2, devicePixelRatio || 1)
    this.canvas.width = Math.round(width_px * scale * density)
    this.canvas.height = Math.round(height_px * scale * density)
    this.context?.scale(density, density)
    if (this.context) this.context.strokeStyle = getComputedStyle(this.canvas).color
    this.showTrail(false)
  }

  /**
   * @param {Tree} tree
   * @param {[number, number]|null} between the pointer on its way to the next sample
   * @param {TrailPoint[]} trail newest first
   */
  draw(tree, between, trail) {
    const at = between ?? tree.pointer
    const isTouch = tree.touches.size > 0 || (tree.press !== null && tree.press.kind === 1)
    const isPointer = at !== null && !isTouch && (tree.environment & COARSE) === 0
    this.pointer.style.visibility = isPointer ? 'visible' : 'hidden'
    if (at) this.place(this.pointer, at[0], at[1])
    this.pointer.classList.toggle('down', tree.press !== null)
    this.drawTouches(tree)
    const front = isPointer ? [{ x: at[0], y: at[1], age_ms: 0, finger: -1 }] : []
    this.drawTrail([...front, ...trail.filter((point) => isPointer || point.finger >= 0)])
    if (tree.press && (this.press === null || this.press.x !== tree.press.x || this.press.y !== tree.press.y)) this.ripple(tree.press)
    this.press = tree.press
    this.drawZoom(tree.viewport, tree)
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
      setHidden(element, false)
      this.place(element, x, y)
    }
  }

  /** @param {TrailPoint[]} points newest first; those of one finger make one line */
  drawTrail(points) {
    const { context, canvas } = this
    if (!context || (points.length < 2 && !this.hasTrail)) return
    context.clearRect(0, 0, canvas.width, canvas.height)
    this.showTrail(points.length >= 2)
    context.lineWidth = TRAIL_PX
    /** @type {Map<number, TrailPoint>} */
    const newer = new Map()
    for (const point of points) {
      const before = newer.get(point.finger)
      newer.set(point.finger, point)
      if (!before) continue
      context.globalAlpha = Math.max(0, 1 - point.age_ms / TRAIL_MS) * 0.75
      context.beginPath()
      context.moveTo(before.x * this.scale, before.y * this.scale)
      context.lineTo(point.x * this.scale, point.y * this.scale)
      context.stroke()
    }
  }

  /** @param {boolean} hasTrail an empty canvas over the whole replay would still be blended into every frame */
  showTrail(hasTrail) {
    this.hasTrail = hasTrail
    setHidden(this.canvas, !hasTrail)
  }

  /** @param {{x: number, y: number}} press */
  ripple(press) {
    const element = this.add('ripple')
    element.hidden = false
    this.place(element, press.x, press.y)
    setTimeout(() => element.remove(), RIPPLE_MS)
  }

  /**
   * The part of the page that a pinch has brought near.
   * @param {Viewport|null} viewport
   * @param {Tree} tree
   */
  drawZoom(viewport, tree) {
    const zoom = (viewport?.zoom_percent || 100) / 100
    setHidden(this.zoom, tree.viewport === null || zoom <= 1.01)
    if (!viewport || this.zoom.hidden) return
    const { style } = this.zoom
    style.left = `${viewport.zoom_x * this.scale}px`
    style.top = `${viewport.zoom_y * this.scale}px`
    style.width = `${(viewport.width_px / zoom) * this.scale}px`
    style.height = `${(viewport.height_px / zoom) * this.scale}px`
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
    setHidden(this.zoom, true)
    this.drawTrail([])
  }
}
