import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { createStorage, load, setWindow } from './load.mjs'
import { timers } from './timers.mjs'

const { createIdentity } = await load('identity')

const MINUTE_MS = 60_000
const ID = /^[A-Za-z0-9_-]{22}$/
let local
let tabStore

beforeEach(() => {
  timers.reset()
  timers.enable({ apis: ['Date'], now: 1_800_000_000_000 })
  local = createStorage()
  tabStore = createStorage()
  setWindow({ localStorage: local, sessionStorage: tabStore })
})

const pass = (ms) => timers.setTime(Date.now() + ms)
const kept = () => {
  const identity = createIdentity('KEY')
  identity._keep()
  return identity
}
/** Another tab: the same localStorage, a sessionStorage of its own. */
const inOtherTab = (use) => {
  const restore = setWindow({ sessionStorage: createStorage() })
  try {
    return use()
  } finally {
    restore()
  }
}

test('ids are 22 characters of base64url and the secret has 16 bytes', () => {
  const identity = createIdentity('KEY')
  const { s, v, w } = identity._ids()
  for (const id of [s, v, identity._tab()]) assert.match(id, ID)
  assert.equal(w.length, 16)
  assert.equal(new Set([s, v, identity._tab()]).size, 3)
})

test('cookieless: nothing is stored, and the next page is another visitor', () => {
  const identity = createIdentity('KEY')
  pass(10_000)
  identity._touch()
  identity._close()
  assert.deepEqual([Object.keys(local), Object.keys(tabStore)], [[], []])
  assert.notEqual(createIdentity('KEY')._ids().s, identity._ids().s)
})

test('granted: the next page of the tab has the same visitor, session, secret and tab', () => {
  const one = kept()
  one._close()
  const two = kept()
  assert.deepEqual(two._ids(), one._ids())
  assert.equal(two._tab(), one._tab())
})

test('a grant within a page carries on with its session, now stored', () => {
  const identity = createIdentity('KEY')
  const { s } = identity._ids()
  assert.equal(identity._keep(), false)
  assert.equal(identity._ids().s, s)
  assert.equal(kept()._ids().s, s)
})

test('a grant in the page of a visitor whose session lives joins that session', () => {
  const { s, v } = kept()._ids()
  const identity = createIdentity('KEY')
  assert.equal(identity._keep(), true)
  assert.deepEqual([identity._ids().s, identity._ids().v], [s, v])
})

test('after 30 minutes without activity another session begins, of the same visitor', () => {
  const identity = kept()
  const { s, v } = identity._ids()
  pass(29 * MINUTE_MS)
  assert.equal(identity._touch(), false)
  pass(30 * MINUTE_MS + 1)
  assert.equal(identity._isIdle(), true)
  assert.equal(identity._touch(), true)
  assert.notEqual(identity._ids().s, s)
  assert.equal(identity._ids().v, v)
  assert.equal(identity._isIdle(), false)
})

test('a page opened after 30 minutes begins another session', () => {
  const { s, v } = kept()._ids()
  pass(31 * MINUTE_MS)
  const next = kept()._ids()
  assert.notEqual(next.s, s)
  assert.equal(next.v, v)
})

test('activity in one tab keeps the session of another alive', () => {
  const one = kept()
  const two = inOtherTab(kept)
  for (let i = 0; i < 4; i++) {
    pass(20 * MINUTE_MS)
    two._touch()
  }
  assert.equal(one._touch(), false)
  assert.equal(one._ids().s, two._ids().s)
})

test('a session that another tab has begun is joined at the next activity', () => {
  const one = kept()
  const two = inOtherTab(kept)
  pass(31 * MINUTE_MS)
  assert.equal(two._touch(), true)
  pass(10_000)
  assert.equal(one._touch(), true)
  assert.equal(one._ids().s, two._ids().s)
})

test('a session is a day old at most', () => {
  const identity = kept()
  const { s } = identity._ids()
  for (let i = 0; i < 24 * 3; i++) {
    pass(20 * MINUTE_MS)
    identity._touch()
  }
  pass(MINUTE_MS)
  identity._touch()
  assert.notEqual(identity._ids().s, s)
})

test('a clock that jumps back by years begins another session, once', () => {
  const identity = kept()
  pass(-3 * 365 * 86_400_000)
  assert.equal(identity._touch(), true)
  pass(10_000)
  assert.equal(identity._touch(), false)
})

test('a duplicated tab gets an id of its own', () => {
  const one = kept()
  // The browser copies sessionStorage while the page is open.
  const copy = Object.assign(createStorage(), tabStore)
  setWindow({ sessionStorage: copy })
  const two = kept()
  assert.notEqual(two._tab(), one._tab())
  assert.equal(two._ids().s, one._ids().s)
})

test('a page that comes back from the back/forward cache keeps its tab', () => {
  const one = kept()
  const tab = one._tab()
  one._close()
  one._keep()
  assert.equal(one._tab(), tab)
  assert.deepEqual(Object.keys(tabStore), [])
})

test('sites do not share ids', () => {
  const { v } = kept()._ids()
  const other = createIdentity('OTHER')
  other._keep()
  assert.notEqual(other._ids().v, v)
})

test('wiping leaves nothing behind, in the store or in memory', () => {
  const identity = kept()
  const { s, v } = identity._ids()
  identity._close()
  identity._wipe()
  assert.deepEqual([Object.keys(local), Object.keys(tabStore)], [[], []])
  identity._close()
  assert.deepEqual(Object.keys(tabStore), [])
  assert.notEqual(identity._ids().s, s)
  assert.notEqual(identity._ids().v, v)
})

for (const [what, stored] of [
  ['no JSON', '{'],
  ['null', 'null'],
  ['another shape', '{"s":"x"}'],
  ['a script in an id', JSON.stringify({ v: '<img src=x onerror=a>x', s: 'a'.repeat(22), w: Array(16).fill(1), z: 1, a: 1 })],
  ['no times', JSON.stringify({ v: 'a'.repeat(22), s: 'a'.repeat(22), w: Array(16).fill(1) })],
]) {
  test(`a store that holds ${what} counts as empty`, () => {
    local['visitreel.KEY'] = stored
    assert.match(kept()._ids().v, ID)
  })
}

test('a browser that refuses storage is like cookieless', () => {
  const refusing = new Proxy({}, { get() { throw new Error('SecurityError') }, set() { throw new Error('SecurityError') }, deleteProperty() { throw new Error('SecurityError') } }) // prettier-ignore
  setWindow({ localStorage: refusing, sessionStorage: refusing })
  const identity = kept()
  pass(31 * MINUTE_MS)
  identity._touch()
  identity._close()
  identity._wipe()
  assert.match(identity._ids().s, ID)
})
