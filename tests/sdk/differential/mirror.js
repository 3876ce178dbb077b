// A recorder and a receiver in one page: ops go from one to the other through the wire format, and the two trees are compared.
import { attributeName, attributeValue, elementName, isHollow } from '../../../sdk_js/src/attributes'
import { BLOCK, maskText, ruleOf } from '../../../sdk_js/src/mask'
import { startRecorder } from '../../../sdk_js/src/recorder'
import { createSection } from '../../../sdk_js/src/section'
import { applyOp } from '../../../replay/player/reduce.js'
import { Tree } from '../../../replay/player/tree.js'
import { readSection } from '../../../replay/player/wire.js'

const scrub = (url) => url.split('?')[0]

/** Starts a recorder on this page's document and a receiver beside it. `clock`: ms, by default one ms a look, so that slices are short. */
export const createMirror = (clock) => {
  let time = 0
  let section = createSection()
  const tree = new Tree()
  const errors = []
  const names = []
  let depth = 0
  const now = clock ?? (() => ++time)
  const recorder = startRecorder({
    _sink: {
      _op(code, t, fields) {
        section._op(code, t, fields)
        return section
      },
      _fact() {},
      _walking() {},
    },
    _now: now,
    _guard:
      (callback) =>
      (...args) => {
        try {
          return callback(...args)
        } catch (error) {
          errors.push(String(error.stack))
        }
      },
    _scrub: scrub,
    _load: () => Promise.resolve(),
  })
  /** Hands over what was recorded. */
  const drain = () => {
    const { ops, damage } = readSection(section._finish(section._firstT), section._firstT)
    section = createSection()
    errors.push(...damage)
    for (const op of ops) {
      applyOp(tree, op)
      names.push(op.code)
      if (op.code == 1) depth = 0
      if (op.code == 2) depth++
      if (op.code == 3) depth--
    }
    errors.push(...tree.damage.splice(0))
    return ops
  }
  return {
    tree,
    recorder,
    errors,
    /** Codes of all ops received. */
    names,
    drain,
    /** Everything is walked and received. */
    async settle() {
      for (let tries = 0; tries < 2000; tries++) {
        recorder._flush()
        drain()
        if (!depth) return
        await task()
      }
      errors.push('the walk does not end')
    },
    stop: () => recorder._stop(),
  }
}

const channel = new MessageChannel()
const waiting = []
channel.port1.onmessage = () => waiting.shift()()
/** The next task: slices that were queued before have run. */
export const task = () =>
  new Promise((resolve) => {
    waiting.push(resolve)
    channel.port2.postMessage(0)
  })

const isRecorded = (node) => node.nodeType == 1 || node.nodeType == 3 || node.nodeType == 4
const childrenOf = (node) => {
  const list = []
  for (let child = node.first; child; child = child.next) list.push(child)
  return list
}

/** The first difference between a live node and the received one; null when there is none. */
export const difference = (live, received, recorder, path = '') => {
  if (!received) return `${path}: nothing received`
  if (recorder._idOf(live) != received.id) return `${path}: id ${recorder._idOf(live)} is ${received.id} at the receiver`
  if (live.nodeType == 3) {
    const text = maskText(live.data, ruleOf(live)).replace(/\0/g, '\ufffd')
    return text == received.text ? null : `${path}: text ${JSON.stringify(text)} is ${JSON.stringify(received.text)}`
  }
  if (live.nodeType == 1) {
    const different = differentElement(live, received, path)
    if (different) return different
  }
  const isEmpty = live.nodeType == 1 && (isHollow(live) || ruleOf(live) == BLOCK)
  const children = isEmpty ? [] : [...live.childNodes].filter(isRecorded)
  const others = childrenOf(received)
  if (children.length != others.length) return `${path}: ${children.length} children are ${others.length} at the receiver`
  if (!isEmpty && live.shadowRoot) {
    const different = difference(live.shadowRoot, received.shadow, recorder, `${path}/shadow`)
    if (different) return different
  } else if (received.shadow) return `${path}: a shadow root that is none`
  for (const [at, child] of children.entries()) {
    const different = difference(child, others[at], recorder, `${path}/${child.nodeName}[${at}]`)
    if (different) return different
  }
  return null
}

const differentElement = (live, received, path) => {
  if (elementName(live) != received.name) return `${path}: ${elementName(live)} is ${received.name}`
  const rule = ruleOf(live)
  const expected = new Map()
  if (!isHollow(live) && rule != BLOCK) {
    for (const attribute of live.attributes) {
      const value = attributeValue(live, attribute.name, attribute.value, rule, scrub)
      if (value != null) expected.set(attributeName(attribute.namespaceURI, attribute.name), value)
    }
  }
  const attrs = received.attrs ?? new Map()
  for (const [name, value] of expected) {
    if (attrs.get(name) != value) return `${path}: ${name}=${JSON.stringify(value)} is ${JSON.stringify(attrs.get(name))}`
  }
  for (const name of attrs.keys()) if (!expected.has(name)) return `${path}: ${name} is left at the receiver`
  return null
}
