// Builds the script: src/ goes in, dist/ comes out, the same bytes for the same sources. Private names are shortened alike in all parts.
import { readFile, mkdir, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const here = fileURLToPath(new URL('.', import.meta.url))
const { version } = JSON.parse(await readFile(here + '../package.json', 'utf8'))

/** name → [entry, format]. The assets part is loaded by the script, and shares its private names. */
const OUTPUTS = {
  'sdk.min.js': ['src/tag.ts', 'iife'],
  'visitreel.mjs': ['src/index.ts', 'esm'],
  'assets.min.js': ['src/assets.ts', 'esm'],
}

/** [file name, text] of everything in dist/. */
export const buildAll = async () => {
  let mangleCache = {}
  const files = []
  for (const [name, [entry, format]] of Object.entries(OUTPUTS)) {
    const result = await build({
      entryPoints: [here + entry],
      absWorkingDir: here,
      bundle: true,
      minify: true,
      write: false,
      format,
      target: 'es2020',
      charset: 'utf8',
      legalComments: 'none',
      mangleProps: /^_[a-zA-Z]/,
      mangleCache,
      define: { VISITREEL_VERSION: JSON.stringify(version) },
      banner: { js: `/* visitreel ${version}, MIT */` },
    })
    mangleCache = result.mangleCache
    files.push([name, result.outputFiles[0].text])
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
