import assert from 'node:assert/strict'
import { beforeEach, mock, test } from 'node:test'
import { createStorage, load, setWindow, settle } from './load.mjs'
import { timers } from './timers.mjs'

const api = await load('index')

let requests
let listeners
let t

/** A page of its own for each test; replay is off, so that no DOM is needed. */
const openPage = (properties = {}) => {
  requests = []
  listeners = new Map()
  t = 0
  const target = {
    addEventListener: (type, listener) => listeners.set(type, [...(listeners.get(type) ?? []), listener]),
    removeEventListener: (type, listener) => listeners.set(type, listeners.get(type).filter((other) => other != listener)),
  }
  setWindow({
    ...target,
    visitreel: undefined,
    document: { ...target, title: 'Shop', referrer: '', hidden: false },
    location: { href: 'https://shop.example/a?x=1', origin: 'https://shop.example', search: '?x=1' },
    History: class {
      pushState() {}
      replaceState() {}
    },
    navigator: {},
    localStorage: createStorage(),
    sessionStorage: createStorage(),
    indexedDB: { deleteDatabase: () => {} },
    performance: { now: () => t, timeOrigin: 1_800_000_000_000 },
    fetch: (url, { body }) => {
      requests.push(body)
      return Promise.resolve({ status: 200, headers: { get: () => null }, json: async () => ({}) })
    },
    ...properties,
  })
}
const OPTIONS = { site: 'KEY', collector: 'https://c.example', replay: 'off' }
const sent = () => requests.map((body) => new TextDecoder().decode(body)).join('\n')
const pass = async (ms) => {
  t += ms
  timers.tick(ms)
  for (let i = 0; i < 10; i++) await settle()
}
const happen = (type, event = {}) => listeners.get(type)?.forEach((listener) => listener(event))

beforeEach(() => {
  timers.reset()
  timers.enable({ apis: ['setTimeout', 'Date'], now: 1_800_000_000_000 })
  openPage()
})

test('a page view leaves at once, with its URL scrubbed', async () => {
  api.init(OPTIONS)
  await pass(260)
  assert.equal(requests.length, 1)
  assert.match(sent(), /https:\/\/shop\.example\/a/)
  assert.doesNotMatch(sent(), /x=1/)
})

test('calls made before the script has loaded are not lost, in any form of array', async () => {
  const early = function () {
    ;(early.q ??= []).push(arguments)
  }
  globalThis.visitreel = early
  early('track', 'early', { sku: 'A1' })
  api.init(OPTIONS)
  await pass(260)
  assert.match(sent(), /early.*A1/s)
})

test('calls of the module made before init wait for it', async () => {
  api.track('first')
  api.init(OPTIONS)
  api.track('second')
  await pass(260)
  assert.match(sent(), /first.*second/s)
})

test('a second init changes nothing', async () => {
  api.init(OPTIONS)
  api.init({ ...OPTIONS, site: 'OTHER' })
  await pass(260)
  assert.equal(requests.length, 1)
  assert.doesNotMatch(sent(), /OTHER/)
})

test('session tells id and address; null before consent', async () => {
  assert.equal(api.session(), null)
  api.init({ ...OPTIONS, consent: 'required' })
  assert.equal(api.session(), null)
  api.consent('granted')
  const { id, url } = api.session()
  assert.match(id, /^[\w-]{22}$/)
  assert.equal(url, `https://c.example/sessions/${id}`)
})

test('required: nothing is stored or sent before a grant, then what the site said arrives', async () => {
  api.init({ ...OPTIONS, consent: 'required' })
  api.identify('ana@example.com')
  api.track('seen')
  happen('pointerdown')
  await pass(60_000)
  assert.deepEqual([requests.length, Object.keys(localStorage), Object.keys(sessionStorage)], [0, [], []])
  api.consent('granted')
  await pass(260)
  assert.match(sent(), /ana@example\.com/)
  assert.match(sent(), /seen/)
  assert.deepEqual(Object.keys(localStorage), ['visitreel.KEY'])
})

test('a denial that waits in the queue holds from the start', async () => {
  api.track('x')
  api.consent('denied')
  api.init({ ...OPTIONS, consent: 'granted' })
  await pass(10_000)
  assert.equal(requests.length, 0)
})

