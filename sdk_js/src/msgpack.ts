// Values in, msgpack out (https://github.com/msgpack/msgpack/blob/master/spec.md): what heads and sections need, nothing more.

/** Big-endian. */
export const float64 = (number: number): Uint8Array<ArrayBuffer> => {
  const data = new Uint8Array(8)
  new DataView(data.buffer).setFloat64(0, number)
  return data
}

export const concat = (parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> => {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** null, booleans, numbers, strings, bytes, arrays and plain objects (as maps; keys whose value is undefined are left out). */
export const encode = (value: unknown): Uint8Array<ArrayBuffer> => {
  const parts: Uint8Array[] = []
  const utf8 = new TextEncoder()
  let small: number[] = []

  const flush = (): void => {
    parts.push(new Uint8Array(small))
    small = []
  }
  /** A marker byte and a big-endian number of `size` bytes. */
  const sized = (marker: number, number: number, size: number): void => {
    small.push(marker)
    while (size) small.push(Math.floor(number / 256 ** --size) & 255)
  }
  /** The shortest of the markers for lengths of 8, 16 and 32 bits; `null`: that length does not exist. */
  const length = (count: number, marker8: number | null, marker16: number): void =>
    count < 256 && marker8 ? sized(marker8, count, 1) : count < 65_536 ? sized(marker16, count, 2) : sized(marker16 + 1, count, 4)
  const bytes = (data: Uint8Array): void => {
    if (data.length < 64) small.push(...data)
    else {
      flush()
      parts.push(data)
    }
  }

  const write = (item: unknown): void => {
    if (item == null) small.push(0xc0)
    else if (typeof item == 'boolean') small.push(item ? 0xc3 : 0xc2)
    else if (typeof item == 'number') {
      if (Number.isSafeInteger(item)) {
        if (item < 0) sized(0xd3, item, 8)
        else if (item < 128) small.push(item)
        else if (item < 2 ** 32) length(item, 0xcc, 0xcd)
        else sized(0xcf, item, 8)
      } else {
        small.push(0xcb)
        bytes(float64(item))
      }
    } else if (typeof item == 'string') {
      const data = utf8.encode(item)
      if (data.length < 32) small.push(0xa0 + data.length)
      else length(data.length, 0xd9, 0xda)
      bytes(data)
    } else if (item instanceof Uint8Array) {
      length(item.length, 0xc4, 0xc5)
      bytes(item)
    } else if (Array.isArray(item)) {
      if (item.length < 16) small.push(0x90 + item.length)
      else length(item.length, null, 0xdc)
      item.forEach(write)
    } else {
      const entries = Object.entries(item).filter((entry) => entry[1] !== undefined)
      if (entries.length < 16) small.push(0x80 + entries.length)
      else length(entries.length, null, 0xde)
      entries.flat().forEach(write)
    }
  }

  write(value)
  flush()
  return concat(parts)
}
