// The document in slices, then its changes frame by frame: mutation records go in, ops that put, move and remove nodes come out.
//
// Records only say what is dirty. A flush compares the dirty nodes with what was sent, so a node that came and went within a frame costs
// nothing. The snapshot is the same path: a document whose children are all unknown and whose walk is pending.
import { attributeName, attributeValue, elementName, isHollow, isOpen } from './attributes'
import { BLOCK, MASK, markOf, maskText, ruleAt, ruleOf, type Rule } from './mask'
import {
  OP_ATTR,
  OP_ATTR_REMOVE,
  OP_BEGIN,
  OP_DOCUMENT,
  OP_END,
  OP_MOVE,
  OP_PUT,
  OP_REMOVE,
  OP_SET_TEXT,
  OP_TAKE,
  ROOT_ID,
} from './ops'
import type { Section } from './section'
import type { Frame, Root } from './sink'

/** The longest a slice of the walk may take, ms: far below the 50 ms that a visitor can feel. */
const SLICE_MS = 5
/** An insert of more elements than this is walked in slices, between begin and end. */
const LARGE_INSERT = 1500
const MAX_DEPTH = 4000
const MAX_NODES = 500_000
const MAX_ATTRIBUTES = 512

/** What the other parts of the recorder do when nodes come and change. */
export interface TreeHooks {
  /** The receiver knows this element, and its attributes may not be all there is to it: it is new, or its style is. */
  _element(element: Element): void
  /** A document or shadow root is recorded from now on. */
  _root(root: Root): void
  /** Does something else than the walk keep the snapshot from being complete? */
  _isBusy(): unknown
}

export interface Tree {
  _idOf(node: Node | null | undefined): number
  /** A new id, for what is not a node. */
  _allocate(): number
  _snapshot(reason: number): void
  /** Emit what is dirty. */
  _flush(): void
  /** The shadow root or content document of this element may be another than before. */
  _rescan(element: Element): void
  /** The next slice looks whether the snapshot is complete. */
  _work(): void
  _stop(): void
}

/** Elements and texts. Comments and processing instructions show nothing: they are not recorded, a sibling of theirs stays a sibling. */
const isRecorded = (node: Node): boolean => node.nodeType < 5

/** Quirks mode of a document: 0 none, 1 limited, 2 full (HTML standard, "the initial insertion mode"). */
export const modeOf = ({ compatMode, doctype }: Document): number =>
  compatMode == 'BackCompat'
    ? 2
    : /dtd (xhtml 1.0|html 4.01) [ft]/i.test(doctype?.publicId ?? '')
      ? 1
      : 0

// By how their names begin: input, textarea, select, img, image, use, link, style, (i)frame, video, canvas, object, embed, dialog.
const HAS_STATE = /^(inp|texta|sel|im|use$|link|sty|i?fra|vid|can|obj|emb|dia)/

/** The document in a frame element that may be read; null for another origin's. */
export const contentOf = (element: Element): Document | null => {
  try {
    return /^i?frame$/.test(element.localName) ? (element as HTMLIFrameElement).contentDocument : null
  } catch {
    return null // another origin's frame throws in some browsers
  }
}

