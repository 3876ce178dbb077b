import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load } from './load.mjs'

const { encode, concat, integer } = await load('msgpack')

/** A reader of its own, straight from the specification. */
const decode = (bytes) => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = 0
  const take = (count) => bytes.subarray(at, (at += count))
  const uint = (size) => take(size).reduce((sum, byte) => sum * 256 + byte, 0)
  const read = () => {
    const marker = bytes[at++]
    if (marker < 0x80) return marker
    if (marker < 0x90) return map(marker & 15)
    if (marker < 0xa0) return Array.from({ length: marker & 15 }, read)
    if (marker < 0xc0) return text(marker & 31)
    switch (marker) {
      case 0xc0: return null
      case 0xc2: return false
      case 0xc3: return true
      case 0xc4: return new Uint8Array(take(uint(1)))
      case 0xc6: return new Uint8Array(take(uint(4)))
      case 0xcb: return view.getFloat64((at += 8) - 8)
      case 0xcc: return uint(1)
      case 0xce: return uint(4)
      case 0xd9: return text(uint(1))
      case 0xdb: return text(uint(4))
      case 0xdd: return Array.from({ length: uint(4) }, read)
      case 0xdf: return map(uint(4))
    }
    throw new Error(`marker ${marker.toString(16)}`)
  }
  const text = (length) => new TextDecoder('utf-8', { fatal: true }).decode(take(length))
  const map = (count) => Object.fromEntries(Array.from({ length: count }, () => [read(), read()]))
  const value = read()
  assert.equal(at, bytes.length, 'bytes are left over')
  return value
}

test('every kind of value makes the round trip', () => {
  const values = [
    null, true, false, 0, 1, 127, 128, 255, 256, 65_535, 65_536, 2 ** 31, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER,
    -1, -128, -(2 ** 31), Number.MIN_SAFE_INTEGER, 0.5, -19.99, 1e300, Infinity,
    '', 'a', 'x'.repeat(31), 'x'.repeat(32), '漢'.repeat(30_000), 'مرحبا 🎈',
    [], Array.from({ length: 15 }, (_, i) => i), Array.from({ length: 16 }, (_, i) => i), Array.from({ length: 70_000 }, (_, i) => i),
    {}, { a: 1, b: [{ c: null }] }, Object.fromEntries(Array.from({ length: 64 }, (_, i) => ['key' + i, i])),
    new Uint8Array(0), new Uint8Array(16).fill(255), new Uint8Array(70_000).fill(7),
  ]
  for (const value of values) assert.deepEqual(decode(encode(value)), value)
})

test('undefined is nil, a lone surrogate becomes U+FFFD', () => {
  assert.equal(decode(encode(undefined)), null)
  assert.equal(decode(encode('a\ud800b')), 'a\ufffdb')
})

test('integers are written big-endian', () => {
  assert.deepEqual(integer(0x01020304), [1, 2, 3, 4])
  assert.deepEqual(integer(0xfffefdfc), [255, 254, 253, 252])
})

test('parts are joined in order', () => {
  assert.deepEqual([...concat([[1], new Uint8Array([2, 3]), [], [4]])], [1, 2, 3, 4])
})
