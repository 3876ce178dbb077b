// Records the document: wires what observes (the tree here, all else in the part on demand) to one clock of frames and to the sink.
import type { Guard } from './guard'
import { OP_MARK } from './ops'
import type { Frame, Late, Recorder, RecorderDeps, Root } from './sink'
import { lent } from './lent'
import { createListen, targetOf } from './page'
import { patch } from './patch'
import { createTree, type TreeHooks } from './tree'

/** Values that have no event are read this often while the page is visible. */
const POLL_MS = 250
/** While hidden there are no frames: changes are gathered this long. */
const HIDDEN_FLUSH_MS = 1000

/** Starts to record: observes first, then walks the document in slices. */
export const startRecorder = (deps: RecorderDeps): Recorder => {
  const { _guard: guard, _now: now } = deps
  const undo: (() => void)[] = []
  let t = 0
  // What writes begins with this: all ops of one callback have its time.
  const guardFrame: Guard = (callback) =>
    guard((...args) => {
      t = now()
      return callback(...args)
    })
  const listen = createListen(guardFrame, undo)
  const known = new WeakSet<Root>()
  let timer = 0

  const createTask: Frame['_task'] = (run, wait = (post) => post()) => {
    let isWaiting = false
    // A message, as timers would wait 4 ms each.
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = guardFrame(() => {
      isWaiting = false
      run()
    })
    undo.push(() => port1.close())
    return () => {
      if (!isWaiting) wait(() => port2.postMessage(0))
      isWaiting = true
    }
  }
  // Frames come first, then a task: what later callbacks of the same frame still change is part of it.
  const schedule = createTask(
    () => flush(),
    (post) => {
      if (document.hidden) timer = setTimeout(post, HIDDEN_FLUSH_MS)
      else requestAnimationFrame(post)
    },
  )

  const frame: Frame = {
    ...deps,
    _write: (code, ...fields) => deps._sink._op(code, t, fields),
    _tick() {
      t = now()
    },
    _schedule: schedule,
    _task: createTask,
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
    _element: tell,
    _root(root) {
      tell(root)
      if (known.has(root)) return
      known.add(root)
      listen(root, 'load', (event) => {
        const element = targetOf(event)
        if (/^i?frame$/.test(element.localName)) tree._rescan(element)
        else if (element.nodeType == 1) tell(element)
      })
      const { defaultView } = root as Document
      if (!defaultView) return
      const { Element } = defaultView as unknown as typeof globalThis
      undo.push(patch(Element.prototype, 'attachShadow', 'value', guard((host: Element) => tree._rescan(host))))
    },
    _isBusy: () => unheard || late?._isBusy(),
  }
  const tree = createTree(frame, hooks)
  void deps._load({ ...frame, ...tree, ...lent, _listen: listen }).then(
    guardFrame((part: Late | void) => {
      const nodes = unheard!
      late = part as Late | undefined
      unheard = undefined
      nodes.forEach(tell)
      flush()
      tree._work()
    }),
  )

  const flush = (): void => {
    tree._flush()
    late?._flush()
  }
  const poll = guardFrame(() => {
    late?._poll()
    flush()
  })
  const interval = setInterval(() => {
    if (!document.hidden) poll()
  }, POLL_MS)

  const snapshot = guardFrame((reason: number) => {
    unheard?.clear()
    late?._reset()
    tree._snapshot(reason)
    late?._flush()
  })
  snapshot(0)

  return {
    ...tree,
    _snapshot: snapshot,
    _flush: poll,
    _mark(name) {
      poll()
      frame._write(OP_MARK, name)
    },
    _stop() {
      clearInterval(interval)
      clearTimeout(timer)
      tree._stop()
      late?._stop()
      for (const stop of undo.reverse()) stop()
    },
  }
}
