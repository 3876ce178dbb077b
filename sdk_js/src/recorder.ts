// Records the document: wires what observes (tree, styles, state, visitor) to one clock of frames and to the sink.
import { OP_MARK } from './ops'
import type { Frame, Recorder, RecorderDeps } from './sink'
import { createState } from './state'
import { createStyles } from './styles'
import { contentOf, createTree, type Root, type TreeHooks } from './tree'
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
    const listener = guard(heard as (event: Event) => void)
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

  const hooks: TreeHooks = {
    _element(element, rule) {
      state._element(element, rule)
      styles._owner(element)
      if (element.hasAttribute('style')) styles._inline(element, element.getAttribute('style')!)
    },
    _root(root) {
      styles._root(root)
      if (root != document && root.nodeType == 9) state._scrolled(root)
      if (known.has(root)) return
      known.add(root)
      listenIn(root)
    },
    _styleText: (style) => styles._owner(style),
    _inlineStyle: (element, text) => styles._inline(element, text),
    _job: (deadline) => styles._job(deadline),
  }
  const tree = createTree(frame, hooks)
  const styles = createStyles(frame, tree)
  const state = createState(frame, tree)
  const visitor = createVisitor(frame, tree)

  const loaded = (event: Event): void => {
    const element = targetOf(event) as Element
    if (element.nodeType != 1) return
    const content = contentOf(element)
    if (element.localName == 'link') styles._owner(element)
    else if (content || /^i?frame$/.test(element.localName)) {
      const before = contents.get(element)
      if (before && before != content) tree._forgetDocument(before)
      if (content) contents.set(element, content)
      tree._rescan(element)
    } else deps._assets._shown(element)
  }
  const contents = new WeakMap<Element, Document>()

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
    undo.push(styles._patch(view))
    undo.push(patch(view.Element.prototype, 'attachShadow', 'value', guard((host: Element) => tree._rescan(host))))
  }

  const flush = (): void => {
    frame._tick()
    tree._flush()
    styles._flush()
    state._flush()
    visitor._flush()
  }
  channel.port1.onmessage = guard(() => {
    isScheduled = false
    flush()
  })

  const poll = guard(() => {
    frame._tick()
    styles._poll()
    state._poll()
    flush()
  })
  const interval = window.setInterval(() => {
    if (document.visibilityState != 'hidden') poll()
  }, POLL_MS)

  const snapshot = (reason: number): void => {
    frame._tick()
    visitor._reset()
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
      for (const stop of undo.reverse()) stop()
    },
  }
}
