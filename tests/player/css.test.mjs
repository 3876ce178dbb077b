// Recorded CSS as the player uses it: every address is one of ours, every state of the visitor is a mark.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mirrorValue } from '../../replay/player/attributes.js'
import { isInlineMedia, rewriteCss, unescapeCss } from '../../replay/player/css.js'
import { colorScheme, rewriteMedia, rewriteSelector } from '../../replay/player/selectors.js'

const known = { 'a.png': '/assets/1', 'b c.woff2': '/assets/2', 'x)y': '/assets/3', 'data:text/html,x': '/assets/4' }
const css = (text) => rewriteCss(text, { url: (token) => known[token] ?? null, attribute: (name) => (name === 'href' ? 'm-href' : name) })

const rewritten = [
  ['a known address', 'a{background:url(a.png) 0 0}', 'a{background:url("/assets/1") 0 0}'],
  ['quotes and blanks', 'a{src:url( "b c.woff2" ) format("woff2")}', 'a{src:url("/assets/2") format("woff2")}'],
  ['single quotes', "a{src:url('a.png')}", 'a{src:url("/assets/1")}'],
  ['escapes in the address', 'a{b:url(x\\)y)}', 'a{b:url("/assets/3")}'],
  ['an unknown address', 'a{b:url(https://evil.example/p.gif)}', 'a{b:url("data:,")}'],
  ['a fragment stays', 'a{filter:url(#blur)}', 'a{filter:url(#blur)}'],
  ['a picture in the text stays', 'a{b:url("data:image/png;base64,AA==")}', 'a{b:url("data:image/png;base64,AA==")}'],
  ['a page in the text goes', 'a{b:url(data:text/html;x)}', 'a{b:url("data:,")}'],
  ['upper case', 'a{b:URL(a.png)}', 'a{b:url("/assets/1")}'],
  ['an escaped name', 'a{b:u\\72l(a.png)}', 'a{b:url("/assets/1")}'],
  ['an escaped name with a blank', 'a{b:\\75 rl(evil)}', 'a{b:url("data:,")}'],
  ['a name that only ends like it', 'a{b:my-url(evil)}', 'a{b:my-url(evil)}'],
  ['an address in a string is text', 'a{content:"url(evil)"}', 'a{content:"url(evil)"}'],
  ['an address in a comment is none', 'a{/* url(evil) */b:c}', 'a{/* url(evil) */b:c}'],
  ['strings of an image set', 'a{b:image-set("a.png" 1x,"evil" 2x)}', 'a{b:image-set("/assets/1" 1x,"data:," 2x)}'],
  ['a type in an image set', 'a{b:-webkit-image-set(url(a.png) type("image/png") 1x)}', 'a{b:-webkit-image-set(url("/assets/1") type("image/png") 1x)}'],
  ['src()', 'a{b:src("evil")}', 'a{b:src("data:,")}'],
  ['@import keeps its place', '@import "evil";a{}', '@media not all{}a{}'],
  ['@import with conditions', '@import url("evil;x") layer(a) supports(b:c);a{}', '@media not all{}a{}'],
  ['an escaped @import', '@\\69mport "evil";a{}', '@media not all{}a{}'],
  ['a namespace loads nothing', '@namespace svg url(http://www.w3.org/2000/svg);a{}', '@namespace svg url(http://www.w3.org/2000/svg);a{}'],
  ['attr() of what is mirrored', 'a::after{content:attr(href) attr(title)}', 'a::after{content:attr(m-href) attr(title)}'],
  ['an address that never ends', 'a{b:url(evil', 'a{b:url("data:,")'],
  ['a string that never ends', 'a{b:url("evil', 'a{b:url("data:,")'],
  ['custom properties', ':root{--x:url(a.png)}', ':root{--x:url("/assets/1")}'],
]
for (const [name, from, to] of rewritten) test(`css: ${name}`, () => assert.equal(css(from), to))

test('css: random text never hangs or throws', () => {
  const pieces = ['url(', ')', '"', "'", '\\', '/*', '*/', '@import', ';', '{', '}', 'image-set(', 'attr(', 'a', ' ', '\n', '\\75', 'src(', '(']
  let seed = 7
  const random = (below) => (seed = (seed * 1103515245 + 12345) % 2 ** 31) % below
  for (let round = 0; round < 3000; round++) {
    let text = ''
    for (let left = random(24); left > 0; left--) text += pieces[random(pieces.length)]
    assert.equal(typeof css(text), 'string')
  }
})

