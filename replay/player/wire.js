// The ops section of `replay/FORMAT.md`: bytes go in, ops with their times and a list of what is damaged come out.
import { Dry, Numbers, Strings } from './columns.js'
import { Reader, WireError } from './msgpack.js'
import { OPS } from './ops.js'

export { WireError }

/**
 * One node of a run. `parent`: index in the run, or −1. `attrs`: null when there are none.
 * @typedef {{parent: number, kind: 'element'|'text'|'shadow'|'content', name: string, attrs: Map<string, string>|null, text: string, mode: number}} NewNode
 */
/** @typedef {import('./ops.js').Kind} Kind */
/**
 * An op with its fields by their names in the vocabulary. Hashes are hex.
 * @typedef {{code: number, t_ms: number, index: number} & Record<string, any>} Op
 */
/** @typedef {{ops: Op[], damage: string[]}} Section */
/** @typedef {{name: string, attrs: string[], classValue: string}} Shape */
/**
 * @typedef {object} Columns
 * @property {Uint8Array} codes
 * @property {Uint8Array} times
 * @property {Uint8Array} numbers
 * @property {Uint8Array} structure
 * @property {Uint8Array} hashes
 * @property {string} names
 * @property {string} values
 * @property {string} text
 * @property {Array<string|Uint8Array>} contents
 * @property {number} leftOver bytes behind the section
 * @property {Map<number, string>} announced the kinds of an op's fields, one letter each
 */

const HASH_BYTES = 16
const MAX_RUN_NODES = 500_000
const MAX_ATTRIBUTES = 512
const MAX_VALUE_UNITS = 1 << 20
/** @type {Record<string, Kind>} */
const KIND_OF_LETTER = { i: 'id', u: 'uint', s: 'sint', I: 'ids', U: 'uints', n: 'name', v: 'value', t: 'text', h: 'hash', r: 'run' }

/** @param {Uint8Array} bytes */
export const hex = (bytes) => {
  let text = ''
  for (const byte of bytes) text += (byte < 16 ? '0' : '') + byte.toString(16)
  return text
}

/**
 * The columns of a section. Throws WireError when it is no section at all.
 * @param {Uint8Array} bytes
 * @returns {Columns}
 */
const readColumns = (bytes) => {
  const reader = new Reader(bytes)
  const length = reader.length('array')
  if (length < 9) throw new WireError(`a section of ${length} columns`, 0)
  const [codes, times, numbers, structure, hashes] = [reader.bin(), reader.bin(), reader.bin(), reader.bin(), reader.bin()]
  const [names, values, text] = [reader.str(), reader.str(), reader.str()]
  /** @type {Array<string|Uint8Array>} */
  const contents = []
  for (let left = reader.length('array'); left > 0; left--) contents.push(readContent(reader))
  const announced = length > 9 ? readAnnounced(reader) : new Map()
  const leftOver = length <= 10 ? bytes.length - reader.at : 0
  return { codes, times, numbers, structure, hashes, names, values, text, contents, announced, leftOver }
}

/** @param {Reader} reader */
const readContent = (reader) => {
  if (reader.peek() === 'str') return reader.str()
  const start = reader.at
  const hash = reader.bin()
  if (hash.length !== HASH_BYTES) throw new WireError(`a hash of ${hash.length} bytes`, start)
  return hash
}

/** @param {Reader} reader */
const readAnnounced = (reader) => {
  /** @type {Map<number, string>} */
  const announced = new Map()
  for (let left = reader.length('map'); left > 0; left--) announced.set(reader.int(), reader.str())
  return announced
}

/**
 * The hashes (hex) of big texts that a section names without carrying them.
 * @param {Uint8Array} bytes
 * @returns {string[]}
 */
export const sectionContents = (bytes) => {
  const named = readColumns(bytes).contents.flatMap((content) => (typeof content === 'string' ? [] : [hex(content)]))
  return [...new Set(named)]
}

/**
 * Decodes a section. `base_t_ms`: the time its first op counts from. `content`: a big text by its hash (hex), null when it can't be
 * had. What is damaged is left out and named; only bytes that are no section throw (WireError).
 * @param {Uint8Array} bytes
 * @param {number} base_t_ms
 * @param {(hash: string) => string|null} [content]
 * @returns {Section}
 */
