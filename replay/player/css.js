// Style sheets as the player may use them: recorded CSS text goes in, text whose every URL is one of ours comes out. A small tokenizer
// after CSS Syntax 3: comments, strings, escapes, `url()` and the functions that take an address as a string. `@import` becomes an empty
// rule, so that the rules behind it keep their index.

/**
 * @typedef {object} CssContext
 * @property {(token: string) => string|null} url the address for what the recording calls `token`; null: none is known
 * @property {(name: string) => string} attribute under which name an attribute of the recording is found (for `attr()`)
 */

const INTERESTING = /\\|url|src|image-set|attr|@import|@namespace/i
const STOP = /\/\*|["'\\]|(?:url|src|(?:-webkit-)?image-set|attr)\(|@(?:import|namespace)/gi
const IDENT_CHAR = /[\w\u0080-\uffff-]/
const EMPTY_RULE = '@media not all{}'
// Nothing, without asking anybody; `about:invalid` would count as a request.
const NO_ADDRESS = 'data:,'
const ESCAPE = /\\(?:([0-9a-f]{1,6})(?:\r\n|[ \t\r\n\f])?|(\r\n|[\n\r\f])|([^]))/gi

/**
 * Resolves the escapes of CSS in an identifier, a string or an unquoted address.
 * @param {string} text
 */
export const unescapeCss = (text) =>
  text.includes('\\')
    ? text.replace(ESCAPE, (_, code, newline, char) => (code ? codePoint(parseInt(code, 16)) : newline ? '' : char))
    : text

/** @param {number} code */
const codePoint = (code) => (code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? '\ufffd' : String.fromCodePoint(code))

/**
 * A string in double quotes.
 * @param {string} text
 */
const quoted = (text) => `"${text.replace(/["\\\n\r\f]/g, (char) => `\\${char.charCodeAt(0).toString(16)} `)}"`

/**
 * An address as it may stand in a sheet: a fragment of the same document stays, pictures and fonts in the text itself stay, all else
 * is what `context` knows.
 * @param {string} token
 * @param {CssContext} context
 */
const addressOf = (token, context) => {
  const address = token.trim()
  if (address.startsWith('#')) return address
  return context.url(token) ?? (isInlineMedia(address) ? address : NO_ADDRESS)
}

/**
 * Is this a `data:` address of a picture or a font?
 * @param {string} address
 */
export const isInlineMedia = (address) =>
  /^data:(?:image\/|font\/|application\/(?:x-)?font|application\/vnd\.ms-fontobject|application\/octet-stream)/i.test(address)

/**
 * @param {string} text a style sheet, a rule or declarations
 * @param {CssContext} context
 */
export const rewriteCss = (text, context) => (INTERESTING.test(text) ? new Rewriter(text, context).run() : text)

class Rewriter {
  /**
   * @param {string} text
   * @param {CssContext} context
   */
  constructor(text, context) {
    this.text = text
    this.context = context
    /** @type {string[]} */
    this.out = []
    this.copied = 0
    this.at = 0
  }

  run() {
    const stop = new RegExp(STOP)
    for (;;) {
      stop.lastIndex = this.at
      const match = stop.exec(this.text)
      if (!match) break
      this.at = match.index
      this.token(match[0].toLowerCase())
    }
    this.out.push(this.text.slice(this.copied))
    return this.out.join('')
  }

  /** @param {string} found what the scan stopped at, in lower case */
  token(found) {
    if (found === '/*') this.at = this.commentEnd(this.at)
    else if (found === '"' || found === "'") this.at = this.stringEnd(this.at)
    else if (found === '\\') this.escapedName()
    else if (found === '@import') this.replaceUntil(this.statementEnd(this.at), EMPTY_RULE)
    else if (found === '@namespace') this.at = this.statementEnd(this.at)
    else if (this.at > this.copied && IDENT_CHAR.test(this.text[this.at - 1] ?? '')) this.at += found.length
    else this.functionAt(found.slice(0, -1), this.at + found.length)
  }

  /** A name with an escape in it may be one of ours in disguise. */
  escapedName() {
    const { text } = this
    let start = this.at
    while (start > this.copied && IDENT_CHAR.test(text[start - 1] ?? '')) start--
    const isAtRule = text[start - 1] === '@' && start > this.copied
    let end = this.at
    while (end < text.length && (text[end] === '\\' || IDENT_CHAR.test(text[end] ?? ''))) end = text[end] === '\\' ? this.escapeEnd(end) : end + 1
    const name = unescapeCss(text.slice(start, end)).toLowerCase()
    this.at = Math.max(end, this.at + 1)
    if (isAtRule && name === 'import') {
      this.at = start - 1
      this.replaceUntil(this.statementEnd(end), EMPTY_RULE)
    } else if (text[end] === '(' && /^(?:url|src|image-set|-webkit-image-set|attr)$/.test(name)) {
      this.at = start
      this.functionAt(name, end + 1)
    }
  }

  /** @param {number} at where the backslash is */
  escapeEnd(at) {
    const digits = /^[0-9a-f]{1,6}(?:\r\n|[ \t\r\n\f])?/i.exec(this.text.slice(at + 1, at + 9))
    return at + 1 + (digits ? digits[0].length : 1)
  }

  /**
   * @param {string} name
   * @param {number} inside behind the opening bracket
   */
  functionAt(name, inside) {
    if (name === 'url') this.url(inside)
    else if (name === 'attr') this.attr(inside)
    else this.addresses(inside)
  }

  /** @param {number} inside */
  url(inside) {
    const { text } = this
    const start = this.blankEnd(inside)
    const quote = text[start]
    let token
    let end
    if (quote === '"' || quote === "'") {
      end = this.stringEnd(start)
      token = text.slice(start + 1, text[end - 1] === quote && end - 1 > start ? end - 1 : end)
      end = this.bracketEnd(end)
    } else {
      for (end = start; end < text.length && text[end] !== ')'; ) end = text[end] === '\\' ? this.escapeEnd(end) : end + 1
      token = text.slice(start, end).trimEnd()
      end = Math.min(end + 1, text.length)
    }
    const recorded = unescapeCss(token)
    const address = addressOf(recorded, this.context)
    if (address === recorded) this.at = end
    else this.replaceUntil(end, `url(${quoted(address)})`)
  }

  /**
   * Strings inside `image-set()` and `src()` are addresses.
   * @param {number} inside
   */
  addresses(inside) {
    const { text } = this
    const stop = /\/\*|["'()\\]|url\(/gi
    this.at = inside
    for (let depth = 1; depth > 0; ) {
      stop.lastIndex = this.at
      const match = stop.exec(text)
      if (!match) break
      const found = match[0].toLowerCase()
      this.at = match.index
      if (found === '/*') this.at = this.commentEnd(this.at)
      else if (found === '\\') this.at = this.escapeEnd(this.at)
      else if (found === '(' || found === ')') {
        // `type("image/avif")` inside an image-set holds no address.
        if (found === '(' && /type$/i.test(text.slice(Math.max(0, this.at - 4), this.at))) this.at = this.bracketEnd(this.at + 1)
        else {
          depth += found === '(' ? 1 : -1
          this.at++
        }
      } else if (found === 'url(') this.url(this.at + 4)
      else {
        const end = this.stringEnd(this.at)
        this.replaceUntil(end, quoted(addressOf(unescapeCss(text.slice(this.at + 1, end - 1)), this.context)))
      }
    }
  }

  /** @param {number} inside */
  attr(inside) {
    this.at = this.blankEnd(inside)
    const name = /^[\w-]+/.exec(this.text.slice(this.at, this.at + 128))?.[0].toLowerCase() ?? ''
    const found = this.context.attribute(name)
    if (found !== name) this.replaceUntil(this.at + name.length, found)
  }

  /**
   * Puts `replacement` in the place of what is between here and `end`.
   * @param {number} end
   * @param {string} replacement
   */
  replaceUntil(end, replacement) {
    this.out.push(this.text.slice(this.copied, this.at), replacement)
    this.copied = this.at = end
  }

  /** @param {number} at */
  blankEnd(at) {
    while (/[ \t\r\n\f]/.test(this.text[at] ?? '')) at++
    return at
  }

  /** @param {number} at */
  commentEnd(at) {
    const end = this.text.indexOf('*/', at + 2)
    return end < 0 ? this.text.length : end + 2
  }

  /**
   * Behind the closing quote, or where an unclosed string breaks off.
   * @param {number} at where the opening quote is
   */
  stringEnd(at) {
    const { text } = this
    const quote = text[at]
    for (let end = at + 1; end < text.length; end++) {
      const char = text[end]
      if (char === '\\') end++
      else if (char === quote) return end + 1
      else if (char === '\n' || char === '\r' || char === '\f') return end
    }
    return text.length
  }

  /**
   * Behind the bracket that closes what is open at `at`.
   * @param {number} at
   */
  bracketEnd(at) {
    for (let depth = 1; at < this.text.length; ) {
      const char = this.text[at]
      if (char === '"' || char === "'") at = this.stringEnd(at)
      else if (char === '\\') at = this.escapeEnd(at)
      else {
        at++
        if (char === '(') depth++
        else if (char === ')' && --depth === 0) return at
      }
    }
    return at
  }

  /**
   * Behind the semicolon that ends a statement, or behind its block.
   * @param {number} at
   */
  statementEnd(at) {
    const { text } = this
    for (let depth = 0; at < text.length; ) {
      const char = text[at]
      if (char === '"' || char === "'") at = this.stringEnd(at)
      else if (char === '\\') at = this.escapeEnd(at)
      else if (char === '/' && text[at + 1] === '*') at = this.commentEnd(at)
      else {
        at++
        if (char === '(' || char === '[' || char === '{') depth++
        else if (char === ')' || char === ']' || char === '}') depth--
        if ((char === ';' && depth === 0) || (char === '}' && depth <= 0)) return at
      }
    }
    return at
  }
}
