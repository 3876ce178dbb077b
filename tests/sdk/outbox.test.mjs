import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { load, setWindow } from './load.mjs'
import { timers } from './timers.mjs'

const { openOutbox, LEASE_MS } = await load('outbox')
const NOW = 1_800_000_000_000

/** As much of IndexedDB as the outbox uses: one store by key, opened when the test says so, shared by all who open it. */
const createDatabase = () => {
  const records = new Map()
  const waiting = []
  let isClosed = false
  const transaction = () => {
    if (isClosed) throw new DOMException('closed', 'InvalidStateError')
    const self = { commits: 0, commit: () => self.commits++ }
    self.objectStore = () => ({
      transaction: self,
      put: (record) => records.set(record.k, structuredClone(record)),
      delete: (key) => records.delete(key),
      getAll() {
        const request = { result: structuredClone([...records.values()]) }
        queueMicrotask(() => request.onsuccess())
        return request
      },
    })
    return self
  }
  const open = () => {
    const request = { result: { transaction, close: () => (isClosed = true), createObjectStore() {} } }
    waiting.push(request)
    return request
  }
  return { records, open, opened: () => waiting.splice(0).forEach((request) => request.onsuccess()), close: () => (isClosed = true) }
}
const batch = (n, document = 'doc') => ({ k: `${document}.${n}`, b: new Uint8Array([n]), o: NOW, s: false })
const claim = (outbox) => new Promise((resolve) => outbox._claim((batches) => resolve(batches.map(({ k }) => k))))

let database
beforeEach(() => {
  timers.reset()
  timers.enable({ apis: ['Date'], now: NOW })
  database = createDatabase()
  setWindow({ indexedDB: database })
})

test('what comes before the database is open waits for it', () => {
  const outbox = openOutbox()
  outbox._put(batch(0))
  outbox._put(batch(1))
  outbox._delete('doc.0')
  assert.equal(database.records.size, 0)
  database.opened()
  assert.deepEqual([...database.records.keys()], ['doc.1'])
})

test('another page leaves alone what a living page is sending, and takes it a minute after that died', async () => {
  const one = openOutbox()
  const two = openOutbox()
  database.opened()
  one._put(batch(0))
  assert.deepEqual(await claim(two), [])
  timers.setTime(NOW + LEASE_MS + 1)
  assert.deepEqual(await claim(two), ['doc.0'])
})

test('what a page leaves behind is taken at once, by one page only', async () => {
  const one = openOutbox()
  const two = openOutbox()
  const three = openOutbox()
  database.opened()
  one._put(batch(0))
  one._put(batch(0), true)
  assert.deepEqual(await claim(two), ['doc.0'])
  assert.deepEqual(await claim(three), [])
})

test('a lease from before the clock was set back does not hold', async () => {
  const outbox = openOutbox()
  database.opened()
  outbox._put(batch(0))
  timers.setTime(NOW - 86_400_000)
  assert.deepEqual(await claim(outbox), ['doc.0'])
})

test('a batch comes out as it went in', async () => {
  const outbox = openOutbox()
  database.opened()
  outbox._put(batch(7), true)
  const [taken] = await new Promise((resolve) => outbox._claim(resolve))
  assert.deepEqual({ ...taken, l: undefined }, { ...batch(7), l: undefined })
})

test('after the database has been deleted under it, nothing fails', () => {
  const outbox = openOutbox()
  database.opened()
  database.close()
  outbox._put(batch(0))
  outbox._delete('doc.0')
  outbox._claim(() => assert.fail('nothing to take'))
})

test('a browser that refuses IndexedDB is like memory only', () => {
  setWindow({ indexedDB: { open() { throw new DOMException('denied', 'SecurityError') } } }) // prettier-ignore
  const outbox = openOutbox()
  outbox._put(batch(0))
  setWindow({ indexedDB: undefined })
  openOutbox()._put(batch(0))
})
