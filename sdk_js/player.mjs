// Builds the player: the modules in replay/player/ go in, one script for browsers comes out in its dist/, the same bytes for the same modules.
// Its first line names what it was built from (collector/web/player_files.py).
import { createHash } from 'node:crypto'
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const folder = fileURLToPath(new URL('../replay/player/', import.meta.url))
const names = (await readdir(folder)).filter((name) => name.endsWith('.js')).sort()
const digest = createHash('sha256')
for (const name of names) {
  const data = await readFile(folder + name)
  digest.update(`${name} ${data.length} `).update(data)
}

const { outputFiles } = await build({
  entryPoints: [folder + 'page.js'],
  absWorkingDir: folder,
  bundle: true,
  minify: true,
  write: false,
  format: 'esm',
  target: 'es2022',
  charset: 'utf8',
  legalComments: 'none',
  banner: { js: `/* visitreel ${digest.digest('hex')}, MIT */` },
})
const text = outputFiles[0].text
await mkdir(folder + 'dist', { recursive: true })
await writeFile(folder + 'dist/page.js', text)
console.log(`player: ${text.length} bytes, ${gzipSync(text, { level: 9 }).length} gzipped`)
