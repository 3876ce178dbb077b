// A source file of the script goes in, its exports come out, as a browser without a page would see them.
import { webcrypto } from 'node:crypto'
import { build } from 'esbuild'
import { fileURLToPath } from 'node:url'

// Node 18 has it in a module only.
globalThis.crypto ??= webcrypto

const source = fileURLToPath(new URL('../../sdk_js/src/', import.meta.url))

/** `path`: below sdk_js/src, without its ending. */
export const load = async (path) => {
  const { outputFiles } = await build({
    entryPoints: [`${source}${path}.ts`],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2020',
    define: { VISITREEL_VERSION: '"0.0.0"' },
  })
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`)
}

/** Gives the global scope what a window has; the result takes it back. */
export const setWindow = (properties) => {
  const before = new Map()
  for (const [name, value] of Object.entries({ window: globalThis, ...properties })) {
    before.set(name, Object.getOwnPropertyDescriptor(globalThis, name))
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
  }
  return () => {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor)
      else delete globalThis[name]
    }
  }
}

/** Lets promises that are settled go on. */
export const settle = async () => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

/** localStorage and sessionStorage as plain objects, which is how the script uses them. */
export const createStorage = () => Object.create(null)
