import assert from 'node:assert/strict'
import { afterEach, beforeEach, mock, test } from 'node:test'
import { load, setWindow, settle } from './load.mjs'
import { timers } from './timers.mjs'

const { createTransport } = await load('transport')

const ORIGIN = 1_800_000_000_000
let page

/** A page with a collector whose answers the test gives, and an outbox that remembers. */
const createPage = () => {
  const requests = []
  const beacons = []
  const answered = []
  const outbox = new Map()
  const left = []
  const transport = createTransport({
    _post: (bytes) =>
      new Promise((resolve, reject) =>
        requests.push({
          bytes: bytes.slice(),
          fail: () => reject(new TypeError('Failed to fetch')),
          answer: (status, body = {}, headers = {}) =>
            resolve({ status, json: async () => body, headers: { get: (name) => headers[name] ?? null } }),
        }),
      ),
    _beacon: (bytes) => beacons.push(bytes.slice()) > 0,
    _answered: (batch, status, answer) => answered.push([batch.k, status, answer]),
  })
  const openOutbox = () => ({
    _put: (batch, isLeaving) => outbox.set(batch.k, { ...batch, isLeaving }),
    _delete: (key) => outbox.delete(key),
    _claim: (take) => take(left),
  })
  transport._keep(openOutbox)
  return { transport, requests, beacons, answered, outbox, left, openOutbox }
}
const batch = (n, { size = 100, snapshot = false, document = 'doc', origin = ORIGIN } = {}) => ({
  k: `${document}.${n}`,
  b: new Uint8Array(size),
  o: origin,
  s: snapshot,
})
const keys = (list) => list.map(([key]) => key)
const sentAt = ({ bytes }) => new DataView(bytes.buffer).getFloat64(4)
const pass = async (ms) => {
  timers.tick(ms)
  await settle()
}

beforeEach(() => {
  timers.enable({ apis: ['setTimeout', 'Date'], now: ORIGIN })
  setWindow({ performance: { now: () => Date.now() - ORIGIN, timeOrigin: ORIGIN } })
  mock.method(Math, 'random', () => 1)
  page = createPage()
})
afterEach(() => {
  timers.reset()
  mock.restoreAll()
})

test('batches leave one at a time, in order', async () => {
  const { transport, requests, answered } = page
  transport._send(batch(0))
  transport._send(batch(1))
  assert.equal(requests.length, 1)
  requests[0].answer(200, { flush_ms: 1000 })
  await settle()
  assert.equal(requests.length, 2)
  requests[1].answer(200)
  await settle()
  assert.deepEqual(answered, [['doc.0', 200, { flush_ms: 1000 }], ['doc.1', 200, {}]])
})

test('a batch is in the outbox before it leaves, and until it is acknowledged', async () => {
  const { transport, requests, outbox } = page
  transport._send(batch(0))
  assert.deepEqual([...outbox.keys()], ['doc.0'])
  requests[0].answer(503)
  await settle()
  assert.deepEqual([...outbox.keys()], ['doc.0'])
  await pass(1_000)
  requests[1].answer(200)
  await settle()
  assert.deepEqual([...outbox.keys()], [])
})

test('a network that is away is tried again after 1, 2, 4 … seconds, 5 minutes at most', async () => {
  const { transport, requests } = page
  transport._send(batch(0))
  for (const waitMs of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000]) {
    const count = requests.length
    requests.at(-1).fail()
    await settle()
    await pass(waitMs - 1)
    assert.equal(requests.length, count, `tried before ${waitMs} ms`)
    await pass(1)
    assert.equal(requests.length, count + 1, `not tried after ${waitMs} ms`)
  }
})

test('the back-off is jittered down to half', async () => {
  const { transport, requests } = page
  mock.method(Math, 'random', () => 0)
  transport._send(batch(0))
  requests[0].fail()
  await settle()
  await pass(500)
  assert.equal(requests.length, 2)
})

test('an answer resets the back-off', async () => {
  const { transport, requests } = page
  transport._send(batch(0))
  requests[0].fail()
  await settle()
  await pass(1_000)
  requests[1].answer(200)
  await settle()
  transport._send(batch(1))
  requests[2].fail()
  await settle()
  await pass(1_000)
  assert.equal(requests.length, 4)
})

for (const status of [429, 503]) {
  test(`Retry-After of a ${status} is honoured`, async () => {
    const { transport, requests } = page
    transport._send(batch(0))
    requests[0].answer(status, {}, { 'retry-after': '90' })
    await settle()
    await pass(89_999)
    assert.equal(requests.length, 1)
    await pass(1)
    assert.equal(requests.length, 2)
  })
}

test('an absurd Retry-After does not overflow the timer', async () => {
  const { transport, requests } = page
  transport._send(batch(0))
  requests[0].answer(503, {}, { 'retry-after': '99999999999' })
  await settle()
  await pass(3_600_000)
  assert.equal(requests.length, 1)
})

