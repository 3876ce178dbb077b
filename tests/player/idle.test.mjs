// Folds, the axis of the time bar, what is fetched ahead, and attempts after a failure.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { horizonOf } from '../../replay/player/ahead.js'
import { Axis, foldAt, foldsOf } from '../../replay/player/idle.js'

const timeline = (idle) => ({ idle, startMs: 0, untilMs: 7_200_000 })

test('an idle stretch keeps its edges, and a short one is not folded', () => {
  const idle = [
    { t_ms: 1_000, until_ms: 5_000 },
    { t_ms: 10_000, until_ms: 70_000 },
  ]
  assert.deepEqual(foldsOf(timeline(idle)), [{ t_ms: 10_700, until_ms: 69_300 }])
})

test('a moment is in a fold from its beginning up to its end', () => {
  const folds = [{ t_ms: 100, until_ms: 200 }]
  assert.deepEqual([99, 100, 199, 200].map((t_ms) => foldAt(folds, t_ms) !== null), [false, true, true, false])
})

for (const count of [0, 1, 3, 400]) {
  test(`places and moments are one another's inverse with ${count} folds`, () => {
    const folds = Array.from({ length: count }, (_, n) => ({ t_ms: n * 15_000 + 5_000, until_ms: n * 15_000 + 14_000 }))
    const axis = new Axis(-500, 6_100_000, folds)
    assert.equal(axis.share(-500), 0)
    assert.ok(Math.abs(axis.share(6_100_000) - 1) < 1e-9)
    let before = -1
    for (let t_ms = -500; t_ms <= 6_100_000; t_ms += 3_701) {
      const share = axis.share(t_ms)
      assert.ok(share >= before, `${t_ms}`)
      assert.ok(Math.abs(axis.time(share) - t_ms) < 1, `${t_ms}`)
      before = share
    }
  })
}

test('a fold of an hour is a sliver, and many folds are a quarter together', () => {
  const hour = [{ t_ms: 60_000, until_ms: 3_660_000 }]
  const one = new Axis(0, 3_720_000, hour)
  assert.ok(one.share(3_660_000) - one.share(60_000) < 0.02)
  const many = Array.from({ length: 500 }, (_, n) => ({ t_ms: n * 20_000 + 1_000, until_ms: n * 20_000 + 19_000 }))
  const axis = new Axis(0, 10_000_000, many)
  const folded = many.reduce((sum, fold) => sum + axis.share(fold.until_ms) - axis.share(fold.t_ms), 0)
  assert.ok(folded > 0.15 && folded < 0.3, `${folded}`)
})

test('a session of no length has a place for its one moment', () => {
  const axis = new Axis(5, 5, [])
  assert.equal(axis.share(5), 0)
  assert.equal(axis.time(0), 5)
})

test('what is fetched ahead reaches over folds', () => {
  const folds = [
    { t_ms: 4_000, until_ms: 100_000 },
    { t_ms: 103_000, until_ms: 200_000 },
  ]
  assert.equal(horizonOf(0, 3_000, folds), 3_000)
  assert.equal(horizonOf(0, 5_000, folds), 101_000)
  assert.equal(horizonOf(0, 10_000, folds), 203_000)
  assert.equal(horizonOf(50_000, 1_000, folds), 101_000)
  assert.equal(horizonOf(0, 10_000, []), 10_000)
})
