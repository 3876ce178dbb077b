// Records the document: wires what observes (tree, styles, state, visitor) to one clock of frames and to the sink.
import { OP_MARK } from './ops'
import type { Frame, Late, Recorder, RecorderDeps, Root } from './sink'
import { createState } from './state'
import { createTree, type TreeHooks } from './tree'
import { patch } from './patch'
import { createVisitor, targetOf } from './visitor'

/** Values that have no event are read this often while the page is visible. */
const POLL_MS = 250
/** While hidden there are no frames: changes are gathered this long. */
const HIDDEN_FLUSH_MS = 1000

/** Starts to record: observes first, then walks the document in slices. */
export const startRecorder = (deps: RecorderDeps): Recorder => {
  const { _guard: guard, _now: now } = deps
  const undo: (() => void)[] = []
  const known = new WeakSet<Root>()
  let isScheduled = false
  let timer = 0

  const listen = (target: EventTarget, types: string, heard: (event: never) => void): void => {
    // What an event writes has the event's time, not that of the last flush.
    const listener = guard((event: Event) => {
      frame._tick()
      heard(event as never)
    })
    for (const type of types.split(' ')) {
      target.addEventListener(type, listener, { capture: true, passive: true })
      undo.push(() => target.removeEventListener(type, listener, true))
    }
  }

  // Frames come first, then a task: what later callbacks of the same frame still change is part of it.
  const channel = new MessageChannel()
  const post = (): void => channel.port2.postMessage(0)
  const schedule = (): void => {
    if (isScheduled) return
    isScheduled = true
    if (document.visibilityState == 'hidden') timer = window.setTimeout(post, HIDDEN_FLUSH_MS)
    else requestAnimationFrame(post)
  }

  let t = 0
  const frame: Frame = {
    ...deps,
    _write: (code, ...fields) => deps._sink._op(code, t, fields),
    _tick() {
      t = now()
    },
    _schedule: schedule,
  }

  let late: Late | undefined
  /** What the part on demand will hear of when it is there; undefined: it is, or it can't be had. */
  let unheard: Set<Element | Root> | undefined = new Set()
  const tell = (node: Element | Root): void => {
    if (unheard) unheard.add(node)
    else if (node.nodeType == 1) late?._element(node as Element)
    else late?._root(node as Root)
  }

  const hooks: TreeHooks = {
    _element(element, rule) {
      state._element(element, rule)
      tell(element)
    },
    _root(root) {
      tell(root)
      if (root != document && root.nodeType == 9) state._scrolled(root)
      if (known.has(root)) return
      known.add(root)
      listenIn(root)
    },
    _restyled: tell,
    _isBusy: () => !!unheard || !!late?._isBusy(),
  }
  const tree = createTree(frame, hooks)
  const state = createState(frame, tree)
  const visitor = createVisitor(frame, tree)
  void deps._load({ ...frame, _idOf: tree._id, _allocate: tree._allocate, _work: tree._work }).then(
    guard((part: Late | void) => {
      const nodes = unheard!
      late = part as Late | undefined
      unheard = undefined
      frame._tick()
      nodes.forEach(tell)
      tree._work()
    }),
  )

  const loaded = (event: Event): void => {
    const element = targetOf(event) as Element
    if (element.nodeType != 1) return
    if (/^i?frame$/.test(element.localName)) tree._rescan(element)
    else tell(element)
  }

  const listenIn = (root: Root): void => {
    listen(root, 'scroll', (event: Event) => state._scrolled(event.target as Node))
    listen(root, 'load', loaded)
    // Composed events reach the document; the innermost target is in their path.
    if (root.nodeType != 9) return
    listen(root, 'input change', (event: Event) => {
      state._field(targetOf(event) as Element)
    })
    listen(root, 'toggle fullscreenchange reset', () => window.setTimeout(poll))
    visitor._listen(root as Document, listen)
    const view = (root as Document).defaultView as typeof globalThis & Window
    if (!view) return
    undo.push(patch(view.Element.prototype, 'attachShadow', 'value', guard((host: Element) => tree._rescan(host))))
  }

  const flush = (): void => {
    frame._tick()
    tree._flush()
    late?._flush()
    state._flush()
    visitor._flush()
  }
  channel.port1.onmessage = guard(() => {
    isScheduled = false
    flush()
  })

  const poll = guard(() => {
    frame._tick()
    late?._poll()
    state._poll()
    flush()
  })
  const interval = window.setInterval(() => {
    if (document.visibilityState != 'hidden') poll()
  }, POLL_MS)

  const snapshot = (reason: number): void => {
    frame._tick()
    visitor._reset()
    unheard?.clear()
    late?._reset()
    tree._snapshot(reason)
    state._reset()
  }
  snapshot(0)

  return {
    _idOf: tree._id,
    _allocate: tree._allocate,
    _snapshot: snapshot,
    _flush: poll,
    _mark(name) {
      poll()
      frame._write(OP_MARK, name)
    },
    _stop() {
      clearInterval(interval)
      clearTimeout(timer)
      channel.port1.close()
      tree._stop()
      late?._stop()
      for (const stop of undo.reverse()) stop()
    },
  }
}
