// Values in, msgpack out (https://github.com/msgpack/msgpack/blob/master/spec.md): what heads and sections need, in few forms.

/** Big-endian. */
export const float64 = (number: number): Uint8Array<ArrayBuffer> => {
  // Every browser runs on little-endian machines.
  return new Uint8Array(new Float64Array([number]).buffer).reverse()
}

/** An integer of 32 bits, big-endian. */
export const integer = (number: number): number[] => [24, 16, 8, 0].map((shift) => (number >>> shift) & 255)

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
  /** A length: in the marker itself where it is small, in a byte behind the marker `byte`, else in 32 bits. */
  const length = (count: number, small: number, limit: number, large: number, byte?: number): unknown =>
    parts.push(count < limit ? [small + count] : byte && count < 256 ? [byte, count] : [large, ...integer(count)])

  const write = (item: unknown): void => {
    if (typeof item == 'string') {
      const data = new TextEncoder().encode(item)
      length(data.length, 0xa0, 32, 0xdb, 0xd9)
      parts.push(data)
    } else if (typeof item == 'number') {
      // Negative and large ones are rare, and exact up to 2^53 this way too.
      if (item >>> 0 != item) parts.push([0xcb], float64(item))
      else length(item, 0, 128, 0xce, 0xcc)
    } else if (item instanceof Uint8Array) {
      length(item.length, 0, 0, 0xc6, 0xc4)
      parts.push(item)
    } else if (Array.isArray(item)) {
      length(item.length, 0x90, 16, 0xdd)
      item.forEach(write)
    } else if (item && typeof item == 'object') {
      const entries = Object.entries(item)
      length(entries.length, 0x80, 16, 0xdf)
      entries.flat().forEach(write)
    } else parts.push([item ? 0xc3 : item === false ? 0xc2 : 0xc0])
  }

  write(value)
  return concat(parts)
}
