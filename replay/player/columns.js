// Columns of an ops section: bytes or a joined string go in, one number or string at a time comes out. A column that runs dry throws
// `Dry`, which makes the section damaged from that op on.

/** A column has nothing left, or holds what it may not. */
export class Dry extends Error {}

const MAX_NUMBER = Number.MAX_SAFE_INTEGER

/** Numbers written as varints. */
export class Numbers {
  /**
   * @param {Uint8Array} bytes
   * @param {string} name for messages
   */
  constructor(bytes, name) {
    this.bytes = bytes
    this.name = name
    this.at = 0
  }

  get left() {
    return this.bytes.length - this.at
  }

  uint() {
    const bytes = this.bytes
    let byte = bytes[this.at++]
    if (byte === undefined) throw new Dry(`the ${this.name} column ends too early`)
    if (byte < 0x80) return byte
    let value = byte & 0x7f
    // Shifts would wrap beyond 31 bits, so the weight is a factor.
    for (let weight = 128; ; weight *= 128) {
      byte = bytes[this.at++]
      if (byte === undefined) throw new Dry(`the ${this.name} column ends too early`)
      value += (byte & 0x7f) * weight
      if (value > MAX_NUMBER || weight > MAX_NUMBER) throw new Dry(`a number of the ${this.name} column is beyond 2^53`)
      if (byte < 0x80) return value
    }
  }

  /** zigzag: 2n is n, 2n+1 is −n−1. */
  sint() {
    const value = this.uint()
    return value % 2 === 0 ? value / 2 : -(value - 1) / 2 - 1
  }
}

/** Strings joined by U+0000, with the escapes of big texts resolved. */
export class Strings {
  /**
   * @param {string} joined
   * @param {string} name for messages
   * @param {(index: number) => string} content a big text by its index
   */
  constructor(joined, name, content) {
    // An empty column is either no string or one empty string: which, its readers show.
    this.strings = joined.split('\0')
    this.isMaybeEmpty = joined === ''
    this.name = name
    this.content = content
    this.at = 0
  }

  get left() {
    return this.isMaybeEmpty && this.at === 0 ? 0 : this.strings.length - this.at
  }

  next() {
    const string = this.strings[this.at++]
    if (string === undefined) throw new Dry(`the ${this.name} column ends too early`)
    if (string.charCodeAt(0) !== 1) return string
    if (string.charCodeAt(1) === 1) return string.slice(1)
    const digits = string.slice(1)
    return this.content(/^[0-9]{1,9}$/.test(digits) ? Number(digits) : -1)
  }
}
