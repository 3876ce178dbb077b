import assert from 'node:assert/strict'
import { beforeEach, mock, test } from 'node:test'
import { load, setWindow } from './load.mjs'

const { readConfig } = await load('config')
const { consentFrom } = await load('consent')

beforeEach(() => setWindow({ navigator: {} }))

for (const [script, collector] of [
  ['https://collector.example/sdk.js', 'https://collector.example/'],
  ['https://collector.example/sdk.js?v=1#x', 'https://collector.example/'],
  ['https://collector.example/sdk/0.1.0/sdk.js', 'https://collector.example/'],
  ['https://shop.example/stats/sdk.min.js', 'https://shop.example/stats/'],
  ['http://localhost:8000/stats/sdk/0.1.0/sdk.js', 'http://localhost:8000/stats/'],
]) {
  test(`the collector of ${script} is ${collector}`, () => {
    assert.equal(readConfig({ site: 'KEY' }, script)._collector, collector)
  })
}

test('a collector that is named holds, with or without a slash at its end', () => {
  for (const collector of ['https://c.example/x', 'https://c.example/x/']) {
    assert.equal(readConfig({ site: 'KEY', collector }, 'https://other.example/sdk.js')._collector, 'https://c.example/x/')
  }
})

test('defaults: cookieless, replay of every session, silent', () => {
  const log = mock.method(console, 'info', () => {})
  const config = readConfig({ site: 'KEY' }, 'https://c.example/sdk.js')
  assert.deepEqual([config._consent, config._sample], ['cookieless', 1])
  config._debug('x')
  assert.equal(log.mock.callCount(), 0)
  log.mock.restore()
})

test('an attribute without a value switches debug on, "false" does not', () => {
  const log = mock.method(console, 'info', () => {})
  for (const debug of ['', 'true', true]) readConfig({ site: 'KEY', debug })._debug('x')
  for (const debug of ['false', false, undefined]) readConfig({ site: 'KEY', debug })._debug('x')
  assert.equal(log.mock.callCount(), 3)
  log.mock.restore()
})

test('replay off and a sample are shares', () => {
  assert.equal(readConfig({ site: 'KEY', replay: 'off', sample: '1' })._sample, 0)
  assert.equal(readConfig({ site: 'KEY', sample: '0.25' })._sample, 0.25)
})

test('a sample that is no number records no DOM', () => {
  assert.equal(0 < readConfig({ site: 'KEY', sample: 'half' })._sample, false)
})

for (const [word, isPrivate, isAnswer, consent] of [
  ['granted', false, false, 'granted'],
  ['cookieless', false, false, 'cookieless'],
  ['required', false, false, 'required'],
  ['Granted', false, false, 'required'],
  [undefined, false, true, 'required'],
  [{}, false, true, 'required'],
  ['granted', true, false, 'required'],
  ['cookieless', true, false, 'required'],
  ['granted', true, true, 'granted'],
  ['denied', true, true, 'denied'],
  ['cookieless', true, true, 'required'],
  ['cookieless', false, true, 'cookieless'],
  ['denied', false, true, 'denied'],
]) {
  const source = isAnswer ? 'answer' : 'default'
  test(`${source} ${String(word)}${isPrivate ? ' with a wish for privacy' : ''} means ${consent}`, () => {
    for (const wish of [{ globalPrivacyControl: true }, { doNotTrack: '1' }]) {
      setWindow({ navigator: isPrivate ? wish : { doNotTrack: null } })
      assert.equal(consentFrom(word, isAnswer), consent)
    }
  })
}
