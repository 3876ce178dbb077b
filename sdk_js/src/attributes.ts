// Which attributes and field values are recorded, and as what: an element with its rule goes in, strings that may be sent come out.
import { MASK, UNMASK, isMasking, isSensitive, maskText, type Rule } from './mask'

const HTML = 'http://www.w3.org/1999/xhtml'
const NAMESPACES: Record<string, string> = {
  'http://www.w3.org/2000/svg': 'svg',
  'http://www.w3.org/1998/Math/MathML': 'math',
  'http://www.w3.org/1999/xlink': 'xlink',
  'http://www.w3.org/XML/1998/namespace': 'xml',
  'http://www.w3.org/2000/xmlns/': 'xmlns',
}
const MAX_VALUE_LENGTH = 1 << 20

/** Names with a namespace are written `/svg/path`; a slash can begin no plain name. */
const prefixed = (namespace: string, name: string): string => `/${NAMESPACES[namespace] ?? encodeURIComponent(namespace)}/${name}`

export const elementName = (element: Element): string =>
  element.namespaceURI == HTML ? element.localName : prefixed(element.namespaceURI ?? '', element.tagName)

export const attributeName = (namespace: string | null, name: string): string => (namespace ? prefixed(namespace, name) : name)

/** Elements of which only the place in the tree is recorded: scripts are never stored, the others show nothing by themselves. */
export const isHollow = (element: Element): boolean =>
  /^(script|noscript|meta|base|template)$/.test(element.localName) || (element.localName == 'link' && !isStyleLink(element))

export const isStyleLink = (element: Element): boolean =>
  element.localName == 'link' && /\bstylesheet\b/i.test((element as HTMLLinkElement).rel)

/** The type of a field that has a value; empty: it is none. */
const typeOf = (element: Element): string => (/^(input|textarea)$/.test(element.localName) ? (element as HTMLInputElement).type : '')

// Types by how they begin: the browser reports known ones only.
/** Fields whose text is typed: shown masked as bullets (text, textarea, tel, search, url, email, password). */
export const isTextField = (element: Element): boolean => /^(te|se|u|e|p)/.test(typeOf(element))

/** Inputs whose value property is a choice or a label, not something typed (checkbox, radio, submit, reset, button, image). */
const isButtonLike = (type: string): boolean => /^(ch|rad|su|re|b|i)/.test(type)

/** May what is typed or chosen here be recorded as it is? */
export const isOpen = (field: Element, rule: Rule): boolean => rule == UNMASK && !isSensitive(field)

/** The value of a field as it may be recorded; null: not at all. */
export const fieldValue = (field: HTMLInputElement | HTMLTextAreaElement, value: string, rule: Rule): string | null =>
  isOpen(field, rule) ? value : isTextField(field) ? value && MASK : isButtonLike(field.type) ? maskText(value, rule) : null

/** An attribute's value as it may be recorded; null: not at all. */
export const attributeValue = (element: Element, name: string, value: string, rule: Rule, scrub: (url: string) => string): string | null => {
  const tag = element.localName
  const type = typeOf(element)
  if (/^(on.*|(image)?srcset|sizes|nonce|integrity|srcdoc|ping)$/.test(name)) return null
  if (name != 'type' && /^(hidden|file)$/.test(type)) return null
  if (name == 'value' && type) return fieldValue(element as HTMLInputElement, value, rule)
  // A masked list of choices shows none of them.
  if (tag == 'option' && name == 'selected') return isChoiceHidden(element.closest('select'), rule) ? null : value
  if (name == 'checked' && isMasking(rule)) return null
  if (/^(href|src|action|formaction|poster|background|cite|longdesc|data|xlink:href)$/.test(name)) return scrub(value)
  if (/^(title|placeholder|alt|aria-(label|description|placeholder|valuetext|valuenow|roledescription)|label|data-(?!visitreel$).*)$/.test(name)) {
    // The placeholder of a plain field is the page's own word; what a script mirrors into the other attributes may be typed text.
    const isTyped = type && !isButtonLike(type) && name != 'placeholder' && !isOpen(element, rule)
    if (value && isTyped) return MASK
    value = maskText(value, rule)
  }
  if (tag == 'option' && name == 'value') value = maskText(value, rule)
  return value.slice(0, MAX_VALUE_LENGTH)
}

/** Is the choice of this select withheld? */
export const isChoiceHidden = (select: Element | null, rule: Rule): boolean => !!select && (isMasking(rule) || isSensitive(select))
