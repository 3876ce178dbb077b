import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load } from './load.mjs'

const { BLOCK, EDITING, HIDE, SHOW, UNMASK, markOf, maskText, ruleAt, MASK } = await load('mask')
const element = (attributes) => ({ getAttributeNames: () => Object.keys(attributes), getAttribute: (name) => attributes[name] ?? null })

const MARKS = [
  [BLOCK, 'data-visitreel', 'block'],
  [BLOCK, 'data-dd-privacy', 'hidden'],
  [BLOCK, 'data-sentry-block', ''],
  [BLOCK, 'data-openreplay-hidden', 'true'],
  ...['rr-block', 'a\nph-no-capture', 'sentry-block b', 'fs-exclude', 'nr-block'].map((value) => [BLOCK, 'class', value]),
  [HIDE, 'data-visitreel', 'mask'],
  [HIDE, 'data-dd-privacy', 'mask'],
  ...['sentry-mask', 'clarity-mask', 'openreplay-obscured', 'openreplay-masked', 'hj-suppress', 'cs-mask'].map((name) => [HIDE, 'data-' + name, '']),
  ...['rr-mask', 'rr-ignore', 'a ph-mask', 'sentry-mask', 'sentry-ignore', 'fs-mask b', 'nr-mask'].map((value) => [HIDE, 'class', value]),
  [UNMASK, 'data-visitreel', 'unmask'],
  [EDITING, 'contenteditable', ''],
  [EDITING, 'contenteditable', 'plaintext-only'],
  [EDITING, 'role', 'textbox'],
  [SHOW, 'contenteditable', 'false'],
  [SHOW, 'contenteditable', null],
  [SHOW, 'data-sentry-block', null],
  [SHOW, 'class', 'rr-blocked not-rr-mask'],
  [SHOW, 'data-sentry-masked', ''],
  [SHOW, 'id', 'rr-block'],
]
for (const [rule, name, value] of MARKS) {
  test(`${name}=${JSON.stringify(value)} is rule ${rule}`, () => assert.equal(markOf(name, value), rule))
}

test('on one element block beats mask beats unmask beats editing', () => {
  const all = { contenteditable: '', 'data-visitreel': 'unmask', class: 'rr-mask', 'data-sentry-block': '' }
  for (const rule of [BLOCK, HIDE, UNMASK, EDITING, SHOW]) {
    assert.equal(ruleAt(element(all), SHOW), rule)
    delete all[Object.keys(all).pop()]
  }
})

test('nothing is shown again inside what is blocked; elsewhere the nearest mark decides', () => {
  assert.equal(ruleAt(element({ 'data-visitreel': 'unmask' }), BLOCK), BLOCK)
  assert.equal(ruleAt(element({ 'data-visitreel': 'unmask' }), HIDE), UNMASK)
  assert.equal(ruleAt(element({ role: 'textbox' }), UNMASK), UNMASK)
  assert.equal(ruleAt(element({ role: 'textbox' }), HIDE), HIDE)
  assert.equal(ruleAt(element({ id: 'x' }), HIDE), HIDE)
})

test('text is masked under mask, block and editing; white space is layout', () => {
  const masked = [SHOW, EDITING, UNMASK, HIDE, BLOCK].filter((rule) => maskText('a', rule) == MASK)
  assert.deepEqual(masked, [EDITING, HIDE, BLOCK])
  assert.equal(maskText(' \n', HIDE), ' \n')
})
