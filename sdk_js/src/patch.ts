// Natives of the page that have no event: a method or accessor goes in, it is wrapped so that we hear of calls, and out comes the undo.

/** Calls `heard` after each call of a method, or after each set (get: `heard` sees the result) of an accessor. The undo restores the
 * native, or makes our wrapper pass through where another tool has patched on top of it. */
export const patch = <Self, Args extends unknown[], Result>(
  owner: object | undefined,
  name: string,
  part: 'value' | 'get' | 'set',
  heard: (self: Self, args: Args, result: Result) => void,
): (() => void) => {
  const descriptor = Object.getOwnPropertyDescriptor(owner ?? {}, name)
  const native = descriptor?.[part] as ((...args: unknown[]) => unknown) | undefined
  if (!native || !descriptor?.configurable) return () => {}
  let isOn = true
  const wrapper = function (this: unknown, ...args: unknown[]): unknown {
    const result = native.apply(this, args)
    if (isOn) heard(this as Self, args as Args, result as Result)
    return result
  }
  Object.defineProperty(owner!, name, { ...descriptor, [part]: wrapper })
  return () => {
    isOn = false
    if (Object.getOwnPropertyDescriptor(owner!, name)?.[part] == wrapper) Object.defineProperty(owner!, name, descriptor)
  }
}