test('denied: nothing is left in the browser, nothing leaves any more', async () => {
  const deleted = []
  openPage({ indexedDB: { deleteDatabase: (name) => deleted.push(name) } })
  api.init({ ...OPTIONS, consent: 'granted' })
  await pass(260)
  const before = requests.length
  api.consent('denied')
  api.track('secret')
  happen('pointerdown')
  happen('pagehide')
  await pass(60_000)
  assert.equal(requests.length, before)
  assert.deepEqual([Object.keys(localStorage), Object.keys(sessionStorage), deleted], [[], [], ['visitreel']])
})

test('a grant after a denial begins anew, and does not send what was denied', async () => {
  api.init({ ...OPTIONS, consent: 'granted' })
  const { id } = api.session()
  api.consent('denied')
  api.track('secret')
  await pass(260)
  requests.length = 0
  api.consent('granted')
  await pass(260)
  assert.notEqual(api.session().id, id)
  assert.doesNotMatch(sent(), /secret/)
})

test('from cookieless to granted the session goes on', async () => {
  api.init(OPTIONS)
  const { id } = api.session()
  api.consent('granted')
  assert.equal(api.session().id, id)
})

test('a wish for privacy counts as required until an explicit grant', async () => {
  openPage({ navigator: { globalPrivacyControl: true } })
  api.init({ ...OPTIONS, consent: 'granted' })
  api.consent('cookieless')
  await pass(260)
  assert.equal(requests.length, 0)
  api.consent('granted')
  await pass(260)
  assert.equal(requests.length, 1)
})

test('stop is the end for this page', async () => {
  api.init(OPTIONS)
  await pass(260)
  api.stop()
  await pass(300)
  requests.length = 0
  api.track('late')
  api.consent('granted')
  happen('pointerdown')
  await pass(60_000)
  assert.equal(requests.length, 0)
  assert.equal(api.session(), null)
})

test('half an hour without activity: the next activity begins another session', async () => {
  api.init(OPTIONS)
  const { id } = api.session()
  await pass(31 * 60_000)
  happen('keydown')
  assert.notEqual(api.session().id, id)
})

test('a return from the back/forward cache is a page view of another document load', async () => {
  openPage({ navigator: { sendBeacon: () => true } })
  api.init(OPTIONS)
  await pass(260)
  const { id } = api.session()
  happen('pagehide')
  assert.equal(api.session(), null)
  requests.length = 0
  happen('pageshow', { persisted: true })
  await pass(260)
  assert.equal(api.session().id, id)
  assert.match(sent(), /https:\/\/shop\.example\/a/)
})

test('leaving goes by beacon', async () => {
  const beacons = []
  openPage({ navigator: { sendBeacon: (url, body) => beacons.push([url, body.length > 0]) } })
  api.init(OPTIONS)
  await pass(260)
  requests.length = 0
  happen('pagehide')
  assert.deepEqual([requests, beacons], [[], [['https://c.example/v1/batch', true]]])
})

test('without a site key nothing is recorded, and debug says why', async () => {
  const info = mock.method(console, 'info', () => {})
  api.init({ collector: 'https://c.example', debug: true })
  await pass(260)
  assert.equal(requests.length, 0)
  assert.match(info.mock.calls[0].arguments[0], /data-site/)
  info.mock.restore()
})

test('a refusal is printed with its cure, and nothing more is sent', async () => {
  const cure = 'origin https://shop.example is not allowed for site KEY: visitreel site origin add KEY https://shop.example'
  openPage({
    fetch: () => {
      requests.push(new Uint8Array())
      return Promise.resolve({ status: 403, headers: { get: () => null }, json: async () => ({ error: { message: cure } }) })
    },
  })
  const info = mock.method(console, 'info', () => {})
  api.init({ ...OPTIONS, debug: true })
  await pass(260)
  api.track('x')
  await pass(600_000)
  assert.equal(requests.length, 1)
  assert.ok(info.mock.calls.some(({ arguments: [line] }) => line.includes(cure)))
  info.mock.restore()
})

test('an unknown call, or one with nonsense, does not throw', () => {
  api.init(OPTIONS)
  for (const args of [['nope'], [], ['track'], ['identify', null, 5], ['consent', {}], ['constructor']]) globalThis.visitreel(...args)
})

test('a page that is prerendered is recorded once it is shown', async () => {
  const page = globalThis.document
  page.prerendering = true
  api.init(OPTIONS)
  await pass(260)
  assert.equal(requests.length, 0)
  happen('prerenderingchange')
  await pass(260)
  assert.equal(requests.length, 1)
})
