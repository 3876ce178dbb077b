// The little of msgpack that an ops section uses: bytes go in, one value at a time comes out. Every length is checked against what is
// left before anything is made of it, so a header that claims 2^32 items costs nothing. Nothing here recurses.

/** Bytes that are no section. `offset` is where reading stopped. */
export class WireError extends Error {
  /**
   * @param {string} message
   * @param {number} offset
   */
  constructor(message, offset) {
    super(`${message} at byte ${offset}`)
    this.name = 'WireError'
    this.offset = offset
  }
}

// ignoreBOM: a text may begin with U+FEFF and must keep it. What is not UTF-8 becomes U+FFFD.
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** @typedef {'array'|'map'|'bin'|'str'|'int'|'other'} Type */

export class Reader {
  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.at = 0
  }

  /** @returns {Type} what the next value is */
  peek() {
    const lead = this.bytes[this.at]
    if (lead === undefined) throw new WireError('the section ends too early', this.at)
    if (lead <= 0x7f || lead >= 0xe0 || (lead >= 0xcc && lead <= 0xd3)) return 'int'
    if (lead <= 0x8f || lead === 0xde || lead === 0xdf) return 'map'
    if (lead <= 0x9f || lead === 0xdc || lead === 0xdd) return 'array'
    if (lead <= 0xbf || (lead >= 0xd9 && lead <= 0xdb)) return 'str'
    return lead >= 0xc4 && lead <= 0xc6 ? 'bin' : 'other'
  }

  /** @param {number} width bytes of an unsigned big-endian number */
  unsigned(width) {
    if (this.at + width > this.bytes.length) throw new WireError('the section ends too early', this.at)
    const at = this.at
    this.at += width
    if (width === 1) return this.view.getUint8(at)
    if (width === 2) return this.view.getUint16(at)
    if (width === 4) return this.view.getUint32(at)
    return this.view.getUint32(at) * 2 ** 32 + this.view.getUint32(at + 4)
  }

  /**
   * Reads the header of an array, map, string or binary: its length in items or bytes.
   * @param {Type} type
   */
  length(type) {
    const start = this.at
    if (this.peek() !== type) throw new WireError(`expected ${type}, found ${this.peek()}`, start)
    const lead = this.unsigned(1)
    let length = 0
    if (lead <= 0x9f) length = lead & 0x0f
    else if (lead <= 0xbf) length = lead & 0x1f
    else if (type === 'bin') length = this.unsigned(1 << (lead - 0xc4))
    else if (type === 'str') length = this.unsigned(1 << (lead - 0xd9))
    else length = this.unsigned(lead === 0xdc || lead === 0xde ? 2 : 4)
    // An item takes a byte at least, a pair two.
    const least = type === 'map' ? length * 2 : length
    if (this.at + least > this.bytes.length) throw new WireError(`${type} of ${length} goes beyond the end`, start)
    return length
  }

  /** A binary, as a view of the section's bytes. */
  bin() {
    const length = this.length('bin')
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }

  str() {
    const length = this.length('str')
    this.at += length
    return utf8.decode(this.bytes.subarray(this.at - length, this.at))
  }

  /** A non-negative integer. */
  int() {
    const start = this.at
    if (this.peek() !== 'int') throw new WireError(`expected int, found ${this.peek()}`, start)
    const lead = this.unsigned(1)
    if (lead <= 0x7f) return lead
    if (lead < 0xcc || lead > 0xcf) throw new WireError('a negative integer', start)
    return this.unsigned(1 << (lead - 0xcc))
  }
}
