// Builds the script: src/ goes in, dist/ comes out, the same bytes for the same sources. Private names are shortened alike in all parts.
// Where sources have changed, names are chosen anew (names.mjs): that takes a minute.
import { readFile, mkdir, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { deflateRawSync, gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { minify } from 'terser'
import { rename } from './names.mjs'
import { readNames } from './scopes.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const { version } = JSON.parse(await readFile(here + 'package.json', 'utf8'))

/** name → entry. The part on demand is loaded by the script, and shares its private names. */
const OUTPUTS = { 'sdk.min.js': 'src/tag.ts', 'assets.min.js': 'src/onDemand.ts', 'visitreel.mjs': 'src/index.ts' }
const BANNER = `/* visitreel ${version}, MIT */\n`

const TERSER = {
  ecma: 2021,
  module: true,
  compress: { ecma: 2021, passes: 4, unsafe: true, unsafe_arrows: true, pure_getters: true, keep_fargs: false, booleans_as_integers: true },
  format: { ecma: 2021 },
}

/** A classic script's names would be the page's. */
const wrap = (name, code) => BANNER + (name == 'sdk.min.js' ? `(()=>{"use strict";${code}})()` : code) + '\n'

const minified = async (entry) => {
  const { outputFiles } = await build({
    entryPoints: [here + entry],
    absWorkingDir: here,
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2021',
    define: { VISITREEL_VERSION: JSON.stringify(version) },
  })
  return (await minify(outputFiles[0].text, TERSER)).code
}

/** [file name, text] of everything in dist/, and the names found for it (names.json). */
export const buildAll = async () => {
  const before = JSON.parse(await readFile(here + 'names.json', 'utf8').catch(() => '{}'))
  const names = {}
  const codes = await Promise.all(Object.values(OUTPUTS).map(minified))
  const taken = codes.flatMap((code) => [...readNames(code).plain])
  const properties = new Map()
  const files = Object.keys(OUTPUTS).map((name, at) => {
    // The module is minified again by whoever bundles it.
    const sizeOf = name.endsWith('.min.js') && ((code) => deflateRawSync(wrap(name, code), { level: 9 }).length)
    const { text, found } = rename(codes[at], { taken, properties, found: before[name], sizeOf })
    if (sizeOf) names[name] = found
    return [name, wrap(name, text)]
  })
  return { files, names }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await mkdir(here + 'dist', { recursive: true })
  const { files, names } = await buildAll()
  await writeFile(here + 'names.json', JSON.stringify(names, null, 1) + '\n')
  for (const [name, text] of files) {
    await writeFile(here + 'dist/' + name, text)
    console.log(`${name}: ${text.length} bytes, ${gzipSync(text, { level: 9 }).length} gzipped`)
  }
}
