// Builds the script: src/ goes in, dist/ comes out, the same bytes for the same sources. Private names are shortened alike in all parts.
import { readFile, mkdir, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { minify } from 'terser'

const here = fileURLToPath(new URL('.', import.meta.url))
const { version } = JSON.parse(await readFile(here + 'package.json', 'utf8'))

/** name → entry. The part on demand is loaded by the script, and shares its private names. */
const OUTPUTS = { 'sdk.min.js': 'src/tag.ts', 'visitreel.mjs': 'src/index.ts', 'assets.min.js': 'src/onDemand.ts' }
const BANNER = `/* visitreel ${version}, MIT */\n`

const TERSER = {
  ecma: 2020,
  module: true,
  compress: { ecma: 2020, passes: 4, unsafe: true, unsafe_arrows: true, pure_getters: true, keep_fargs: false },
  format: { ecma: 2020 },
}

/** [file name, text] of everything in dist/. */
export const buildAll = async () => {
  let mangleCache = {}
  const files = []
  for (const [name, entry] of Object.entries(OUTPUTS)) {
    const result = await build({
      entryPoints: [here + entry],
      absWorkingDir: here,
      bundle: true,
      minify: true,
      write: false,
      format: 'esm',
      target: 'es2020',
      mangleProps: /^_[a-zA-Z]/,
      mangleCache,
      define: { VISITREEL_VERSION: JSON.stringify(version) },
    })
    mangleCache = result.mangleCache
    const { code } = await minify(result.outputFiles[0].text, TERSER)
    // A classic script's names would be the page's.
    files.push([name, BANNER + (name == 'sdk.min.js' ? `(()=>{"use strict";${code}})()` : code) + '\n'])
  }
  return files
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await mkdir(here + 'dist', { recursive: true })
  for (const [name, text] of await buildAll()) {
    await writeFile(here + 'dist/' + name, text)
    console.log(`${name}: ${text.length} bytes, ${gzipSync(text, { level: 9 }).length} gzipped`)
  }
}