export const readSection = (bytes, base_t_ms, content = () => null) => {
  const columns = readColumns(bytes)
  const decoder = new Decoder(columns, content)
  /** @type {Op[]} */
  const ops = []
  let t_ms = base_t_ms
  for (const [index, code] of columns.codes.entries()) {
    try {
      t_ms += decoder.times.uint()
      ops.push(decoder.op(code, t_ms, index))
    } catch (error) {
      if (!(error instanceof Dry)) throw error
      decoder.damage.push(`op ${index}: ${error.message}`)
      return { ops, damage: decoder.damage }
    }
  }
  decoder.checkLeftOver(columns.leftOver)
  return { ops, damage: decoder.damage }
}

/** @param {string} letter */
const kindOf = (letter) => {
  const kind = Object.hasOwn(KIND_OF_LETTER, letter) ? KIND_OF_LETTER[letter] : undefined
  if (!kind) throw new Dry(`unknown kind ${JSON.stringify(letter)}`)
  return kind
}

/**
 * @param {number} code
 * @param {string} letters
 * @param {Array<[string, Kind]>} fields
 */
const checkAnnounced = (code, letters, fields) => {
  for (const [at, [, kind]] of fields.entries()) {
    if (kindOf(letters[at] ?? '') !== kind) throw new Dry(`op code ${code} announces other fields ${JSON.stringify(letters.slice(0, 40))}`)
  }
}

/** The state of reading one section: where each column stands, the shapes met so far. */
class Decoder {
  /**
   * @param {Columns} columns
   * @param {(hash: string) => string|null} content
   */
  constructor(columns, content) {
    /** @type {string[]} */
    this.damage = []
    this.announced = columns.announced
    this.times = new Numbers(columns.times, 'times')
    this.numbers = new Numbers(columns.numbers, 'numbers')
    this.structure = new Numbers(columns.structure, 'structure')
    this.hashes = columns.hashes
    this.hashAt = 0
    /** @param {number} index */
    const big = (index) => this.big(columns.contents, index, content)
    this.names = new Strings(columns.names, 'names', big)
    this.values = new Strings(columns.values, 'values', big)
    this.text = new Strings(columns.text, 'text', big)
    /** @type {Shape[]} */
    this.shapes = []
    this.lastId = 0
    this.runNodes = 0
  }

  /**
   * @param {Array<string|Uint8Array>} contents
   * @param {number} index
   * @param {(hash: string) => string|null} content
   */
  big(contents, index, content) {
    const found = contents[index]
    if (found === undefined) {
      this.damage.push(`unknown content ${index}`)
      return ''
    }
    if (typeof found === 'string') return found
    const text = content(hex(found))
    if (text === null) this.damage.push(`missing content ${hex(found)}`)
    return text ?? ''
  }

  /**
   * @param {number} code
   * @param {number} t_ms
   * @param {number} index
   * @returns {Op}
   */
  op(code, t_ms, index) {
    const known = OPS[code]
    const letters = this.announced.get(code)
    if (!known && letters === undefined) throw new Dry(`unknown code ${code}`)
    const fields = known ? known.fields : []
    if (known && letters !== undefined) checkAnnounced(code, letters, fields)
    /** @type {Op} */
    const op = { code, t_ms, index }
    for (const [name, kind] of fields) op[name] = this.field(kind)
    // An unknown op, or what a later version appended to a known one: read to keep the columns in step.
    const more = [...(letters ?? '')].slice(fields.length).map((letter) => this.field(kindOf(letter)))
    if (!known) op.fields = more
    return op
  }

  /**
   * @param {Kind} kind
   * @returns {any}
   */
  field(kind) {
    switch (kind) {
      case 'id':
        return this.id()
      case 'uint':
        return this.numbers.uint()
      case 'sint':
        return this.numbers.sint()
      case 'ids':
        return this.many(() => this.id())
      case 'uints':
        return this.many(() => this.numbers.uint())
      case 'name':
        return this.names.next()
      case 'value':
        return this.value()
      case 'text':
        return this.text.next()
      case 'hash':
        return this.hash()
      case 'run':
        return this.run()
    }
  }

  value() {
    return this.bounded(this.values.next())
  }

