// What may be seen: a node goes in, out comes whether its text, its fields and its very content may be recorded. Privacy is the default.

/** Stands for every masked text, whatever its length. */
export const MASK = '•••••'

/** The rule that holds at an element; the nearest ancestor with a mark decides. */
export const SHOW = 0 // text is recorded, what is typed is masked
export const UNMASK = 1 // text and typed text are recorded
export const HIDE = 2 // all text is masked
export const BLOCK = 3 // nothing but the size is recorded
export const EDITING = 4 // inside an editing host: its text is typed text
export type Rule = typeof SHOW | typeof UNMASK | typeof HIDE | typeof BLOCK | typeof EDITING

// Marks of other tools count as ours, so that a site that moves here stays as private as it was. Their unmask marks do not.
const BLOCK_CLASS = /(^|\s)(rr-block|ph-no-capture|sentry-block|fs-exclude|nr-block)(\s|$)/
const MASK_CLASS = /(^|\s)(rr-mask|rr-ignore|ph-mask|sentry-mask|sentry-ignore|fs-mask|nr-mask)(\s|$)/
const BLOCK_ATTRIBUTE = /^data-(sentry-block|openreplay-hidden)$/
const MASK_ATTRIBUTE = /^data-(sentry-mask|clarity-mask|openreplay-(obscured|masked)|hj-suppress|cs-mask)$/

// A field that is one of these is masked for ever: no mark unmasks it.
const SENSITIVE_NAME =
  /passw|passcode|pwd|\botp\b|one-?time|cvc|cvv|csc\b|cc-|card.?(num|no\b|code|exp)|credit|iban|\bssn\b|secret|token|csrf|\bpin\b/i

/** Fields that once were of type password: revealing one does not make it public. */
const wasPassword = new WeakSet<Element>()

/** What one attribute says about its element; SHOW: nothing. */
export const markOf = (name: string, value: string): Rule => {
  if (name == 'class') return BLOCK_CLASS.test(value) ? BLOCK : MASK_CLASS.test(value) ? HIDE : SHOW
  if (name == 'contenteditable') return value == 'false' ? SHOW : EDITING
  if (name == 'role') return value == 'textbox' ? EDITING : SHOW
  if (name == 'data-visitreel') return value == 'block' ? BLOCK : value == 'mask' ? HIDE : value == 'unmask' ? UNMASK : SHOW
  if (name == 'data-dd-privacy') return value == 'hidden' ? BLOCK : value == 'mask' ? HIDE : SHOW
  return BLOCK_ATTRIBUTE.test(name) ? BLOCK : MASK_ATTRIBUTE.test(name) ? HIDE : SHOW
}

/** The rule at `element`, given the rule at its parent. On one element block beats mask beats unmask. */
export const ruleAt = (element: Element, inherited: Rule, names = element.getAttributeNames()): Rule => {
  if (inherited == BLOCK) return BLOCK
  let own: Rule = SHOW
  let unmask = false
  for (const name of names) {
    // Most attributes can't be marks; the first letter tells.
    if (name[0] != 'c' && name[0] != 'd' && name[0] != 'r') continue
    const mark = markOf(name, element.getAttribute(name)!)
    if (mark == UNMASK) unmask = true
    else if (mark && (mark == BLOCK || own != BLOCK) && (mark != EDITING || !own)) own = mark
  }
  if (own == BLOCK || own == HIDE) return own
  if (unmask) return UNMASK
  // An editing host inside something masked or unmasked follows that.
  return own && inherited == SHOW ? own : inherited
}

const parentOf = (node: Node): Node | null =>
  node.parentNode ?? (node as Partial<ShadowRoot>).host ?? (node as Partial<Document>).defaultView?.frameElement ?? null

/** The rule that holds at a node, from the top down. */
export const ruleOf = (node: Node): Rule => {
  const path: Element[] = []
  for (let at: Node | null = node; at; at = parentOf(at)) if (at.nodeType == 1) path.push(at as Element)
  return path.reduceRight<Rule>((rule, element) => ruleAt(element, rule), SHOW)
}

/** Is this a field that stays masked whatever the page says? */
export const isSensitive = (field: Element): boolean => {
  const type = (field as HTMLInputElement).type
  if (type == 'password') wasPassword.add(field)
  return (
    wasPassword.has(field) ||
    type == 'hidden' ||
    type == 'file' ||
    ['name', 'id', 'autocomplete'].some((name) => SENSITIVE_NAME.test(field.getAttribute(name) ?? '')) ||
    /security/.test((field as HTMLElement).style?.cssText)
  )
}

/** Text under this rule as it may be recorded. White space alone is layout and stays. */
export const maskText = (text: string, rule: Rule): string => (rule < HIDE || !/\S/.test(text) ? text : MASK)

/** Is the text of this element masked (for labels of facts)? */
export const isMaskedText = (element: Element): boolean => ruleOf(element) >= HIDE
