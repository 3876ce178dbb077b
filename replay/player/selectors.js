// What a replay can't have by itself: the visitor's pointer, focus and media features. Rules of a parsed sheet go in; afterwards their
// selectors ask for an attribute of ours instead of `:hover` and the like, and their media conditions say what held for the visitor.

/**
 * Names of this page load's own attributes. They are random, so no recording can contain them.
 * @typedef {object} Marks
 * @property {string} state holds the states of an element as words: see `STATES`
 * @property {string} mirror prefix of the attributes that hold what the recorded ones said where the document may not
 * @property {string} placeholder marks what stands in for something withheld or missing
 * @property {string} highlight name of the selection's highlight
 */

/** States by pseudo-class, and the word that stands for each. */
export const STATES = { hover: 'h', focus: 'f', 'focus-visible': 'v', 'focus-within': 'w', active: 'a', target: 't', fullscreen: 'x' }

/** Attributes that the document can't carry as recorded; selectors look for their mirror instead. */
export const MIRRORED = new Set(['href', 'src', 'action', 'formaction', 'poster', 'background', 'data', 'cite', 'longdesc', 'autoplay'])

const NEEDS_SELECTORS =
  /:(?:hover|focus|active|target|defined|fullscreen|-webkit-full-screen|visited|link|autofill|-webkit-autofill|:selection)|\[|\\/i
const NEEDS_MEDIA =
  /prefers-|pointer|hover|resolution|device-pixel-ratio|forced-colors|inverted-colors|scripting|display-mode|device-width|device-height/i

/**
 * @typedef {object} Environment
 * @property {number} features bits of the op `Environment`
 * @property {number} dpr_percent
 */

/**
 * Media conditions and color schemes of a sheet as they were written, so that they can be set again when the features change.
 * @typedef {Array<{media: MediaList, text: string}|{style: CSSStyleDeclaration, scheme: string}>} Conditions
 */

/**
 * @param {string} text CSS
 * @returns {boolean} does anything in it have to be adapted?
 */
export const needsAdapting = (text) => NEEDS_SELECTORS.test(text) || NEEDS_MEDIA.test(text) || /color-scheme/i.test(text)

/**
 * Adapts rules and all that are nested in them. Returns the conditions found.
 * @param {Iterable<CSSRule>} rules
 * @param {Marks} marks
 * @param {Environment} environment
 * @returns {Conditions}
 */
export const adaptRules = (rules, marks, environment) => {
  /** @type {Conditions} */
  const conditions = []
  const stack = [...rules]
  for (let rule = stack.pop(); rule; rule = stack.pop()) {
    const { selectorText, media, cssRules, style } = /** @type {Partial<CSSStyleRule & CSSMediaRule>} */ (rule)
    if (selectorText !== undefined && NEEDS_SELECTORS.test(selectorText)) {
      const adapted = rewriteSelector(selectorText, marks)
      if (adapted !== selectorText) /** @type {CSSStyleRule} */ (rule).selectorText = adapted
    }
    if (media && NEEDS_MEDIA.test(media.mediaText)) conditions.push({ media, text: media.mediaText })
    const scheme = style && selectorText !== undefined ? style.getPropertyValue('color-scheme') : ''
    if (scheme && style) conditions.push({ style, scheme })
    if (cssRules && cssRules.length > 0 && !('findRule' in rule)) stack.push(...cssRules)
  }
  applyConditions(conditions, environment)
  return conditions
}

/**
 * @param {Conditions} conditions
 * @param {Environment} environment
 */
export const applyConditions = (conditions, environment) => {
  for (const condition of conditions) {
    if ('media' in condition) condition.media.mediaText = rewriteMedia(condition.text, environment)
    else {
      const { style, scheme } = condition
      style.setProperty('color-scheme', colorScheme(scheme, environment), style.getPropertyPriority('color-scheme'))
    }
  }
}

/**
 * `color-scheme` with the choice that the visitor's browser made.
 * @param {string} scheme
 * @param {Environment} environment
 */
export const colorScheme = (scheme, environment) => {
  if (!/\blight\b/.test(scheme) || !/\bdark\b/.test(scheme)) return scheme
  return environment.features & 1 ? 'only dark' : 'only light'
}

/**
 * A selector list that matches in the replay what it matched on the page.
 * @param {string} selector
 * @param {Marks} marks
 */
export const rewriteSelector = (selector, marks) => {
  let out = ''
  for (let at = 0; at < selector.length; ) {
    const char = selector[at]
    let end = at + 1
    if (char === '\\') end = at + 2
    else if (char === '"' || char === "'") end = quoteEnd(selector, at)
    else if (char === '[') {
      const [text, next] = attributeSelector(selector, at, marks)
      out += text
      at = next
      continue
    } else if (char === ':') {
      const match = /^::?[\w-]+(?:\\.[\w-]*)*/.exec(selector.slice(at, at + 64))
      end = at + (match ? match[0].length : 1)
      out += pseudo(selector.slice(at, end), selector[end] === '(', marks)
      at = end
      continue
    }
    out += selector.slice(at, end)
    at = end
  }
  return out
}

/**
 * @param {string} text with its colons
 * @param {boolean} isFunction
 * @param {Marks} marks
 */
const pseudo = (text, isFunction, marks) => {
  const name = text.slice(1).toLowerCase()
  if (isFunction) return text
  if (Object.hasOwn(STATES, name)) return `[${marks.state}~="${STATES[/** @type {keyof typeof STATES} */ (name)]}"]`
  switch (name) {
    case '-webkit-full-screen':
      return `[${marks.state}~="x"]`
    case ':selection':
      return `::highlight(${marks.highlight})`
    // Elements of the page's own kinds have no class here; on the page they had theirs.
    case 'defined':
      return `:not([${marks.state}~="u"])`
    // What the rep's browser has seen is nobody's business.
    case 'visited':
    case 'autofill':
    case '-webkit-autofill':
      return `[${marks.state}~="n"]`
    case 'link':
      return ':any-link'
    default:
      return text
  }
}

/**
 * @param {string} selector
 * @param {number} at where the bracket opens
 * @param {Marks} marks
 * @returns {[string, number]} what stands for the attribute selector, and where it ends
 */
const attributeSelector = (selector, at, marks) => {
  let end = at + 1
  while (end < selector.length && selector[end] !== ']') {
    const char = selector[end]
    end = char === '"' || char === "'" ? quoteEnd(selector, end) : char === '\\' ? end + 2 : end + 1
  }
  const inside = selector.slice(at + 1, end)
  const match = /^\s*(?:[\w*-]*\|)?([\w-]+)/.exec(inside)
  const name = match?.[1]?.toLowerCase() ?? ''
  const text = MIRRORED.has(name) ? `${marks.mirror}${name}${inside.slice(match?.[0].length)}` : inside
  return [`[${text}]`, end + 1]
}

/**
 * @param {string} text
 * @param {number} at where the quote opens
 */
const quoteEnd = (text, at) => {
  const quote = text[at]
  let end = at + 1
  while (end < text.length && text[end] !== quote) end += text[end] === '\\' ? 2 : 1
  return end + 1
}

// A frame is at least one pixel wide, so these always and never hold.
const TRUE = '(min-width: 0px)'
const FALSE = '(max-width: 0px)'

/**
 * A media list with the features of the visitor's device written into it.
 * @param {string} text
 * @param {Environment} environment
 */
export const rewriteMedia = (text, environment) =>
  text.replace(/\(\s*([^():]+?)\s*(?::\s*([^()]+?)\s*)?\)/g, (whole, feature, value) => {
    const answer = featureHolds(feature.toLowerCase(), value?.toLowerCase(), environment)
    return answer === null ? whole : answer ? TRUE : FALSE
  })

/**
 * @param {string} feature with a comparison in it, where there is one
 * @param {string|undefined} value
 * @param {Environment} environment
 * @returns {boolean|null} null: the frame itself knows
 */
const featureHolds = (feature, value, environment) => {
  const { features } = environment
  /** @param {string} now @param {string} none the value that counts as no in `(feature)` */
  const is = (now, none) => (value === undefined ? now !== none : value === now)
  switch (feature) {
    case 'prefers-color-scheme':
      return is(features & 1 ? 'dark' : 'light', '')
    case 'prefers-reduced-motion':
      return is(features & 2 ? 'reduce' : 'no-preference', 'no-preference')
    case 'pointer':
    case 'any-pointer':
      return is(features & 4 ? 'coarse' : 'fine', 'none')
    case 'hover':
    case 'any-hover':
      return is(features & 8 ? 'none' : 'hover', 'none')
    case 'forced-colors':
      return is(features & 16 ? 'active' : 'none', 'none')
    case 'prefers-contrast':
      return is(features & 32 ? 'more' : 'no-preference', 'no-preference')
    case 'scripting':
      return is('enabled', 'none')
    case 'display-mode':
      return is('browser', '')
    case 'inverted-colors':
      return is('none', 'none')
    case 'prefers-reduced-transparency':
    case 'prefers-reduced-data':
      return is('no-preference', 'no-preference')
    default:
      return resolutionHolds(feature, value, environment.dpr_percent / 100)
  }
}

const PER_DPPX = { dppx: 1, x: 1, dpi: 96, dpcm: 96 / 2.54 }

/**
 * @param {string} feature
 * @param {string|undefined} value
 * @param {number} dppx
 * @returns {boolean|null}
 */
const resolutionHolds = (feature, value, dppx) => {
  const named = /^(?:-webkit-|-moz-)?(min-|max-)?(?:-moz-)?(resolution|device-pixel-ratio)$/.exec(feature)
  if (named && value === undefined) return true
  const compared = named ? null : /^resolution\s*(<=|>=|<|>|=)\s*(\S+)$/.exec(feature)
  const [amount, unit] = /^([\d.]+)([a-z]*)$/.exec(named ? (value ?? '') : (compared?.[2] ?? ''))?.slice(1) ?? []
  if ((!named && !compared) || !amount) return null
  const wanted = Number(amount) / (PER_DPPX[/** @type {keyof typeof PER_DPPX} */ (unit || 'dppx')] ?? 1)
  const how = compared?.[1] ?? (named?.[1] === 'min-' ? '>=' : named?.[1] === 'max-' ? '<=' : '=')
  if (how === '>=') return dppx >= wanted
  if (how === '<=') return dppx <= wanted
  return how === '>' ? dppx > wanted : how === '<' ? dppx < wanted : Math.abs(dppx - wanted) < 0.005
}
