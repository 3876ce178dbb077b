import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load } from './load.mjs'

const { scalars, shorten } = await load('page')

test('only scalars stay', () => {
  const values = { text: 'a', zero: 0, price: 19.99, yes: true, nothing: null, undef: undefined, list: [1], map: {}, call() {}, nan: NaN, big: 1n }
  assert.deepEqual(scalars(values), { text: 'a', zero: 0, price: 19.99, yes: true })
})

test('64 keys, strings of 1,000 characters, keys of 100', () => {
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => ['k' + i, i]))
  assert.equal(Object.keys(scalars(many)).length, 64)
  assert.deepEqual(scalars({ ['k'.repeat(200)]: 'v'.repeat(2_000) }), { ['k'.repeat(100)]: 'v'.repeat(1_000) })
})

test('what is no object has no values', () => {
  for (const values of [undefined, null, 5, true]) assert.deepEqual(scalars(values), {})
})

test('a key like __proto__ is an ordinary key', () => {
  const result = scalars(JSON.parse('{"__proto__": "x"}'))
  assert.deepEqual(Object.entries(result), [['__proto__', 'x']])
})

test('anything becomes a text of bounded length', () => {
  assert.deepEqual([shorten(null), shorten(5), shorten('abcdef', 3)], ['', '5', 'abc'])
})
