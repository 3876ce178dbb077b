// What may be seen: a node goes in, out comes whether its text, its fields and its very content may be recorded. Privacy is the default.

/** Stands for every masked text, whatever its length. */
export const MASK = '•••••'

/** The rule that holds at an element; the nearest ancestor with a mark decides, on one element the largest. Odd ones mask its texts. */
export const SHOW = 0 // text is recorded, what is typed is masked
export const EDITING = 1 // inside an editing host: its text is typed text
export const UNMASK = 2 // text and typed text are recorded
export const HIDE = 3 // all text is masked
export const BLOCK = 5 // nothing but the size is recorded
export type Rule = typeof SHOW | typeof EDITING | typeof UNMASK | typeof HIDE | typeof BLOCK

// Written `name=value`; classes and data attributes alike, rather too many than too few. Marks of other tools count as ours, so that a site
// that moves here stays as private as it was. Their unmask marks do not.
const BLOCK_MARK =
  /(^class=|^data-|\s)((rr|sentry|nr)-block|ph-no-capture|fs-exclude|openreplay-hidden|visitreel=block|dd-privacy=hidden)(?![\w-])/
const MASK_MARK =
  /(^class=|^data-|\s)((rr|ph|sentry|fs|nr|clarity|cs)-mask|(rr|sentry)-ignore|hj-suppress|openreplay-(obscured|masked)|(visitreel|dd-privacy)=mask)(?![\w-])/
const EDITING_MARK = /^(contenteditable=(?!false$)|role=textbox$)/

// A field that is one of these is masked for ever: no mark unmasks it.
const SENSITIVE_NAME =
  /passw|passcode|pwd|\botp\b|one-?time|cvc|cvv|csc\b|cc-|card.?(num|no\b|code|exp)|credit|iban|\bssn\b|secret|token|csrf|\bpin\b/i

/** Fields that once were of type password: revealing one does not make it public. */
const wasPassword = new WeakSet<Element>()

/** What one attribute says about its element; SHOW: nothing. `value`: null where it is missing. */
export const markOf = (name: string, value: string | null): Rule => {
  const mark = value == null ? '' : name + '=' + value
  return BLOCK_MARK.test(mark)
    ? BLOCK
    : MASK_MARK.test(mark)
      ? HIDE
      : mark == 'data-visitreel=unmask'
        ? UNMASK
        : EDITING_MARK.test(mark)
          ? EDITING
          : SHOW
}

/** The rule at `element`, given the rule at its parent. */
export const ruleAt = (element: Element, inherited: Rule, names = element.getAttributeNames()): Rule => {
  let own: Rule = SHOW
  for (const name of names) {
    // Most attributes can't be marks; the first letter tells.
    if (!'cdr'.includes(name[0]!)) continue
    const mark = markOf(name, element.getAttribute(name))
    if (mark > own) own = mark
  }
  // An editing host inside something masked or unmasked follows that.
  return inherited == BLOCK || own == SHOW || (own == EDITING && inherited) ? inherited : own
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

/** Is text under this rule masked? */
export const isMasking = (rule: Rule): boolean => rule % 2 > 0

/** Text under this rule as it may be recorded. White space alone is layout and stays. */
export const maskText = (text: string, rule: Rule): string => (isMasking(rule) && /\S/.test(text) ? MASK : text)