  /** @param {string} value */
  bounded(value) {
    if (value.length <= MAX_VALUE_UNITS) return value
    this.damage.push(`a value of ${value.length} characters was cut`)
    const isHalf = (value.charCodeAt(MAX_VALUE_UNITS) & 0xfc00) === 0xdc00
    return value.slice(0, isHalf ? MAX_VALUE_UNITS - 1 : MAX_VALUE_UNITS)
  }

  id() {
    const id = this.lastId + this.numbers.sint()
    if (Math.abs(id) > Number.MAX_SAFE_INTEGER) throw new Dry(`an id of ${id}`)
    return (this.lastId = id)
  }

  /** @param {() => number} read */
  many(read) {
    const count = this.numbers.uint()
    if (count > this.numbers.left) throw new Dry(`a list of ${count} goes beyond the numbers column`)
    /** @type {number[]} */
    const list = []
    for (let left = count; left > 0; left--) list.push(read())
    return list
  }

  hash() {
    const end = this.hashAt + HASH_BYTES
    if (end > this.hashes.length) throw new Dry('the hashes column ends too early')
    const hash = hex(this.hashes.subarray(this.hashAt, end))
    this.hashAt = end
    return hash
  }

  /** @returns {NewNode[]} */
  run() {
    /** @type {NewNode[]} */
    const run = []
    /** @type {number[]} */
    const open = []
    for (let parent = -1; ; ) {
      const token = this.structure.uint()
      if (token === 0) {
        if (parent === -1) return run
        open.pop()
        parent = open[open.length - 1] ?? -1
        continue
      }
      if (++this.runNodes > MAX_RUN_NODES) throw new Dry(`more than ${MAX_RUN_NODES} nodes in runs`)
      run.push(this.node(token, parent))
      if (token !== 1 && (token < 8 || token % 2 === 1)) open.push((parent = run.length - 1))
    }
  }

  /**
   * @param {number} token
   * @param {number} parent
   * @returns {NewNode}
   */
  node(token, parent) {
    if (token >= 8) return this.element(Math.floor((token - 8) / 2), parent)
    if (token === 1) return { parent, kind: 'text', name: '', attrs: null, text: this.text.next(), mode: 0 }
    if (token === 2) return { parent, kind: 'shadow', name: '', attrs: null, text: '', mode: 0 }
    if (token === 3) return { parent, kind: 'content', name: '', attrs: null, text: '', mode: this.structure.uint() }
    throw new Dry(`reserved token ${token} in a run`)
  }

  /**
   * @param {number} index
   * @param {number} parent
   * @returns {NewNode}
   */
  element(index, parent) {
    if (index === this.shapes.length) this.shapes.push(this.shape())
    const shape = this.shapes[index]
    if (!shape) throw new Dry(`unknown shape ${index}`)
    if (shape.attrs.length === 0) return { parent, kind: 'element', name: shape.name, attrs: null, text: '', mode: 0 }
    const attrs = new Map()
    for (const name of shape.attrs) {
      const value = name === 'class' ? shape.classValue : this.value()
      if (attrs.size < MAX_ATTRIBUTES) attrs.set(name, value)
    }
    return { parent, kind: 'element', name: shape.name, attrs, text: '', mode: 0 }
  }

  /** @returns {Shape} */
  shape() {
    const text = this.names.next()
    // Only the value of `class` can hold a line break, so the first one ends the names.
    const end = text.indexOf('\n')
    const [name = '', ...attrs] = (end < 0 ? text : text.slice(0, end)).split(' ')
    if (name === '') throw new Dry('a shape without a name')
    if (new Set(attrs).size < attrs.length || attrs.includes('') || /[\t\r\f]/.test(name + attrs.join(''))) throw new Dry('a shape with a bad or repeated name')
    if (attrs.length > MAX_ATTRIBUTES) this.damage.push(`${attrs.length} attributes of a shape were cut`)
    return { name, attrs, classValue: end < 0 ? '' : this.bounded(text.slice(end + 1)) }
  }

  /** @param {number} bytes */
  checkLeftOver(bytes) {
    const left = [bytes, this.times.left, this.numbers.left, this.structure.left, this.hashes.length - this.hashAt]
    const strings = [this.names.left, this.values.left, this.text.left]
    const names = ['bytes', 'times', 'numbers', 'structure', 'hashes', 'names', 'values', 'text']
    for (const [index, count] of [...left, ...strings].entries()) {
      if (count > 0) this.damage.push(`${count} left over: ${names[index]}`)
    }
  }
}
