// A minified module goes in, the same module comes out with names that gzip better: one name after the other is changed, as long as the
// text becomes shorter when compressed. What was found is kept in names.json, and holds until the module changes.
import { createHash } from 'node:crypto'
import { readNames } from './scopes.mjs'

/** From the most frequent letters of scripts on: these compress best. */
const LETTERS = [...'etrnoaislcdufmphgvybkwSMTECNxAOPDRLIFjUqBVHzGWYXJKQZ_$']
const PAIRS = LETTERS.flatMap((one) => LETTERS.map((two) => one + two)).filter((name) => !/^(do|if|in|of|as|[_$]+)$/.test(name))
/** So many of the letters are tried for a variable: more take longer and find little. */
const TRIED = 14
const PASSES = 2
/** A letter that so many others have, which would have to change with it, is not worth it. */
const MAX_SWAPS = 3

/** Would one variable hide the other if both had one name? */
const isNear = (one, other) => one.live.has(other.scope) || other.live.has(one.scope)

/** Calls `attempt` with changes `[name, text]` to try, all that may be made at once without changing what the module does. */
const search = ({ variables, globals, properties }, fresh, attempt) => {
  const pool = fresh.map(({ name }) => name)
  for (const property of fresh) {
    for (const text of pool) {
      const other = properties.find(({ name }) => name == text)
      if (other != property) attempt([[property, text], [other, property.name]])
    }
  }
  const all = [...variables, ...globals]
  for (const variable of [...variables].sort((one, other) => other.count - one.count)) {
    for (const text of LETTERS.slice(0, TRIED)) {
      if (text == variable.name) continue
      const swapped = all.filter((other) => other.name == text && isNear(variable, other))
      if (swapped.length > MAX_SWAPS || swapped.some(({ scope }) => !scope)) continue
      const changes = [[variable, text], ...swapped.map((other) => [other, variable.name])]
      // A swapped variable may meet a third one.
      const isMet = ([name, to]) => all.some((other) => other != name && other.name == to && !changes.some(([also]) => also == other) && isNear(name, other))
      if (!changes.some(isMet)) attempt(changes)
    }
  }
}

const shorten = (module, fresh, sizeOf) => {
  let best = sizeOf(module.print())
  for (let pass = 0; pass < PASSES; pass++) {
    search(module, fresh, (changes) => {
      const before = changes.map(([name]) => name.name)
      for (const [name, text] of changes) name.name = text
      const size = sizeOf(module.print())
      if (size < best) best = size
      else changes.forEach(([name], at) => (name.name = before[at]))
    })
  }
}

/** Which places have one name in common: two modules that differ in names only have the same. */
const patternOf = ({ places }) => {
  const names = new Map()
  const keys = new Map()
  const indexIn = (map, name) => map.get(name) ?? map.set(name, map.size).size - 1
  return places.map(({ key, variable }) => [variable && indexIn(names, variable), key && indexIn(keys, key)].join()).join(' ')
}

/**
 * `code`: a minified module; `taken`: names of properties that no private one may have; `properties`: private name → its short form, of
 * modules that work together, completed here; `found`: what an earlier build found for this module; `sizeOf`: of a text when compressed.
 * Returns the text and what was found.
 */
export const rename = (code, { taken, properties, found, sizeOf }) => {
  const module = readNames(code)
  const fresh = module.properties.filter(({ source }) => !properties.has(source)).sort((one, other) => other.count - one.count)
  for (const property of module.properties) property.name = properties.get(property.source)
  const used = new Set([...taken, ...module.plain, ...properties.values()])
  const free = [...LETTERS, ...PAIRS].filter((text) => !used.has(text))
  fresh.forEach((property, at) => (property.name = free[at]))
  const names = [...module.variables, ...fresh]
  const of = createHash('sha256').update(code + JSON.stringify([...used])).digest('hex').slice(0, 16)
  if (found?.of == of) found.names.split(' ').forEach((text, at) => (names[at].name = text))
  else if (sizeOf) shorten(module, fresh, sizeOf)
  for (const { source, name } of fresh) properties.set(source, name)
  const text = module.print()
  if (patternOf(readNames(text)) != patternOf(module)) throw new Error('two names became one')
  return { text, found: { of, names: names.map(({ name }) => name).join(' ') } }
}
