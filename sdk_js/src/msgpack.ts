// Values in, msgpack out (https://github.com/msgpack/msgpack/blob/master/spec.md): what heads and sections need, in few forms.

/** Big-endian. */
export const float64 = (number: number): Uint8Array<ArrayBuffer> => {
  // Every browser runs on little-endian machines.
  return new Uint8Array(new Float64Array([number]).buffer).reverse()
}

/** A big-endian integer of `size` bytes; negative ones in two's complement. */
export const integer = (number: number, size = 4): number[] => {
  const bytes = []
  while (size) bytes.push(Math.floor(number / 256 ** --size) & 255)
  return bytes
}

export const concat = (parts: readonly ArrayLike<number>[]): Uint8Array<ArrayBuffer> => {
  let at = 0
  for (const part of parts) at += part.length
  const whole = new Uint8Array(at)
  for (const part of [...parts].reverse()) whole.set(part, (at -= part.length))
  return whole
}

/** null, booleans, numbers, strings, bytes, arrays and plain objects (as maps). */
export const encode = (value: unknown): Uint8Array<ArrayBuffer> => {
  const parts: ArrayLike<number>[] = []
  /** A length: in the marker itself where it is small, else in 32 bits. */
  const length = (count: number, small: number, limit: number, large: number): unknown =>
    parts.push(count < limit ? [small + count] : [large, ...integer(count)])

  const write = (item: unknown): void => {
    if (typeof item == 'string') {
      const data = new TextEncoder().encode(item)
      length(data.length, 0xa0, 32, 0xdb)
      parts.push(data)
    } else if (typeof item == 'number') {
      if (!Number.isSafeInteger(item)) parts.push([0xcb], float64(item))
      else if (item < 0 || item >= 2 ** 32) parts.push([0xd3], integer(item, 8))
      else length(item, 0, 128, 0xce)
    } else if (item instanceof Uint8Array) {
      length(item.length, 0, 0, 0xc6)
      parts.push(item)
    } else if (Array.isArray(item)) {
      length(item.length, 0x90, 16, 0xdd)
      item.forEach(write)
    } else if (item && typeof item == 'object') {
      const entries = Object.entries(item)
      length(entries.length, 0x80, 16, 0xdf)
      entries.flat().forEach(write)
    } else parts.push([item ? 0xc3 : typeof item == 'boolean' ? 0xc2 : 0xc0])
  }

  write(value)
  return concat(parts)
}
