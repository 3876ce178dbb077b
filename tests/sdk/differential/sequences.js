// Random operations on the page between the slices of the walk and the flushes of the recorder; after each sequence both trees must agree.
import { createMirror, difference, task } from './mirror'
import { rules } from './rules'

/** A small generator with a seed (mulberry32): a failing sequence can be run again. */
const createRandom = (seed) => {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

const TAGS = ['div', 'span', 'p', 'ul', 'li', 'section', 'b', 'table', 'td']
const NAMES = ['id', 'class', 'lang', 'style', 'data-a', 'href', 'title', 'hidden']

/** Runs one sequence of `length` operations; the first difference, or null. `log` gets the operations in words. */
export const runSequence = async (seed, length, log = []) => {
  const random = createRandom(seed)
  document.body.replaceChildren()
  const host = document.body.appendChild(document.createElement('main'))
  const pool = []
  const fill = (parent, count) => {
    for (let made = 0; made < count; made++) parent.appendChild(fresh())
  }
  const fresh = () => {
    const kind = random(10)
    if (kind < 3) return document.createTextNode('t' + random(1000))
    if (kind == 3) return document.createComment('c')
    if (kind == 4) return document.createElementNS('http://www.w3.org/2000/svg', 'g')
    const element = document.createElement(TAGS[random(TAGS.length)])
    if (random(3) == 0) element.setAttribute(NAMES[random(NAMES.length)], 'v' + random(50))
    if (random(2)) fill(element, random(3))
    return element
  }
  /** All nodes in the page and in the pool, shadow trees too. */
  const all = () => {
    const found = []
    const add = (node) => {
      found.push(node)
      if (node.shadowRoot) add(node.shadowRoot)
      node.childNodes.forEach(add)
    }
    add(host)
    pool.forEach(add)
    return found
  }
  const pick = (list) => list[random(list.length)]
  const isParent = (node) => node.nodeType == 1 || node.nodeType == 11
  const contains = (node, other) => {
    for (let at = other; at; at = at.parentNode ?? at.host) if (at == node) return true
    return false
  }
  const insert = (node, parent) => {
    if (contains(node, parent)) return
    const index = pool.indexOf(node)
    if (index >= 0) pool.splice(index, 1)
    parent.insertBefore(node, pick([null, ...parent.childNodes]))
  }

  fill(host, 40)
  const mirror = createMirror()
  const operations = {
    add: () => insert(fresh(), pick(all().filter(isParent))),
    move() {
      const nodes = all().filter((node) => node != host && node.nodeType != 11)
      if (nodes.length) insert(pick(nodes), pick(all().filter(isParent)))
    },
    remove() {
      const nodes = all().filter((node) => node != host && node.nodeType != 11 && node.parentNode)
      if (!nodes.length) return
      const node = pick(nodes)
      node.remove()
      pool.push(node)
    },
    restore() {
      if (pool.length) insert(pick(pool), pick(all().filter((node) => isParent(node) && node.isConnected)))
    },
    attribute() {
      const element = pick(all().filter((node) => node.nodeType == 1))
      const name = NAMES[random(NAMES.length)]
      if (random(4)) element.setAttribute(name, 'w' + random(9))
      else element.removeAttribute(name)
    },
    mark() {
      const element = pick(all().filter((node) => node.nodeType == 1))
      if (random(2)) element.setAttribute('data-visitreel', pick(['mask', 'block', 'unmask']))
      else element.removeAttribute('data-visitreel')
    },
    text() {
      const texts = all().filter((node) => node.nodeType == 3)
      if (!texts.length) return
      const text = pick(texts)
      if (random(3)) text.data = 'u' + random(1000)
      else if (text.length > 1) text.splitText(1)
    },
    normalize: () => pick(all().filter(isParent)).normalize(),
    clear: () => pick(all().filter((node) => isParent(node) && node != host)).replaceChildren(),
    html() {
      pick(all().filter((node) => node.nodeType == 1)).innerHTML = '<i>a</i>b<u class="x"><s>c</s></u>'.repeat(1 + random(3))
    },
    large() {
      if (random(4)) return
      const parent = pick(all().filter((node) => isParent(node) && node.isConnected))
      parent.append(...Array.from({ length: 60 }, () => document.createElement('em')))
    },
    sort() {
      const parent = pick(all().filter(isParent))
      const children = [...parent.childNodes].sort(() => random(3) - 1)
      for (const child of children) parent.appendChild(child)
    },
    shadow() {
      const hosts = all().filter((node) => node.localName == 'div' && !node.shadowRoot)
      if (hosts.length && random(2)) fill(pick(hosts).attachShadow({ mode: 'open' }), 2)
    },
    wrap() {
      const nodes = all().filter((node) => node != host && node.nodeType != 11 && node.parentNode)
      if (!nodes.length) return
      const node = pick(nodes)
      const wrapper = document.createElement('div')
      node.replaceWith(wrapper)
      wrapper.append(node)
    },
    unwrap() {
      const nodes = all().filter((node) => node.nodeType == 1 && node != host && node.parentNode)
      if (nodes.length) {
        const node = pick(nodes)
        node.replaceWith(...node.childNodes)
      }
    },
  }
  const kinds = Object.keys(operations)
  for (let step = 0; step < length; step++) {
    const kind = pick(kinds)
    log.push(kind)
    operations[kind]()
    const pause = random(8)
    if (pause == 0) {
      log.push('-- flush')
      mirror.recorder._flush()
    } else if (pause == 1) {
      log.push('-- delivery')
      await null
    } else if (pause == 2) {
      log.push('-- slice')
      await task()
    }
  }
  await mirror.settle()
  const found = mirror.errors[0] ?? difference(document, mirror.tree.root, mirror.recorder)
  mirror.stop()
  return found ?? null
}

/** Runs sequences with the seeds from `first` on; the failures. */
export const runSequences = async (first, count, length) => {
  const failures = []
  for (let seed = first; seed < first + count && failures.length < 5; seed++) {
    const log = []
    const found = await runSequence(seed, length, log)
    if (found) failures.push({ seed, found, log })
  }
  return failures
}

window.differential = { createMirror, difference, task, runSequence, runSequences, rules }
