// What a frame changed, in words.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changeWords, changesOf } from '../../replay/player/changes.js'
import { OPS } from '../../replay/player/ops.js'
import { applyOp } from '../../replay/player/reduce.js'
import { Tree } from '../../replay/player/tree.js'

const op = (name, fields = {}) => ({ code: Number(Object.keys(OPS).find((code) => OPS[code].name === name)), t_ms: 0, index: 0, ...fields })
const element = (parent, name, attrs = null) => ({ parent, kind: 'element', name, attrs, text: '', mode: 0 })
const text = (parent, words) => ({ parent, kind: 'text', name: '', attrs: null, text: words, mode: 0 })

/** html 2, body 3, button 4, its text 5, input 6. */
const page = () => {
  const tree = new Tree()
  const run = [element(-1, 'html'), element(0, 'body'), element(1, 'button'), text(2, ' Buy\n now '), element(1, 'input', new Map([['type', 'checkbox'], ['name', 'gift']]))]
  for (const one of [op('document', { mode: 0, reason: 0 }), op('put', { parent: 1, prev: 0, first_id: 2, run })]) applyOp(tree, one)
  return tree
}

const told = (...ops) => {
  const tree = page()
  for (const one of ops) applyOp(tree, one)
  return changeWords(changesOf(ops, tree))
}

test('a node is called by what it is and what it says', () => {
  assert.equal(told(op('set_text', { node: 5, text: 'Sold out' })), 'Button “Sold out” has new text')
  assert.equal(told(op('checked', { node: 6, state: 1 })), 'Box “gift” ticked')
  assert.equal(told(op('attr', { node: 4, name: 'disabled', value: '' })), 'Button “Buy now” changed its disabled')
})

test('many of a kind are counted, and the rest too', () => {
  const rows = Array.from({ length: 30 }, () => element(-1, 'li'))
  assert.equal(told(op('put', { parent: 3, prev: 6, first_id: 10, run: rows })), '30 items added')
  const boxes = Array.from({ length: 3 }, () => element(-1, 'input', new Map([['type', 'radio']])))
  assert.equal(told(op('put', { parent: 3, prev: 6, first_id: 10, run: boxes })), '3 boxes added')
  const names = ['p', 'form', 'table', 'ul', 'nav']
  assert.equal(told(...names.map((name, n) => op('put', { parent: 3, prev: 0, first_id: 10 + n, run: [element(-1, name)] }))), 'Paragraph added · form added · table added · 2 more')
})

test('what the hand did is told only where nothing else happened', () => {
  const pointer = op('pointer', { x: 1, y: 1 })
  assert.equal(told(pointer), 'Pointer moved')
  assert.equal(told(pointer, op('scroll', { node: 1, x: 0, y: 5 })), 'Page scrolled')
})

test('what is gone has no name, and what is not known says nothing', () => {
  assert.equal(told(op('remove', { node: 4 })), 'A part removed')
  assert.equal(told(op('remove', { node: 5 }), op('remove', { node: 6 }), op('remove', { node: 4 })), '3 parts removed')
  assert.equal(told({ code: 250, t_ms: 0, index: 0 }, op('attr', { node: 99, name: 'x', value: '' })), '')
})

test('long words are cut, and styles are told once', () => {
  assert.match(told(op('set_text', { node: 5, text: 'a long story '.repeat(50) })), /^Button “a long story a long story a lon.*…” has new text$/)
  const style = [element(-1, 'style')]
  assert.equal(told(op('put', { parent: 3, prev: 0, first_id: 10, run: style }), op('sheet', { sheet: 10, text: 'a{}', base: '' })), 'Styles changed')
})
