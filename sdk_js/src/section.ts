// The ops of one batch in columns (replay/FORMAT.md, "Ops section"): ops come in field by field, one msgpack array of nine goes out.
import { encode } from './msgpack'
import { KINDS } from './ops'

/** Strings of this many UTF-16 units or more go into the contents column, equal ones once. */
const CONTENT_MIN_LENGTH = 2048

const TOKEN_TEXT = 1
const TOKEN_SHADOW = 2
const TOKEN_CONTENT = 3
const TOKEN_ELEMENT_OPEN = 9

export type Field = number | string | Uint8Array | readonly number[]

/** Writes one section. */
export interface Section {
  /** An op with its fields in the vocabulary's order. After an op with a run its nodes follow at once. */
  _op(code: number, tMs: number, fields: readonly Field[]): void
  /** A run: nodes in preorder, each element, shadow root and content document closed by `_up`, and one more `_up` at the end. */
  _element(shape: string, values: readonly string[]): void
  _textNode(text: string): void
  _shadow(): void
  _content(mode: number): void
  _up(): void
  /** Ops written so far. */
  _count: number
  /** About the length of the finished section in bytes. */
  _size: number
  /** Time of the first op. */
  _firstT: number
  /** Does it carry or name what is kept once a site? */
  _hasContents: boolean
  /** Hashes of the texts that the section names without carrying them. */
  _named: Uint8Array[]
  /** The section; `baseT` is the time that the first op's delta counts from. */
  _finish(baseT: number): Uint8Array
}

const varint = (column: number[], value: number): void => {
  // Not with shifts: ids and times may pass 2^31.
  while (value > 127) {
    column.push((value % 128) | 128)
    value = Math.floor(value / 128)
  }
  column.push(value)
}

const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value)

/** `named`: the hash of a big text, if the collector has confirmed that it keeps it. */
export const createSection = (named?: (text: string) => Uint8Array | undefined): Section => {
  const codes: number[] = []
  /** ms since the op before. */
  const times: number[] = []
  const numbers: number[] = []
  const structure: number[] = []
  const hashes: number[] = []
  const names: string[] = []
  const values: string[] = []
  const texts: string[] = []
  const contents: (string | Uint8Array)[] = []
  const contentIndex = new Map<string, number>()
  const shapes = new Map<string, number>()
  let lastT = 0
  let lastId = 0
  /** An element token that waits: it becomes a leaf when nothing is put into it. 0: none. */
  let open = 0

  const push = (column: string[], value: string): void => {
    if (value.includes('\0')) value = value.replace(/\0/g, '\ufffd')
    if (value.length >= CONTENT_MIN_LENGTH) {
      let index = contentIndex.get(value)
      if (index === undefined) {
        contentIndex.set(value, (index = contents.length))
        section._hasContents = true
        const hash = named?.(value)
        if (hash) section._named.push(hash)
        else section._size += value.length
        contents.push(hash ?? value)
      }
      value = '\x01' + index
    } else if (value[0] === '\x01') value = '\x01' + value
    section._size += value.length + 1
    column.push(value)
  }
  const openNext = (next: number): void => {
    if (open) varint(structure, open)
    open = next
  }
  const token = (value: number): void => {
    openNext(0)
    varint(structure, value)
    section._size++
  }

  const uint = (value: number): void => {
    varint(numbers, value)
    section._size++
  }
  const id = (value: number): void => {
    uint(zigzag(value - lastId))
    lastId = value
  }
  const list = (write: (value: number) => void) => (items: readonly number[]) => {
    uint(items.length)
    for (const item of items) write(item)
  }
  const writers = {
    i: id,
    u: uint,
    s: (value: number) => uint(zigzag(value)),
    I: list(id),
    U: list(uint),
    n: (value: string) => push(names, value),
    v: (value: string) => push(values, value),
    t: (value: string) => push(texts, value),
    h(hash: Uint8Array) {
      hashes.push(...hash)
      section._hasContents = true
      section._size += 16
    },
  }
  type Kind = keyof typeof writers

  const section: Section = {
    _count: 0,
    _size: 0,
    _firstT: 0,
    _named: [],
    _hasContents: false,
    _op(code, tMs, fields) {
      codes.push(code)
      if (!section._count++) section._firstT = lastT = tMs
      times.push(Math.max(0, tMs - lastT))
      lastT = Math.max(tMs, lastT)
      section._size += 3
      fields.forEach((field, at) => writers[KINDS[code]![at] as Kind](field as never))
    },
    _element(shape, list) {
      let index = shapes.get(shape)
      if (index === undefined) {
        shapes.set(shape, (index = shapes.size))
        push(names, shape)
      }
      openNext(TOKEN_ELEMENT_OPEN + 2 * index)
      section._size += 2
      for (const value of list) push(values, value)
    },
    _textNode(text) {
      token(TOKEN_TEXT)
      push(texts, text)
    },
    _shadow: () => token(TOKEN_SHADOW),
    _content(mode) {
      token(TOKEN_CONTENT)
      varint(structure, mode)
    },
    _up() {
      varint(structure, open && open - 1)
      open = 0
    },
    _finish(baseT) {
      const deltas: number[] = []
      if (section._count) times[0] = section._firstT - baseT
      for (const delta of times) varint(deltas, delta)
      return encode([
        ...[codes, deltas, numbers, structure, hashes].map((column) => new Uint8Array(column)),
        ...[names, values, texts].map((column) => column.join('\0')),
        contents,
      ])
    },
  }
  return section
}
