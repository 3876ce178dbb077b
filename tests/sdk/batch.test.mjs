import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { load, setWindow, settle } from './load.mjs'
import { timers } from './timers.mjs'

const { createBatcher } = await load('batch')
const { gzip } = await load('gzip')

const root = fileURLToPath(new URL('../../', import.meta.url))
const python = [process.env.VISITREEL_PYTHON, root + '.venv/bin/python'].find((path) => path && existsSync(path))
/** The reader of the collector, which knows nothing of this writer. */
const READER = `
import sys
from replay.section import read_section
from replay.wire import inflate, read_batch
batch = read_batch(bytes.fromhex(sys.stdin.read()))
head = batch.head
print(head.seq, head.t_ms, head.url, batch.compression, batch.sent_t_ms, head.consent, head.replay, head.visitor_id)
print([(t, repr(fact)) for t, fact in head.facts])
print(read_section(inflate(batch.ops, batch.compression, 1 << 20), head.t_ms, lambda hash: None).ops)
`

const ORIGIN = 1_800_000_000_000
const sender = (letter = 'd') => ({
  _session: 's'.repeat(22),
  _id: { k: 'KEY', w: new Uint8Array(16), d: letter.repeat(22) },
  _news: { s: 's'.repeat(22), v: null, b: 'b'.repeat(22), o: ORIGIN, z: ORIGIN, c: 2, q: '0.1.0', x: 1 },
  _seq: 0,
})
const [OP_DOCUMENT, OP_SCROLL, OP_SET_TEXT, OP_MARK] = [1, 15, 8, 63]

let t
let page

const createPage = () => {
  const state = { sender: sender(), url: 'https://shop.example/', flushed: 0, batches: [] }
  state.batcher = createBatcher({
    _guard: (callback) => callback,
    _sender: () => state.sender,
    _url: () => state.url,
    _beforeSeal: () => state.flushed++,
    _named: () => undefined,
    _deliver: (batch) => state.batches.push(batch),
    _gzip: async () => gzip,
  })
  return state
}
const pass = async (ms) => {
  // Timers fire in their order; time goes on with them.
  for (let i = 0; i < ms; i++) {
    t++
    timers.tick(1)
  }
  await settle()
}
const parts = ({ b }) => {
  const view = new DataView(b.buffer, b.byteOffset)
  const head = view.getUint32(12)
  return { magic: String.fromCharCode(b[0], b[1]), version: b[2], compression: b[3], head, ops: view.getUint32(16), length: b.length }
}

beforeEach(() => {
  t = 0
  timers.enable({ apis: ['setTimeout'] })
  setWindow({ performance: { now: () => t, timeOrigin: ORIGIN }, location: { href: 'https://shop.example/' } })
  page = createPage()
})
afterEach(() => timers.reset())

test('the frame is VR, version, compression, time, two lengths, and nothing is left over', async () => {
  page.batcher._fact([66, 50], 0)
  await pass(210)
  const { magic, version, compression, head, ops, length } = parts(page.batches[0])
  assert.deepEqual([magic, version, compression, ops, 20 + head], ['VR', 1, 0, 0, length])
})

test('an urgent fact leaves within 200 ms, with the ops of that time', async () => {
  page.batcher._op(OP_SCROLL, 0, [1, 0, 5])
  page.batcher._fact([69, 'add_to_cart', {}], 0)
  page.batcher._fact([69, 'right_behind', {}], 0)
  await pass(210)
  assert.equal(page.batches.length, 1)
  assert.ok(parts(page.batches[0]).ops > 0)
})

test('an urgent fact leaves at once where somebody waits for it', async () => {
  page.batcher._pace(5000, 0)
  page.batcher._fact([69, 'add_to_cart', {}], 0)
  await pass(10)
  assert.equal(page.batches.length, 1)
  page.batcher._pace(5000)
  page.batcher._fact([69, 'add_to_cart', {}], 0)
  await pass(150)
  assert.equal(page.batches.length, 1)
  await pass(60)
  assert.equal(page.batches.length, 2)
})

test('an urgent fact does not wait for a walk, and does not cut it', async () => {
  page.batcher._walking(true)
  page.batcher._op(OP_SCROLL, 0, [1, 0, 5])
  page.batcher._fact([69, 'add_to_cart', {}], 0)
  await pass(210)
  assert.deepEqual(page.batches.map((batch) => parts(batch).ops), [0])
})

test('the first op after a quiet time leaves within 250 ms, then a batch every 5 s', async () => {
  const sealedAt = []
  for (let i = 0; i < 12_000; i += 100) {
    page.batcher._op(OP_SCROLL, t, [1, 0, i])
    const before = page.flushed
    await pass(100)
    if (page.flushed > before) sealedAt.push(t)
  }
  assert.deepEqual(sealedAt, [300, 5_300, 10_300])
})

test('the collector sets the pace', async () => {
  page.batcher._pace(1_000)
  for (let i = 0; i < 5_000; i += 100) {
    page.batcher._op(OP_SCROLL, t, [1, 0, i])
    await pass(100)
  }
  assert.equal(page.flushed, 5)
})

test('while a document is walked its batch waits; facts do not', async () => {
  page.batcher._walking(true)
  page.batcher._op(OP_DOCUMENT, 0, [0, 0])
  page.batcher._fact([66, 50])
  await pass(20_000)
  assert.deepEqual(page.batches.map((batch) => [parts(batch).ops, batch.s]), [[0, false]])
  page.batcher._walking(false)
  await pass(210)
  assert.deepEqual(page.batches.map(({ s }) => s), [false, true])
})

