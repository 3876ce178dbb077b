// The recorder's encoder runs the shared vectors (`tests/vectors/README.md`): ops go in, the section's columns must come out,
// byte for byte. (How wide the lengths of msgpack are written is free.)
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import { Reader } from '../../replay/player/msgpack.js'
import { OPS } from '../../replay/player/ops.js'
import { load } from './load.mjs'

const { createSection } = await load('section')
const folder = new URL('../vectors/ops/', import.meta.url)
const CODES = Object.fromEntries(Object.entries(OPS).map(([code, { name }]) => [name, Number(code)]))
const bytesOf = (hex) => new Uint8Array(Buffer.from(hex, 'hex'))

const columnsOf = (bytes) => {
  const reader = new Reader(bytes)
  assert.equal(reader.length('array'), 9)
  const columns = [...Array.from({ length: 5 }, () => reader.bin()), ...Array.from({ length: 3 }, () => reader.str())]
  const contents = Array.from({ length: reader.length('array') }, () => (reader.peek() === 'str' ? reader.str() : reader.bin()))
  return [...columns, contents]
}

/** Writes a run as the recorder does: in preorder, every node that may have children closed. */
const writeRun = (section, run) => {
  const open = []
  run.forEach(([parent, kind, ...rest], index) => {
    while (open.length && open.at(-1) != parent) {
      open.pop()
      section._up()
    }
    if (kind == 'text') return section._textNode(rest[0])
    open.push(index)
    if (kind == 'shadow') return section._shadow()
    if (kind == 'content') return section._content(rest[0])
    const [name, attrs] = rest
    const names = Object.keys(attrs)
    const shape = [name, ...names].join(' ') + ('class' in attrs ? '\n' + attrs.class : '')
    section._element(shape, names.filter((key) => key != 'class').map((key) => attrs[key]))
  })
  for (let level = 0; level <= open.length; level++) section._up()
}

for (const file of readdirSync(folder).sort()) {
  const vector = JSON.parse(readFileSync(new URL(file, folder), 'utf8'))
  // The recorder writes no ops that it does not know.
  if (vector.announced) continue
  test(`section: ${vector.name}`, () => {
    const named = new Map((vector.named ?? []).map((hash) => [vector.contents[hash], bytesOf(hash)]))
    const section = createSection((text) => named.get(text))
    for (const [t, name, fields] of vector.ops) {
      const values = []
      for (const [key, kind] of OPS[CODES[name]].fields) if (kind != 'run') values.push(kind == 'hash' ? bytesOf(fields[key]) : fields[key])
      section._op(CODES[name], t, values)
      if (fields.run) writeRun(section, fields.run)
    }
    assert.deepEqual(columnsOf(section._finish(vector.base_t_ms)), columnsOf(bytesOf(vector.section)))
  })
}
