// The player's decoder and tree run the shared vectors (`tests/vectors/README.md`).
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import { dumpTree } from '../../replay/player/dump.js'
import { OPS } from '../../replay/player/ops.js'
import { applyOp } from '../../replay/player/reduce.js'
import { Tree } from '../../replay/player/tree.js'
import { WireError, readSection, sectionContents } from '../../replay/player/wire.js'

const folder = (name) => new URL(`../vectors/${name}/`, import.meta.url)
const vectors = (name) =>
  readdirSync(folder(name))
    .sort()
    .map((file) => JSON.parse(readFileSync(new URL(file, folder(name)), 'utf8')))

const bytesOf = (text) => new Uint8Array(Buffer.from(text, 'hex'))
const plain = (value) => JSON.parse(JSON.stringify(value))

const runOf = (run) =>
  run.map(({ parent, kind, name, attrs, text, mode }) => {
    if (kind === 'element') return [parent, kind, name, Object.fromEntries(attrs ?? [])]
    if (kind === 'text') return [parent, kind, text]
    return kind === 'shadow' ? [parent, kind] : [parent, kind, mode]
  })

/** An op as the vectors write it. */
const written = (op) => {
  const shape = OPS[op.code]
  if (!shape) return [op.t_ms, 'unknown', { code: op.code, fields: op.fields.map((field) => (field?.[0]?.kind ? runOf(field) : field)) }]
  const fields = shape.fields.map(([name, kind]) => [name, kind === 'run' ? runOf(op[name]) : op[name]])
  return [op.t_ms, shape.name, Object.fromEntries(fields)]
}

const decoded = (vector) =>
  readSection(bytesOf(vector.section), vector.base_t_ms, (hash) => vector.contents?.[hash] ?? null)

for (const vector of vectors('ops')) {
  test(`ops: ${vector.name}`, () => {
    const { ops, damage } = decoded(vector)
    assert.deepEqual(damage, [])
    assert.deepEqual(plain(ops.map(written)), vector.ops)
    const tree = new Tree()
    for (const op of ops) applyOp(tree, op)
    assert.deepEqual(plain(dumpTree(tree)), vector.tree)
    assert.equal(tree.damageCount, vector.damage.length, `damage: ${tree.damage.join('; ')}`)
  })
}

for (const vector of vectors('sections')) {
  test(`section: ${vector.name}`, () => {
    const { ops, damage } = decoded(vector)
    assert.deepEqual(plain(ops.map(written)), vector.ops)
    assert.equal(damage.length > 0, vector.problems.length > 0, damage.join('; '))
  })
}

test('the texts that a section names by hash are listed', () => {
  const named = vectors('ops').filter((vector) => vector.named?.length > 0)
  assert.ok(named.length > 0)
  for (const vector of named) assert.deepEqual(sectionContents(bytesOf(vector.section)).sort(), [...vector.named].sort())
})

test('cut off and random bytes never do worse than WireError', () => {
  let seed = 12345
  const random = (below) => (seed = (seed * 1103515245 + 12345) % 2 ** 31) % below
  for (const vector of vectors('ops')) {
    const whole = bytesOf(vector.section)
    for (let round = 0; round < 60; round++) {
      const bytes = round % 3 === 0 ? whole.slice(0, random(whole.length + 1)) : whole.slice()
      if (round % 3) for (let flips = random(6); flips >= 0; flips--) bytes[random(bytes.length)] = random(256)
      const tree = new Tree()
      try {
        for (const op of readSection(bytes, 0).ops) applyOp(tree, op)
      } catch (error) {
        assert.ok(error instanceof WireError, `${vector.name}: ${error.stack}`)
      }
    }
  }
})

test('a header that claims four thousand million items is refused at once', () => {
  for (const lead of [0xdd, 0xdf, 0xdb, 0xc6]) {
    const bytes = new Uint8Array([0x99, lead, 0xff, 0xff, 0xff, 0xff])
    assert.throws(() => readSection(bytes, 0), WireError)
  }
})
