import assert from 'node:assert/strict'
import { webcrypto } from 'node:crypto'
import { beforeEach, test } from 'node:test'
import { load, setWindow } from './load.mjs'

const { createAssets } = await load('assets')
const OP_SOURCE = 27
const OP_ASSET = 26

let site
let posted
let known
let loads

const bytesOf = (text) => new TextEncoder().encode(text)
const hashOf = async (text) => new Uint8Array(await webcrypto.subtle.digest('SHA-256', bytesOf(text))).slice(0, 16)
const hexOf = (bytes) => Buffer.from(bytes).toString('hex')
const image = (src) => ({ localName: 'img', src, currentSrc: src, complete: true, naturalWidth: 1, baseURI: 'https://shop.example/' })
const answer = (body, type, status = 200) => new Response(body, { status, headers: { 'content-type': type } })

/** Real promises and digests: waits until something holds. */
const until = async (holds) => {
  while (!holds()) await new Promise((resume) => setImmediate(resume))
}
const idle = async () => {
  for (let turn = 0; turn < 50; turn++) await new Promise((resume) => setImmediate(resume))
}

const create = ({ subtle = webcrypto.subtle } = {}) => {
  const ops = []
  const ids = new Map()
  const requests = []
  setWindow({
    crypto: { subtle },
    location: { origin: 'https://shop.example', pathname: '/p' },
    performance: { getEntriesByType: () => [] },
    PerformanceObserver: class {
      constructor(heard) {
        loads = (...names) => heard({ getEntries: () => names.map((name) => ({ name })) })
      }
      observe() {}
      disconnect() {}
    },
    fetch: async (url, { method, body } = {}) => {
      if (url.includes('/v1/known')) return answer(JSON.stringify({ contents: known }), 'application/json')
      if (method == 'POST') {
        posted.push(body)
        return answer(JSON.stringify({ hash: hexOf(await hashOf(body.body)) }), 'application/json')
      }
      requests.push(url)
      if (!site[url]) throw new TypeError('Failed to fetch')
      return answer(...site[url])
    },
  })
  const assets = createAssets({
    _collector: 'https://c.example/',
    _site: 'KEY',
    _sender: () => ({ _session: 's', _id: { k: 'KEY', w: new Uint8Array(16), d: 'd' } }),
    _frame: (head, isGzip, body) => ({ head, body: new TextDecoder().decode(body) }),
    _scrub: (url) => url.split('?')[0],
    _idOf: (node) => ids.get(node) ?? ids.set(node, ids.size + 1).get(node),
    _allocate: () => 100 + ops.length,
    _write: (...op) => ops.push(op),
  })
  return { assets, ops, requests }
}
beforeEach(() => {
  site = {
    'https://shop.example/a.png': ['A', 'image/png'],
    'https://shop.example/b.png?token=1': ['B', 'image/png'],
    'https://shop.example/font.woff2': ['F', 'application/octet-stream'],
    'https://shop.example/page.png': ['<html>', 'text/html'],
    'https://shop.example/s.css': ['a{}', 'text/css'],
  }
  posted = []
  known = []
})

test('an image is uploaded with its scrubbed URL, then named', async () => {
  const { assets, ops } = create()
  assets._shown(image('https://shop.example/b.png?token=1'))
  await until(() => ops.length == 2)
  const hash = await hashOf('B')
  assert.deepEqual(ops.map(([code]) => code), [OP_SOURCE, OP_ASSET])
  assert.deepEqual(ops[1].slice(2), [hash, 'image/png'])
  assert.deepEqual(posted[0].head, { k: 'KEY', s: 's', w: new Uint8Array(16), h: hash, m: 'image/png', u: 'https://shop.example/b.png' })
})

test('what the collector has is named without an upload', async () => {
  known = [hexOf(await hashOf('A'))]
  const { assets, ops } = create()
  assets._shown(image('https://shop.example/a.png'))
  await until(() => ops.length == 2)
  assert.equal(posted.length, 0)
})

test('on plain http the collector says the hash', async () => {
  const { assets, ops } = create({ subtle: null })
  assets._shown(image('https://shop.example/a.png'))
  await until(() => ops.length == 2)
  assert.equal(posted[0].head.h, null)
  assert.deepEqual(hexOf(ops[1][2]), hexOf(await hashOf('A')))
})

test('what a style sheet names is fetched once the page has loaded it', async () => {
  const { assets, ops, requests } = create()
  assets._css(7, 'a{background:url(a.png)} @font-face{src:url(font.woff2),url(never.ttf)}', 'https://shop.example/')
  await idle()
  assert.deepEqual(requests, [])
  loads('https://shop.example/font.woff2', 'https://shop.example/a.png')
  await until(() => ops.filter(([code]) => code == OP_ASSET).length == 2)
  assert.deepEqual(requests.sort(), ['https://shop.example/a.png', 'https://shop.example/font.woff2'])
  assert.ok(ops.some((op) => op[0] == OP_ASSET && op[3] == 'font/woff2'), 'a font by its ending')
})

test('what is no asset is not uploaded', async () => {
  const { assets, requests } = create()
  assets._shown(image('https://shop.example/page.png'))
  await until(() => requests.length == 1)
  await idle()
  assert.equal(posted.length, 0)
})

test('an origin that refuses is asked once for each kind of file', async () => {
  const { assets, requests } = create()
  for (let i = 0; i < 9; i++) assets._shown(image(`https://cdn.example/${i}.png`))
  await idle()
  assert.equal(requests.length, 1)
})

test('a style sheet’s text: named by hash once the collector has it, null when it can’t be had', async () => {
  known = [hexOf(await hashOf('a{}'))]
  const { assets } = create()
  assert.equal(await assets._fetchText('https://shop.example/s.css'), 'a{}')
  assert.deepEqual(assets._named('a{}'), await hashOf('a{}'))
  assert.equal(assets._named('b{}'), undefined)
  assert.equal(await assets._fetchText('https://shop.example/a.png'), null)
  assert.equal(await assets._fetchText('https://cdn.example/s.css'), null)
})

test('what the collector lacks after all is sent again', async () => {
  known = [hexOf(await hashOf('A'))]
  const { assets, ops } = create()
  assets._shown(image('https://shop.example/a.png'))
  await until(() => ops.length == 2)
  assets._need([hexOf(await hashOf('A')), 'ff'.repeat(16)])
  await until(() => posted.length == 1)
  assert.equal(posted[0].body, 'A')
})

test('after the end nothing is named', async () => {
  const { assets, ops } = create()
  assets._shown(image('https://shop.example/a.png'))
  assets._stop()
  await idle()
  assert.deepEqual(ops.map(([code]) => code), [OP_SOURCE])
})