test('css: a long hostile sheet takes no quadratic time', () => {
  for (const piece of ['url(', 'image-set(', '\\75rl(', '"', '/*', '@import ']) {
    const began = performance.now()
    css(piece.repeat(40_000))
    assert.ok(performance.now() - began < 2_000, `${piece} took ${performance.now() - began} ms`)
  }
})

test('escapes of CSS', () => {
  assert.equal(unescapeCss('\\41 b\\"c\\0 \\110000 '), 'Ab"c\ufffd\ufffd')
  assert.equal(unescapeCss('a\\\nb'), 'ab')
})

test('inline media are pictures and fonts only', () => {
  assert.ok(isInlineMedia('data:image/svg+xml,<svg/>'))
  assert.ok(isInlineMedia('data:font/woff2;base64,AA'))
  assert.ok(!isInlineMedia('data:text/html,x'))
  assert.ok(!isInlineMedia('javascript:1'))
})

const marks = { state: 'S', mirror: 'M', placeholder: 'P', highlight: 'H' }
const selectors = [
  ['a:hover', 'a[S~="h"]'],
  ['a:focus-visible::before', 'a[S~="v"]::before'],
  ['.a:is(:hover, :focus-within) > b:active', '.a:is([S~="h"], [S~="w"]) > b[S~="a"]'],
  ['.hover\\:x:hover', '.hover\\:x[S~="h"]'],
  ['[title=":hover"]:hover', '[title=":hover"][S~="h"]'],
  ['::selection', '::highlight(H)'],
  ['p::selection', 'p::highlight(H)'],
  ['x-y:not(:defined)', 'x-y:not(:not([S~="u"]))'],
  ['a:link, a:visited', 'a:any-link, a[S~="n"]'],
  ['a:focus-visiblex', 'a:focus-visiblex'],
  ['a[href^="http"]', 'a[Mhref^="http"]'],
  ['a[href="]:hover"]', 'a[Mhref="]:hover"]'],
  ['[data-href]', '[data-href]'],
  [':host(:hover) ::slotted(:focus)', ':host([S~="h"]) ::slotted([S~="f"])'],
  ['&:hover', '&[S~="h"]'],
]
for (const [from, to] of selectors) test(`selector ${from}`, () => assert.equal(rewriteSelector(from, marks), to))

const TRUE = '(min-width: 0px)'
const FALSE = '(max-width: 0px)'
const device = { features: 1 | 4 | 8, dpr_percent: 200 }
const media = [
  ['(prefers-color-scheme: dark)', TRUE],
  ['(prefers-color-scheme: light)', FALSE],
  ['screen and (hover: hover) and (pointer: fine)', `screen and ${FALSE} and ${FALSE}`],
  ['(any-hover)', FALSE],
  ['(pointer)', TRUE],
  ['not (prefers-reduced-motion: reduce)', `not ${FALSE}`],
  ['(min-resolution: 1.5dppx)', TRUE],
  ['(resolution >= 2dppx)', TRUE],
  ['(resolution > 192dpi)', FALSE],
  ['(-webkit-min-device-pixel-ratio: 3)', FALSE],
  ['(min-width: 40em)', '(min-width: 40em)'],
  ['(width >= 600px) and (scripting: enabled)', `(width >= 600px) and ${TRUE}`],
]
for (const [from, to] of media) test(`media ${from}`, () => assert.equal(rewriteMedia(from, device), to))

test('a choice of color schemes is the one that the visitor had', () => {
  assert.equal(colorScheme('light dark', device), 'only dark')
  assert.equal(colorScheme('dark light', { features: 0, dpr_percent: 100 }), 'only light')
  assert.equal(colorScheme('dark', device), 'dark')
})

test('a mirror holds no address that could run', () => {
  assert.equal(mirrorValue('/path?x=1'), '/path?x=1')
  assert.equal(mirrorValue('https://a.example/'), 'https://a.example/')
  assert.equal(mirrorValue('java\tscript:alert(1)'), '')
  assert.equal(mirrorValue(' \u0001javascript:alert(1)'), '')
  assert.equal(mirrorValue('data:text/html,x'), '')
  assert.equal(mirrorValue('#top'), '#top')
})
