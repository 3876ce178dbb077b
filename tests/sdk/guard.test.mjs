import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { load, setWindow } from './load.mjs'

const { createGuard } = await load('guard')
let t

beforeEach(() => {
  t = 0
  setWindow({ performance: { now: () => t } })
})
const createGuarded = () => {
  const reasons = []
  return { reasons, guard: createGuard((reason) => reasons.push(String(reason))) }
}

test('a callback that throws does not throw into the page', () => {
  const { guard, reasons } = createGuarded()
  assert.equal(guard(() => { throw new Error('x') })(), undefined) // prettier-ignore
  assert.deepEqual(reasons, [])
})

test('arguments go in and the result comes out', () => {
  assert.equal(createGuarded().guard((a, b) => a + b)(2, 3), 5)
})

test('repeated errors end it, once, and nothing runs any more', () => {
  const { guard, reasons } = createGuarded()
  const broken = guard(() => { throw new Error('broken') }) // prettier-ignore
  for (let i = 0; i < 50; i++) broken()
  assert.deepEqual(reasons, ['Error: broken'])
  let ran = false
  guard(() => (ran = true))()
  assert.equal(ran, false)
})

const work = (guard, { costMs, everyMs, forMs }) => {
  const busy = guard(() => (t += costMs))
  for (const end = t + forMs; t < end; t += everyMs - costMs) busy()
}

test('more than 10 % of the main thread for 20 s ends it', () => {
  const { guard, reasons } = createGuarded()
  work(guard, { costMs: 20, everyMs: 100, forMs: 11_000 })
  assert.deepEqual(reasons, [], 'one hot window alone does not')
  work(guard, { costMs: 20, everyMs: 100, forMs: 11_000 })
  assert.deepEqual(reasons, ['too costly'])
})

test('8 % for ever is allowed', () => {
  const { guard, reasons } = createGuarded()
  work(guard, { costMs: 8, everyMs: 100, forMs: 200_000 })
  assert.deepEqual(reasons, [])
})

test('a burst of 2 s now and then is allowed', () => {
  const { guard, reasons } = createGuarded()
  for (let i = 0; i < 5; i++) {
    work(guard, { costMs: 60, everyMs: 100, forMs: 2_000 })
    work(guard, { costMs: 1, everyMs: 100, forMs: 30_000 })
  }
  assert.deepEqual(reasons, [])
})

test('a guarded callback within another is counted once', () => {
  const { guard, reasons } = createGuarded()
  const inner = guard(() => (t += 8))
  const outer = guard(() => inner())
  for (let i = 0; i < 1_000; i++) {
    outer()
    t += 92
  }
  assert.deepEqual(reasons, [])
})
