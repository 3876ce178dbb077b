// What the visitor does and has: pointer, touch, focus, selection, viewport, visibility. Events go in, ops come out at the next frame.
import {
  OP_ENVIRONMENT,
  OP_FOCUS,
  OP_HOVER,
  OP_POINTER,
  OP_PRESS,
  OP_SELECTION,
  OP_TOUCH,
  OP_VIEWPORT,
  OP_VISIBILITY,
} from './ops'
import { targetOf } from './page'
import type { LateDeps, Root } from './sink'

/** Between two samples of the pointer: 20 a second look smooth when interpolated. */
const POINTER_INTERVAL_MS = 50
const POINTER_KINDS = ['mouse', 'touch', 'pen']
/** In the order of the bits of op Environment. */
const FEATURES = [
  'prefers-color-scheme:dark',
  'prefers-reduced-motion:reduce',
  'pointer:coarse',
  'hover:none',
  'forced-colors:active',
  'prefers-contrast:more',
]

export interface Visitor {
  /** Listens in a document, the top one or a frame's; what happens in shadow roots reaches these. */
  _root(root: Root): void
  _flush(): void
  /** Sends everything anew. */
  _reset(): void
}

/** A point in the viewport of a frame as one of the top viewport. */
const place = ({ clientX: x, clientY: y }: { clientX: number; clientY: number }, view: Window | null): [number, number] => {
  for (let frame; view != window && (frame = view?.frameElement); view = view!.parent) {
    const { left, top } = frame.getBoundingClientRect()
    x += left + frame.clientLeft
    y += top + frame.clientTop
  }
  return [Math.round(x), Math.round(y)]
}

export const createVisitor = (deps: LateDeps): Visitor => {
  const { _write: write, _now: now, _schedule: schedule, _idOf: idOf, _listen: listen } = deps
  const queries = FEATURES.map((feature) => matchMedia(`(${feature})`))
  let point: [number, number] | undefined
  let pointedAt = 0
  let hovered: Node | null = null
  /** Op code → fields as they were last sent, joined. */
  const sent = new Map<number, string>()

  /** Sends a state when it differs from what was last sent. */
  const send = (code: number, ...fields: number[]): void => {
    const key = fields.join()
    if (sent.get(code) == key) return
    sent.set(code, key)
    write(code, ...fields)
  }

  const sendPointer = (): void => {
    if (!point) return
    send(OP_POINTER, ...point)
    point = undefined
    pointedAt = now()
  }

  const sendViewport = (): void => {
    const { scale, offsetLeft, offsetTop } = visualViewport!
    send(OP_VIEWPORT, ...[innerWidth, innerHeight, devicePixelRatio * 100, scale * 100, offsetLeft, offsetTop].map(Math.round))
  }

  /** The focused element, through open shadow roots and readable frames. */
  const focused = (root: Document | ShadowRoot): Element | null => {
    const at = root.activeElement
    const inner = at && (at.shadowRoot ?? deps._contentOf(at))
    return (inner && focused(inner)) || at
  }

  const sendFocus = (): void => {
    const at = focused(document)
    const id = at && at.localName != 'body' ? idOf(at) : 0
    send(OP_FOCUS, id, +(!!id && at!.matches(':focus-visible')))
  }

  /** Offset in characters, or in recorded children. */
  const offsetIn = (node: Node, offset: number): number =>
    node.nodeType == 1 ? [...node.childNodes].slice(0, offset).filter((child) => child.nodeType < 4).length : offset

  const sendSelection = (): void => {
    const { anchorNode, focusNode, anchorOffset, focusOffset, isCollapsed } = (getSelection() ?? {}) as Selection
    const [anchor, focus] = [idOf(anchorNode), idOf(focusNode)]
    send(
      OP_SELECTION,
      ...(isCollapsed || !anchor || !focus
        ? [0, 0, 0, 0]
        : [anchor, offsetIn(anchorNode!, anchorOffset), focus, offsetIn(focusNode!, focusOffset)]),
    )
  }

  const press = (event: PointerEvent): void => {
    const kind = Math.max(0, POINTER_KINDS.indexOf(event.pointerType))
    deps._flush()
    sendPointer()
    write(OP_PRESS, event.type == 'pointerdown' ? idOf(targetOf(event)) : 0, ...place(event, event.view), kind, Math.max(0, event.button))
  }

  const touch = (event: TouchEvent): void => {
    const phase = event.type == 'touchstart' ? 0 : event.type == 'touchmove' ? 1 : 2
    for (const finger of event.changedTouches) write(OP_TOUCH, Math.abs(finger.identifier) % 64, ...place(finger, event.view), phase)
  }

  return {
    _root(root) {
      if (root.nodeType != 9) return
      listen(root, 'pointermove', (event: PointerEvent) => {
        if (event.pointerType == 'touch') return
        point = place(event, event.view)
        schedule()
      })
      listen(root, 'pointerover', (event: PointerEvent) => {
        hovered = targetOf(event)
        schedule()
      })
      listen(root, 'pointerdown pointerup pointercancel', press)
      listen(root, 'touchstart touchmove touchend touchcancel', touch)
      listen(root, 'focusin focusout selectionchange', schedule)
      if (root != document) return
      listen(root, 'pointerleave', (event: PointerEvent) => {
        if (event.target == root) hovered = null
      })
      listen(root, 'visibilitychange', schedule)
      listen(window, 'resize focus blur', schedule)
      listen(visualViewport!, 'resize scroll', schedule)
      for (const query of queries) listen(query, 'change', schedule)
    },
    _flush() {
      sendViewport()
      send(OP_ENVIRONMENT, queries.reduce((bits, { matches }, at) => bits + (+matches << at), 0))
      send(OP_VISIBILITY, document.hidden ? 0 : 1 + +document.hasFocus())
      if (point) {
        if (now() - pointedAt >= POINTER_INTERVAL_MS) sendPointer()
        else schedule()
      }
      send(OP_HOVER, idOf(hovered))
      sendFocus()
      sendSelection()
    },
    _reset: () => sent.clear(),
  }
}
