// One page for each rule of the flush that breaks the recording when the rule is left out. Each answers with what is wrong, or null.
import { createMirror, difference, task } from './mirror'

const page = (html) => {
  document.body.innerHTML = html
  return Object.fromEntries([...document.querySelectorAll('[id]')].map((element) => [element.id, element]))
}
const verdict = async (mirror) => {
  await mirror.settle()
  const found = mirror.errors[0] ?? difference(document, mirror.tree.root, mirror.recorder)
  mirror.stop()
  return found ?? null
}
const recorded = async () => {
  const mirror = createMirror()
  await mirror.settle()
  return mirror
}
const delivery = () => Promise.resolve()

export const rules = {
  async aNodeThatLeavesTheDocumentLosesItsIdsAtOnce() {
    const { x } = page('<p id="x">old</p>')
    const mirror = await recorded()
    x.remove()
    await delivery()
    x.firstChild.data = 'new'
    document.body.append(x)
    return verdict(mirror)
  },
  async aForgottenNodeThatWasTouchedIsRemovedByItself() {
    const { x, y, d } = page('<div id="x"><b id="y"></b></div><div id="d"></div>')
    const mirror = await recorded()
    d.remove()
    d.append(y)
    return verdict(mirror, x)
  },
  async movedNodesAreTakenOutBeforeAnyIsPut() {
    const { a, b } = page('<div id="a"><div id="b"></div></div>')
    const mirror = await recorded()
    document.body.append(a)
    document.body.append(b)
    b.append(a)
    return verdict(mirror)
  },
  async aTouchedNodeWithAnUnknownParentIsForgotten() {
    const { x } = page('<p id="x">text</p>')
    const mirror = await recorded()
    const wrapper = document.createElement('div')
    document.body.append(x)
    x.replaceWith(wrapper)
    wrapper.append(x)
    return verdict(mirror)
  },
  async nodesArePutFromTheLeftmostOfATouchedRun() {
    page('<i id="x"></i>')
    const mirror = await recorded()
    const last = document.body.appendChild(document.createElement('b'))
    document.body.insertBefore(document.createElement('u'), last)
    return verdict(mirror)
  },
  async whatIsUnknownBelowAPendingNodeIsLeftToTheWalk() {
    page('<i></i>'.repeat(5000))
    const mirror = createMirror()
    await task()
    mirror.drain()
    document.body.append(document.createElement('b'))
    await delivery()
    mirror.recorder._flush()
    const count = mirror.drain().reduce((sum, op) => sum + (op.run?.length ?? 0), 0)
    return (await verdict(mirror)) ?? (count > 500 ? `a flush put ${count} nodes` : null)
  },
  async everySliceStartsWithAFlush() {
    const { k } = page(`<div id="q"><b id="k"></b></div>${'<i></i>'.repeat(1000)}`)
    const mirror = createMirror()
    await task()
    mirror.drain()
    const unknown = [...document.body.children].find((element) => !mirror.recorder._idOf(element))
    if (!unknown) return 'the first slice walked everything'
    unknown.before(k)
    await task()
    await task()
    mirror.drain()
    return verdict(mirror)
  },
  async aSliceKeepsNoCursor() {
    page('<i></i>'.repeat(1000))
    const mirror = createMirror()
    await task()
    await task()
    document.body.prepend(document.body.lastChild)
    return verdict(mirror)
  },
}