test('a walk beyond 512 kB is cut, and all its batches count as snapshot', async () => {
  page.batcher._walking(true)
  page.batcher._op(OP_DOCUMENT, 0, [0, 0])
  for (let i = 0; i < 1_100; i++) page.batcher._op(OP_SET_TEXT, 0, [1, `${i}`.repeat(300)])
  page.batcher._walking(false)
  page.batcher._sealNow()
  assert.ok(page.batches.length > 1)
  assert.ok(page.batches.every(({ s }) => s))
})

test('a batch is sealed early by size and by number of ops', async () => {
  for (let i = 0; i < 16_002; i++) page.batcher._op(OP_SCROLL, 0, [1, 0, 1])
  for (let i = 0; i < 100; i++) page.batcher._op(OP_SET_TEXT, 0, [1, `${i}`.padEnd(2_000, 'x')])
  page.batcher._sealNow()
  assert.equal(page.batches.length, 3)
})

test('leaving: all is sealed within the call, facts apart where ops are too large for a beacon', () => {
  page.batcher._op(OP_SET_TEXT, 0, [1, 'x'.repeat(1_000)])
  page.batcher._fact([71, 0])
  page.batcher._sealNow()
  assert.equal(page.batches.length, 1)
  page.batcher._op(OP_SET_TEXT, 0, [1, 'x'.repeat(100_000)])
  page.batcher._fact([71, 0])
  page.batcher._sealNow()
  assert.deepEqual(page.batches.slice(1).map((batch) => parts(batch).ops > 0), [false, true])
})

test('leaving while a batch is compressed: it is delivered once, in order', async () => {
  for (let i = 0; i < 10; i++) page.batcher._op(OP_SET_TEXT, 0, [1, `${i}`.repeat(5_000)])
  page.batcher._seal()
  page.batcher._fact([71, 0])
  page.batcher._sealNow()
  await pass(1_000)
  assert.deepEqual(page.batches.map(({ k }) => k.split('.')[1]), ['0', '1'])
})

test('each document load counts from 0', () => {
  page.batcher._fact([66, 10])
  page.batcher._sealNow()
  page.sender = sender('e')
  page.batcher._fact([66, 10])
  page.batcher._sealNow()
  assert.deepEqual(page.batches.map(({ k }) => k), ['d'.repeat(22) + '.0', 'e'.repeat(22) + '.0'])
})

test('what the collector has is left out of later heads', async () => {
  const lengths = []
  for (const news of [{ s: 's'.repeat(22), c: 2 }, {}, { c: 1 }]) {
    page.sender._news = news
    page.batcher._fact([66, 10])
    page.batcher._sealNow()
    lengths.push(parts(page.batches.at(-1)).head)
  }
  assert.deepEqual(lengths.map((length) => length - lengths[1]), [2 + 23 + 3, 0, 3])
})

test('without a sender facts wait in memory, up to 1,000', async () => {
  page.sender = undefined
  for (let i = 0; i < 2_000; i++) page.batcher._fact([69, 'x', {}], 0)
  await pass(10_000)
  assert.equal(page.batches.length, 0)
  page.sender = sender()
  page.batcher._sealNow()
  assert.equal(page.batches.length, 1)
})

test('after clearing nothing comes out', async () => {
  page.batcher._op(OP_SET_TEXT, 0, [1, 'x'.repeat(10_000)])
  page.batcher._fact([66, 50])
  page.batcher._seal()
  page.batcher._fact([66, 60])
  page.batcher._clear()
  await pass(10_000)
  assert.deepEqual(page.batches, [])
})

test('gzip in pieces is gzip', async () => {
  timers.reset()
  const raw = new Uint8Array(100_000).map((_, i) => (i * i) >> 7)
  assert.deepEqual(new Uint8Array(gunzipSync(await gzip(raw))), raw)
})

test('a browser without CompressionStream sends ops as they are', async () => {
  const restore = setWindow({ CompressionStream: undefined })
  page.batcher._op(OP_SET_TEXT, 0, [1, 'x'.repeat(1_000)])
  page.batcher._seal()
  await settle()
  restore()
  assert.equal(parts(page.batches[0]).compression, 0)
})

test('the collector reads what is written here', { skip: !python && 'no Python environment' }, async () => {
  t = 1_000
  page.batcher._fact([64, 'https://shop.example/', () => 'The shop', '', 0, { source: 'mail', price: 19.99 }])
  t = 1_200
  page.batcher._op(OP_MARK, 1_200, ['here'])
  page.batcher._fact([65, 0, 3, 4, 'Buy', ''])
  page.batcher._sealNow()
  const { status, stdout, stderr } = spawnSync(python, ['-c', READER], {
    cwd: root,
    input: Buffer.from(page.batches[0].b).toString('hex'),
    encoding: 'utf8',
  })
  assert.equal(status, 0, stderr)
  const [head, facts, ops] = stdout.trim().split('\n')
  assert.equal(head, '0 1000  0 0.0 2 1 None')
  assert.equal(
    facts,
    `[(1000, "PageView(url='https://shop.example/', title='The shop', referrer='', route=0, campaign={'source': 'mail', 'price': 19.99})"), ` +
      `(1200, "Click(node=0, x=3, y=4, label='Buy', href='')")]`,
  )
  assert.match(ops, /1200.*Mark\(name='here'\)/)
})
