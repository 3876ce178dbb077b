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
import type { Frame } from './sink'
import { contentOf, type Tree } from './tree'

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

export type Listen = (target: EventTarget, types: string, heard: (event: never) => void) => void

export interface Visitor {
  /** Listens in a document, the top one or a frame's. */
  _listen(document: Document, listen: Listen): void
  _flush(): void
  /** Sends everything anew. */
  _reset(): void
}

/** The innermost target, through open shadow roots. */
export const targetOf = (event: Event): Node | null => (event.composedPath()[0] ?? event.target) as Node | null

/** Offset of a frame's viewport in the top one. */
const offsetOf = (view: Window | null): [number, number] => {
  let x = 0
  let y = 0
  for (let at = view; at && at != window; at = at.parent) {
    const frame = at.frameElement
    if (!frame) break
    const box = frame.getBoundingClientRect()
    x += box.left + frame.clientLeft
    y += box.top + frame.clientTop
  }
  return [x, y]
}

export const createVisitor = (frame: Frame, tree: Tree): Visitor => {
  const { _write: write, _now: now, _schedule: schedule } = frame
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

  const place = ({ clientX, clientY, view }: { clientX: number; clientY: number; view?: Window | null }): [number, number] => {
    const [x, y] = offsetOf(view ?? null)
    return [Math.round(clientX + x), Math.round(clientY + y)]
  }

  const sendPointer = (): void => {
    if (!point) return
    send(OP_POINTER, ...point)
    point = undefined
    pointedAt = now()
  }

  const sendViewport = (): void => {
    const view = window.visualViewport
    const { scale = 1, offsetLeft = 0, offsetTop = 0 } = view ?? {}
    send(OP_VIEWPORT, ...[innerWidth, innerHeight, devicePixelRatio * 100, scale * 100, offsetLeft, offsetTop].map(Math.round))
  }

  /** The focused element, through open shadow roots and readable frames. */
  const focused = (root: Document | ShadowRoot): Element | null => {
    const at = root.activeElement
    const inner = at && (at.shadowRoot ?? contentOf(at))
    return (inner && focused(inner)) || at
  }

  const sendFocus = (): void => {
    const at = focused(document)
    const id = at && at.localName != 'body' ? tree._id(at) : 0
    send(OP_FOCUS, id, +(!!id && at!.matches(':focus-visible')))
  }

  /** Offset in characters, or in recorded children. */
  const offsetIn = (node: Node, offset: number): number =>
    node.nodeType == 1 ? [...node.childNodes].slice(0, offset).filter((child) => child.nodeType < 4).length : offset

  const sendSelection = (): void => {
    const selection = getSelection()
    const { anchorNode, focusNode, anchorOffset, focusOffset } = selection ?? {}
    const has = selection && anchorNode && focusNode && !selection.isCollapsed && tree._id(anchorNode) && tree._id(focusNode)
    send(
      OP_SELECTION,
      ...(has
        ? [tree._id(anchorNode), offsetIn(anchorNode, anchorOffset!), tree._id(focusNode), offsetIn(focusNode, focusOffset!)]
        : [0, 0, 0, 0]),
    )
  }

  const sendVisibility = (): void => {
    send(OP_VISIBILITY, document.visibilityState == 'hidden' ? 0 : document.hasFocus() ? 2 : 1)
  }
  const sendEnvironment = (): void => {
    send(OP_ENVIRONMENT, FEATURES.reduce((bits, feature, at) => bits + (+matchMedia(`(${feature})`).matches << at), 0))
  }

  const press = (event: PointerEvent): void => {
    const isDown = event.type == 'pointerdown'
    const [x, y] = place(event)
    const kind = Math.max(0, POINTER_KINDS.indexOf(event.pointerType))
    tree._flush()
    sendPointer()
    write(OP_PRESS, isDown ? tree._id(targetOf(event)) : 0, x, y, kind, Math.max(0, event.button))
  }

  const touch = (event: TouchEvent): void => {
    const phase = event.type == 'touchstart' ? 0 : event.type == 'touchmove' ? 1 : 2
    for (const { identifier, clientX, clientY } of event.changedTouches) {
      const [x, y] = place({ clientX, clientY, view: event.view })
      write(OP_TOUCH, Math.abs(identifier) % 64, x, y, phase)
    }
  }

  const dirty = (): void => schedule()

  return {
    _listen(root, listen) {
      listen(root, 'pointermove', (event: PointerEvent) => {
        if (event.pointerType == 'touch') return
        point = place(event)
        schedule()
      })
      listen(root, 'pointerover', (event: PointerEvent) => {
        hovered = targetOf(event)
        schedule()
      })
      listen(root, 'pointerdown pointerup pointercancel', press)
      listen(root, 'touchstart touchmove touchend touchcancel', touch)
      listen(root, 'focusin focusout selectionchange', dirty)
      if (root != document) return
      listen(root, 'pointerleave', (event: PointerEvent) => {
        if (event.target == root) hovered = null
      })
      listen(root, 'visibilitychange', dirty)
      listen(window, 'resize focus blur', dirty)
      if (window.visualViewport) listen(window.visualViewport, 'resize scroll', dirty)
      for (const feature of FEATURES) listen(matchMedia(`(${feature})`), 'change', dirty)
    },
    _flush() {
      sendViewport()
      sendEnvironment()
      sendVisibility()
      if (point) {
        if (now() - pointedAt >= POINTER_INTERVAL_MS) sendPointer()
        else schedule()
      }
      send(OP_HOVER, tree._id(hovered))
      sendFocus()
      sendSelection()
    },
    _reset: () => sent.clear(),
  }
}