for (const status of [400, 403, 404, 409, 410, 413, 415, 422]) {
  test(`a batch refused with ${status} is dropped, told, and does not block the next`, async () => {
    const { transport, requests, answered, outbox } = page
    transport._send(batch(0))
    transport._send(batch(1))
    requests[0].answer(status, { error: { message: 'no' } })
    await settle()
    assert.deepEqual(answered, [['doc.0', status, { error: { message: 'no' } }]])
    assert.equal(requests.length, 2)
    assert.deepEqual([...outbox.keys()], ['doc.1'])
  })
}

test('an acknowledgement without JSON counts', async () => {
  const { transport, requests, answered } = page
  transport._send(batch(0))
  requests[0].answer(200, undefined)
  await settle()
  assert.deepEqual(keys(answered), ['doc.0'])
})

test('back online: the wait is over', async () => {
  const { transport, requests } = page
  transport._send(batch(0))
  requests[0].fail()
  await settle()
  transport._wake()
  assert.equal(requests.length, 2)
  await pass(300_000)
  assert.equal(requests.length, 2, 'the timer of the wait is gone too')
})

test('each try carries the time of that try, and no other byte changes', async () => {
  const { transport, requests } = page
  transport._send(batch(0))
  requests[0].fail()
  await settle()
  await pass(1_000)
  assert.deepEqual(requests.map(sentAt), [0, 1_000])
  const rest = ({ bytes }) => [...bytes.slice(0, 4), ...bytes.slice(12)]
  assert.deepEqual(rest(requests[0]), rest(requests[1]))
})

test('what an earlier page left is sent with the time since that page’s origin', async () => {
  const { transport, requests, left } = page
  left.push(batch(3, { document: 'before', origin: ORIGIN - 60_000 }))
  transport._send(batch(0))
  requests[0].answer(200)
  await settle()
  assert.equal(sentAt(requests[1]), 60_000)
})

test('what an earlier page left waits for an answer, and what the collector has by then is not sent again', async () => {
  const { transport, requests, outbox } = page
  outbox.set('before.3', {}).set('before.4', {})
  page.openOutbox()
  transport._send(batch(0))
  assert.equal(requests.length, 1)
  requests[0].answer(200, { have: ['before.3'] })
  await settle()
  assert.deepEqual([...outbox.keys()], ['before.4'])
})

test('an outbox that opens after the first answer is emptied at once', async () => {
  const { transport, requests, left } = page
  transport._clear()
  transport._send(batch(0))
  requests[0].answer(200)
  await settle()
  left.push(batch(3, { document: 'before' }))
  transport._keep(page.openOutbox)
  assert.equal(requests.length, 2)
})

test('an hour of 503: memory is bounded, and snapshots go last', async () => {
  const { transport, requests, outbox } = page
  transport._send(batch(0, { snapshot: true }))
  for (let n = 1; n < 300; n++) transport._send(batch(n))
  requests[0].answer(503)
  await settle()
  for (let n = 300; n < 400; n++) transport._send(batch(n))
  assert.equal(outbox.size, 99)
  assert.ok(outbox.has('doc.0') && outbox.has('doc.399') && !outbox.has('doc.200'))
})

test('bytes are bounded too, and the batch under way stays', () => {
  const { transport, outbox } = page
  for (let n = 0; n < 10; n++) transport._send(batch(n, { size: 900_000, snapshot: n == 1 }))
  assert.deepEqual([...outbox.keys()], ['doc.0', 'doc.1', 'doc.8', 'doc.9'])
})

test('a batch larger than all limits is dropped, and does not hang the page', () => {
  const { transport, requests, outbox } = page
  transport._send(batch(0, { size: 5_000_000 }))
  transport._send(batch(1))
  assert.equal(requests.length, 1)
  assert.deepEqual([...outbox.keys()], ['doc.1'])
})

test('leaving: small batches go by beacon as far as 60 kB reach, all stay in the outbox for the next page', () => {
  const { transport, requests, beacons, outbox } = page
  transport._send(batch(0, { size: 30_000 }))
  transport._send(batch(1, { size: 50_000 }))
  transport._leave(() => transport._send(batch(2, { size: 500 })))
  assert.equal(requests.length, 1, 'no request begins that the browser would cancel')
  assert.deepEqual(beacons.map(({ length }) => length), [500, 30_000])
  assert.deepEqual([...outbox.values()].map(({ k, isLeaving }) => [k, isLeaving]), [['doc.0', true], ['doc.1', true], ['doc.2', true]])
})

test('after clearing nothing leaves, and an answer that comes late is nobody’s', async () => {
  const { transport, requests, answered } = page
  transport._send(batch(0))
  transport._send(batch(1))
  transport._clear()
  requests[0].answer(200)
  await settle()
  await pass(300_000)
  assert.equal(requests.length, 1)
  assert.deepEqual(answered, [])
  transport._send(batch(2))
  assert.equal(requests.length, 2)
})

test('clearing during a wait ends the wait', async () => {
  const { transport, requests } = page
  transport._send(batch(0))
  requests[0].fail()
  await settle()
  transport._clear()
  transport._send(batch(1))
  assert.equal(requests.length, 2)
})