export const createTree = (frame: Frame, hooks: TreeHooks): Tree => {
  const { _write: write, _now: now, _scrub: scrub, _guard: guard } = frame
  let ids = new WeakMap<Node, number>()
  let nextId = ROOT_ID + 1
  /** Named in added or removed nodes since the last flush. */
  const touched = new Set<Node>()
  /** Ids that the receiver still has, of nodes forgotten since the last flush. */
  const lost = new Map<Node, number>()
  /** Attribute name → [namespace, value that was last sent]. */
  const dirtyAttributes = new Map<Element, Map<string, [string | null, string | null]>>()
  const dirtyTexts = new Map<Node, string>()
  /** Known nodes with children that are not yet walked. */
  const pending = new Set<Node>()
  /** New elements and roots whose other state is sent behind the run that they came in. */
  let after: (Element | Root)[] = []
  /** Where nodes of this frame came from and went to: with one such parent no move can make a cycle. */
  let parents = new Set<Node>()
  const frames = new WeakMap<Element, Document>()
  let isOpenInterval = false
  let deadline = Infinity

  const id = (node: Node | null | undefined): number => (node && ids.get(node)) || 0

  const forget = (node: Node): void => {
    const known = ids.get(node)
    if (known) {
      lost.set(node, known)
      ids.delete(node)
      pending.delete(node)
    }
    const { shadowRoot } = node as Element
    const content = frames.get(node as Element)
    if (shadowRoot) forget(shadowRoot)
    if (content) forget(content)
    for (let child = node.firstChild; child; child = child.nextSibling) forget(child)
  }

  const touch = (node: Node): void => {
    if (!isRecorded(node)) return
    touched.add(node)
    if (!node.isConnected) forget(node)
  }

  const collect = (records: MutationRecord[]): void => {
    for (const record of records) {
      const { target, type } = record
      if (type == 'childList') {
        parents.add(target)
        record.addedNodes.forEach(touch)
        record.removedNodes.forEach(touch)
        if ((target as Element).localName == 'style') dirtyTexts.set(target, '')
      } else if (id(target)) {
        if (type == 'characterData') {
          if (!dirtyTexts.has(target)) dirtyTexts.set(target, record.oldValue ?? '')
        } else {
          let names = dirtyAttributes.get(target as Element)
          if (!names) dirtyAttributes.set(target as Element, (names = new Map()))
          const name = record.attributeName!
          if (!names.has(name)) names.set(name, [record.attributeNamespace, record.oldValue])
        }
      }
    }
    if (records.length) frame._schedule()
  }

  const observer = new MutationObserver(guard(collect))
  const observe = (root: Root): void =>
    observer.observe(root, {
      subtree: true,
      childList: true,
      attributeOldValue: true,
      characterDataOldValue: true,
    })

  const textOf = (node: Node, text: string, rule: Rule): string => {
    const parent = node.parentNode as Element | null
    return parent?.localName == 'style'
      ? text
      : parent?.localName == 'textarea'
        ? isOpen(parent, rule)
          ? text
          : text && MASK
        : maskText(text, rule)
  }

  const newId = (node: Node): void => {
    ids.set(node, nextId++)
    touched.delete(node)
  }

  /** Into a host or frame element. */
  const putRoot = (section: Section, host: Element, root: Root, rule: Rule, depth: number): void => {
    if ('host' in root) section._shadow()
    else {
      frames.set(host, root)
      section._content(modeOf(root))
    }
    newId(root)
    after.push(root)
    observe(root)
    putChildren(section, root, rule, depth)
    section._up()
  }

  const putChildren = (section: Section, parent: Node, rule: Rule, depth: number): void => {
    for (let child = parent.firstChild; child; child = child.nextSibling) {
      if (!isRecorded(child) || id(child)) continue
      if (!deadline) return void pending.add(parent)
      putNode(section, child, rule, depth + 1)
    }
  }

  const putNode = (section: Section, node: Node, inherited: Rule, depth: number): void => {
    newId(node)
    if (!(nextId & 31) && now() > deadline) deadline = 0
    if (node.nodeType != 1) return section._textNode(textOf(node, node.nodeValue!, inherited))
    const element = node as Element
    // By names, not by attribute nodes: these would be made for the asking, one for every attribute of the page.
    const names = element.getAttributeNames()
    const rule = ruleAt(element, inherited, names)
    const isEmpty = isHollow(element) || rule == BLOCK
    let shape = elementName(element)
    let className = ''
    const values: string[] = []
    let hasState = rule == BLOCK || HAS_STATE.test(element.localName) || element.scrollTop || element.scrollLeft
    if (!isEmpty) {
      let count = 0
      for (const name of names) {
        const value = attributeValue(element, name, element.getAttribute(name)!, rule, scrub)
        if (value == null || count++ >= MAX_ATTRIBUTES) continue
        shape += ' ' + (name.includes(':') ? attributeName(element.getAttributeNode(name)!.namespaceURI, name) : name)
        if (name == 'class') className = '\n' + value
        else values.push(value)
        if (name == 'popover' || value.includes('url(')) hasState = 1
      }
    }
    section._element(shape + className, values)
    if (hasState) after.push(element)
    if (!isEmpty && depth < MAX_DEPTH && nextId < MAX_NODES) {
      const { shadowRoot } = element
      const content = contentOf(element)
      if (shadowRoot) putRoot(section, element, shadowRoot, rule, depth)
      if (content) putRoot(section, element, content, rule, depth)
      else putChildren(section, element, rule, depth)
    }
    section._up()
  }

  /** Puts unknown siblings from `first` on as one run behind `prev`; returns the node behind the run, and the new `prev`. */
  const putRun = (parent: Node, prev: number, first: Node, rule: Rule): [Node | null, number] => {
    const section = write(OP_PUT, id(parent), prev, nextId)
    let node: Node | null = first
    for (; node && !id(node) && deadline; node = node.nextSibling) {
      if (!isRecorded(node)) continue
      prev = nextId
      putNode(section, node, rule, 0)
    }
    section._up()
    runAfter()
    return [node, prev]
  }

  const putShadowOrContent = (host: Element, root: Root, rule: Rule): void => {
    const section = write(OP_PUT, id(host), 0, nextId)
    putRoot(section, host, root, rule, 0)
    section._up()
    runAfter()
  }

  const runAfter = (): void => {
    const list = after
    after = []
    for (const node of list) {
      if (node.nodeType == 1) hooks._element(node as Element)
      else hooks._root(node as Root)
    }
  }

  /** Puts what is unknown below a known node; no cursor is kept, known children are skipped. */
  const walk = (parent: Node): void => {
    const rule = ruleOf(parent)
    if (parent.nodeType == 1) {
      const { shadowRoot } = parent as Element
      const content = contentOf(parent as Element)
      if (rule == BLOCK) return
      for (const root of [shadowRoot, content]) if (root && !id(root)) putShadowOrContent(parent as Element, root, rule)
      if (content) return
    }
    let prev = 0
    for (let node: Node | null = parent.firstChild; node; ) {
      const known = id(node)
      if (known || !isRecorded(node)) {
        prev = known || prev
        node = node.nextSibling
      } else if (!deadline) {
        pending.add(parent)
        return
      } else [node, prev] = putRun(parent, prev, node, rule)
    }
  }

  const begin = (): void => {
    if (isOpenInterval) return
    isOpenInterval = true
    write(OP_BEGIN)
    frame._sink._walking(true)
  }

  // A task of its own: the page's own work and rendering go in between.
  const queueSlice = frame._task(() => {
    flush()
    deadline = now() + SLICE_MS
    for (const node of pending) {
      if (!deadline) break
      pending.delete(node)
      if (id(node)) walk(node)
    }
    deadline = Infinity
    if (pending.size) queueSlice()
    else if (isOpenInterval && !hooks._isBusy()) {
      isOpenInterval = false
      write(OP_END)
      frame._sink._walking(false)
    }
  })

  /** Makes a node new to the receiver: it is put again with all below it. */
  const renew = (node: Node): void => {
    forget(node)
    touched.add(node)
  }

  /** Does this decide how the element and what is below it are recorded (type of an input, rel of a link, marks)? Rather once too often. */
  const needsRenewal = (name: string, old: string | null, value: string | null): boolean =>
    /^(type|rel)$/.test(name) || markOf(name, old) != markOf(name, value)

  const flushAttributes = (): void => {
    for (const [element, names] of dirtyAttributes) {
      if (!id(element) || isHollow(element)) continue
      const rule = ruleOf(element)
      if (rule == BLOCK) continue
      for (const [local, [namespace, old]] of names) {
        const attribute = element.getAttributeNodeNS(namespace, local)
        // The prefix of one that is gone is not known: everybody's is this.
        const name = attribute?.name ?? (namespace ? 'xlink:' : '') + local
        const before = old == null ? null : attributeValue(element, name, old, rule, scrub)
        const value = attribute && attributeValue(element, name, attribute.value, rule, scrub)
        if (before == value) continue
        const written = attributeName(namespace, name)
        if (value == null) write(OP_ATTR_REMOVE, id(element), written)
        else {
          write(OP_ATTR, id(element), written, value)
          if (value.includes('url(')) hooks._element(element)
        }
      }
    }
  }

  const flushTexts = (): void => {
    for (const [node, old] of dirtyTexts) {
      if (!id(node)) continue
      if (node.nodeType != 1) {
        const rule = ruleOf(node)
        const text = textOf(node, node.nodeValue!, rule)
        if (text != textOf(node, old, rule)) write(OP_SET_TEXT, id(node), text)
      }
      const style = (node.nodeType == 1 ? node : node.parentNode) as Element | null
      if (style?.localName == 'style') hooks._element(style)
    }
  }

  /** Is nothing recorded below this node? */
  const isClosed = (parent: Node): boolean => ruleOf(parent) == BLOCK || (parent.nodeType == 1 && isHollow(parent as Element))

  /** Puts and moves the touched nodes around `node`, from the leftmost of its touched run on. */
  const place = (node: Node): void => {
    const parent = node.parentNode
    if (!parent || !id(parent)) return // with an unknown parent it is found by that parent's walk
    let prev = 0
    let first = node
    for (let left = node.previousSibling; left; left = left.previousSibling) {
      if (!isRecorded(left)) continue
      if (id(left) && !touched.has(left)) {
        prev = id(left)
        break
      }
      first = left
    }
    if (isClosed(parent)) return
    const rule = ruleOf(parent)
    for (let at: Node | null = first; at; ) {
      const known = id(at)
      if (known && !touched.has(at)) break
      touched.delete(at)
      if (known) {
        write(OP_MOVE, known, id(parent), prev)
        prev = known
      } else if (isRecorded(at) && !pending.has(parent)) {
        // What is unknown below a parent whose walk is pending is left to that walk.
        if (!deadline) pending.add(parent)
        else {
          ;[at, prev] = putRun(parent, prev, at, rule)
          continue
        }
      }
      at = at.nextSibling
    }
  }

  const flushTouched = (): void => {
    // What moves between places with different rules is new to the receiver: its texts are masked as they are at their new place.
    const isMarked = parents.size > 1 && [...parents].some(ruleOf)
    for (const node of touched) {
      const parent = node.parentNode
      if (id(node) && (isMarked || !parent || !id(parent) || isClosed(parent))) forget(node)
    }
    let size = 0
    const taken: number[] = []
    const gone: number[] = []
    for (const node of touched) {
      if (lost.has(node)) gone.push(lost.get(node)!)
      if (id(node)) taken.push(id(node))
      else if (node.nodeType == 1 && size < LARGE_INSERT) size += 1 + (node as Element).getElementsByTagName('*').length
    }
    // All that moved is taken out before anything is forgotten or put in: so nothing goes down with a former parent, and no order of
    // moves can make a cycle. Within one parent neither can happen.
    if (parents.size > 1 && taken.length + gone.length > 1) for (const known of taken) write(OP_TAKE, known)
    for (const known of gone) write(OP_REMOVE, known)
    if (size >= LARGE_INSERT) {
      begin()
      deadline = now() + SLICE_MS
    }
    for (const node of touched) if (node.isConnected) place(node)
    deadline = Infinity
  }

  const flush = (): void => {
    collect(observer.takeRecords())
    for (const [element, names] of dirtyAttributes) {
      for (const [name, [, old]] of names) {
        if (id(element) && needsRenewal(name, old, element.getAttribute(name))) renew(element)
      }
    }
    if (touched.size) flushTouched()
    flushAttributes()
    flushTexts()
    touched.clear()
    lost.clear()
    parents = new Set()
    dirtyAttributes.clear()
    dirtyTexts.clear()
    if (pending.size) {
      begin()
      queueSlice()
    }
  }

  return {
    _idOf: id,
    _allocate: () => nextId++,
    _snapshot(reason) {
      observer.takeRecords()
      for (const set of [touched, lost, dirtyAttributes, dirtyTexts, pending]) set.clear()
      ids = new WeakMap()
      nextId = ROOT_ID
      newId(document)
      write(OP_DOCUMENT, modeOf(document), reason)
      isOpenInterval = false
      begin()
      observe(document)
      hooks._root(document)
      pending.add(document)
      queueSlice()
    },
    _flush: flush,
    _rescan(element) {
      if (!id(element)) return
      const before = frames.get(element)
      // The receiver has a document that is none any more: the snapshot may have met the empty one before the frame was loaded.
      if (before && before != contentOf(element)) renew(before)
      pending.add(element)
      frame._schedule()
    },
    _work: queueSlice,
    _stop() {
      observer.disconnect()
    },
  }
}
