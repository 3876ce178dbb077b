// Which recorded attributes the document may carry, and as what: a node and one of its attributes go in, out comes what to write. Nothing
// that could load, run, navigate, submit or take focus gets through; what is held back is mirrored, so that selectors still find it.
import { isInlineMedia, rewriteCss } from './css.js'

/** @typedef {import('./tree.js').TreeNode} TreeNode */
/** @typedef {import('./css.js').CssContext} CssContext */

/**
 * What an element is to these rules.
 * @typedef {'plain'|'hollow'|'link'|'style'|'frame'|'plugin'|'image'|'media'|'anchor'|'input'|'svg-image'|'svg-use'|'svg-animate'|'svg'} ElementKind
 */

/**
 * @typedef {object} AttributeContext
 * @property {string} anchor stands for every link's address: a fragment that no history knows
 * @property {(node: TreeNode, what: 'picture'|'film'|'any') => string|null} source address of what the element shows
 * @property {(node: TreeNode) => CssContext} css
 */

/** @type {Record<string, ElementKind>} */
const KINDS = {
  script: 'hollow',
  meta: 'hollow',
  base: 'hollow',
  link: 'link',
  style: 'style',
  iframe: 'frame',
  frame: 'frame',
  object: 'plugin',
  embed: 'plugin',
  applet: 'plugin',
  portal: 'plugin',
  fencedframe: 'plugin',
  img: 'image',
  video: 'media',
  audio: 'media',
  a: 'anchor',
  area: 'anchor',
  input: 'input',
}

/** @type {Record<string, ElementKind>} */
const SVG_KINDS = {
  script: 'hollow',
  style: 'style',
  a: 'anchor',
  image: 'svg-image',
  feimage: 'svg-image',
  use: 'svg-use',
  animate: 'svg-animate',
  set: 'svg-animate',
  animatemotion: 'svg-animate',
  animatetransform: 'svg-animate',
  animatecolor: 'svg-animate',
  discard: 'svg-animate',
}

/**
 * @param {string} name as recorded
 * @returns {ElementKind}
 */
export const kindOf = (name) => {
  if (name[0] !== '/') return KINDS[name.toLowerCase()] ?? 'plain'
  const local = localOf(name)
  if (name.startsWith('/svg/')) return SVG_KINDS[local] ?? 'svg'
  return local === 'script' ? 'hollow' : 'plain'
}

/**
 * The local name in lower case.
 * @param {string} name as recorded
 */
const localOf = (name) => name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf(':')) + 1).toLowerCase()

/** Attributes that no element gets: they load, send or run something. */
const DROPPED = new Set([
  ...['action', 'formaction', 'srcdoc', 'srcset', 'imagesrcset', 'imagesizes', 'ping', 'attributionsrc', 'nonce', 'integrity'],
  ...['data', 'codebase', 'classid', 'archive', 'code', 'manifest', 'profile', 'longdesc', 'cite', 'dynsrc', 'lowsrc', 'autoplay'],
  ...['sandbox', 'allow', 'csp', 'credentialless', 'http-equiv', 'shadowrootmode', 'base'],
])

/** Presentation attributes of SVG that can hold an address, and what an animation can put into one. */
const SVG_ADDRESSES = /^(?:fill|stroke|filter|mask|clip-path|cursor|marker|marker-(?:start|mid|end)|color-profile|to|from|by|values)$/

/** What an animation may not put anywhere. */
const RUNS = /(?:java|vb)script:|data:(?!image\/)/i

/** What an animation may not change. */
const UNSAFE_TARGETS = /^(?:href|src|style|class|on.*)$/

/**
 * What to write for an attribute; null: nothing. A result that differs from `value` is kept by the caller, for the normal form.
 * @param {TreeNode} node
 * @param {ElementKind} kind of the node
 * @param {string} name as recorded
 * @param {string} value
 * @param {AttributeContext} context
 * @returns {string|null}
 */
export const attributeToWrite = (node, kind, name, value, context) => {
  const plain = name[0] !== '/'
  const local = plain ? name.toLowerCase() : localOf(name)
  if (kind === 'hollow') return null
  if (/^on/.test(local) || DROPPED.has(local)) return null
  switch (local) {
    case 'href':
      return addressOf(node, kind, value, context)
    case 'src':
      return kind === 'image' || kind === 'media' || kind === 'input' ? sourceOf(node, kind, value, context) : null
    case 'poster':
    case 'background':
      return plain ? context.source(node, 'picture') : null
    case 'attributename':
      return UNSAFE_TARGETS.test(localOf(value.trim())) ? null : value
    default:
      if (kind === 'svg-animate' && RUNS.test(bareAddress(value))) return null
      return SVG_ADDRESSES.test(local) && /[(\\]/.test(value) ? rewriteCss(value, context.css(node)) : value
  }
}

/**
 * @param {TreeNode} node
 * @param {ElementKind} kind
 * @param {string} value
 * @param {AttributeContext} context
 */
const addressOf = (node, kind, value, context) => {
  const address = value.trim()
  switch (kind) {
    case 'anchor':
      return context.anchor
    case 'svg-image':
      return context.source(node, 'picture') ?? (isInlineImage(address) ? address : null)
    case 'svg-use':
      return address.startsWith('#') ? address : withFragment(context.source(node, 'any'), address)
    case 'svg':
    case 'svg-animate':
      return address.startsWith('#') ? address : null
    default:
      return null
  }
}

/** @param {string} address */
const isInlineImage = (address) => /^data:image\//i.test(address) && isInlineMedia(address)

/**
 * @param {string|null} source
 * @param {string} address
 */
const withFragment = (source, address) => {
  const at = address.indexOf('#')
  return source && at >= 0 ? source + address.slice(at) : source
}

/**
 * @param {TreeNode} node
 * @param {ElementKind} kind
 * @param {string} value
 * @param {AttributeContext} context
 */
const sourceOf = (node, kind, value, context) => {
  const address = value.trim()
  return context.source(node, kind === 'media' ? 'film' : 'picture') ?? (kind !== 'media' && isInlineImage(address) ? address : null)
}

/**
 * Under which attribute an element gets the address of what it shows.
 * @param {ElementKind} kind
 * @param {string} mediaType
 */
export const sourceAttribute = (kind, mediaType) => {
  if (kind === 'image' || kind === 'input') return 'src'
  if (kind === 'media') return mediaType.startsWith('image/') ? 'poster' : 'src'
  return kind === 'svg-image' || kind === 'svg-use' ? 'href' : null
}

/** Addresses that may stand in a mirror: nothing that would run anywhere. */
const HARMLESS = /^(?:[^:/?#]*(?:[/?#]|$)|https?:|mailto:|tel:)/i

/** @param {string} value */
export const mirrorValue = (value) => (HARMLESS.test(bareAddress(value)) ? value : '')

/**
 * Without what browsers drop before they look for a scheme.
 * @param {string} value
 */
const bareAddress = (value) => value.replace(/[\u0000-\u0020]/g, '')
