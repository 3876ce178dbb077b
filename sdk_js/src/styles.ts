// Style sheets: owners, constructed sheets and rules that scripts change go in, ops that give a receiver the same rules come out.
import { isStyleLink } from './attributes'
import { OP_ADOPTED, OP_RULE_DELETE, OP_RULE_INSERT, OP_RULE_SELECTOR, OP_RULE_STYLE, OP_SHEET, OP_SHEET_STATE } from './ops'
import { patch } from './patch'
import type { Frame } from './sink'
import type { Root, Tree } from './tree'

/** Rules whose `style` was handed out and that are looked at again in one poll. */
const POLLED_RULES = 200
/** Rules read in one go while a sheet's text is collected. */
const RULES_PER_STEP = 50
/** A longer text of a style element is not parsed again to see whether scripts have changed its rules before the start. */
const MAX_COMPARED_LENGTH = 100_000

// As CSSOM writes it: always with quotes, so that one form is enough.
const URL_TOKEN = /url\("((?:[^"\\]|\\.)*)"\)/g
// CSSOM writes a shorthand that holds var() and was overridden in part as declarations without a value.
const LOSS = /[{;]\s*[a-z][\w-]*:\s*;/

type Edit = [sheet: CSSStyleSheet, code: number, path: number[], text?: string]

export interface Styles {
  _owner(owner: Element): void
  _root(root: Root): void
  _inline(element: Element, text: string): void
  _flush(): void
  _poll(): void
  _job(deadline: number): boolean
  /** Patches the natives of a window (of a frame, too). */
  _patch(window: typeof globalThis): () => void
}

const rulesOf = (sheet: CSSStyleSheet | CSSGroupingRule | null): CSSRuleList | null => {
  try {
    return sheet && sheet.cssRules
  } catch {
    return null // another origin's sheet that was loaded without CORS
  }
}

const wrap = (at: string, text: string | null | undefined, css: string): string => (text == null ? css : `@${at} ${text}{${css}}`)

/** A rule's text as it stands alone: an import is written out with its conditions, its URLs made absolute. */
const textOf = (rule: CSSRule): string => {
  const { styleSheet, layerName, supportsText, media } = rule as CSSImportRule
  if (!('styleSheet' in rule)) return rule.cssText
  let css = ''
  for (const inner of rulesOf(styleSheet) ?? []) css += textOf(inner)
  const base = styleSheet?.href
  if (base) {
    css = css.replace(URL_TOKEN, (all: string, token: string) =>
      /^(data:|#)/i.test(token) ? all : `url("${new URL(token, base).href}")`,
    )
  }
  return wrap('media', media.mediaText || null, wrap('supports', supportsText && `(${supportsText})`, wrap('layer', layerName, css)))
}

const countRules = (text: string): number => {
  const scratch = new CSSStyleSheet()
  scratch.replaceSync(text)
  return scratch.cssRules.length
}

const stateOf = (sheet: CSSStyleSheet): string => +sheet.disabled + sheet.media.mediaText

export const createStyles = (frame: Frame, tree: Tree): Styles => {
  const { _write: write, _now: now, _guard: guard } = frame
  /** Ids of constructed sheets. */
  const constructed = new Map<CSSStyleSheet, number>()
  /** Source of constructed sheets, as long as no rule was edited since. */
  const sources = new WeakMap<CSSStyleSheet, string>()
  /** The sheet of each owner as it was sent (null: none). */
  const owners = new Map<Element, CSSStyleSheet | null>()
  const states = new WeakMap<CSSStyleSheet, string>()
  /** Counts the edits of a sheet: a text that is being collected starts again when it changes. */
  const versions = new WeakMap<CSSStyleSheet, number>()
  const adopted = new Map<Root, readonly CSSStyleSheet[]>()
  const handed = new Map<CSSStyleRule, string>()
  let edits: Edit[] = []
  const jobs: (() => boolean)[] = []

  const idOf = (sheet: CSSStyleSheet): number => constructed.get(sheet) ?? tree._id(sheet.ownerNode as Node | null)

  /** What `url()` stands for is found out elsewhere. */
  const sendAssets = (owner: number, text: string, base: string): void => {
    if (owner && text.includes('url(')) frame._assets._css(owner, text, base)
  }

  const sendSheet = (sheet: CSSStyleSheet, text: string): void => {
    const id = idOf(sheet)
    if (!id) return
    const base = sheet.href ?? document.baseURI
    edits = edits.filter(([edited]) => edited != sheet)
    write(OP_SHEET, id, text, sheet.href ? frame._scrub(sheet.href) : '')
    sendAssets(id, text, base)
    sendState(sheet)
  }

  const sendState = (sheet: CSSStyleSheet): void => {
    const state = stateOf(sheet)
    const media = (sheet.ownerNode as HTMLStyleElement | null)?.media ?? ''
    const before = states.get(sheet) ?? '0' + media
    states.set(sheet, state)
    if (state != before) write(OP_SHEET_STATE, idOf(sheet), +sheet.disabled, sheet.media.mediaText)
  }

  /** Collects the text of a sheet rule by rule; a sheet that changes meanwhile is read again. */
  const readSheet = (sheet: CSSStyleSheet, done: (text: string) => void): (() => boolean) => {
    let parts: string[] = []
    let version = versions.get(sheet)
    return () => {
      const rules = rulesOf(sheet)
      if (!rules) return true
      if (version != (version = versions.get(sheet))) parts = []
      const end = Math.min(rules.length, parts.length + RULES_PER_STEP)
      while (parts.length < end) parts.push(textOf(rules[parts.length]!))
      if (end < rules.length) return false
      done(parts.join('\n'))
      return true
    }
  }

  const work = (job: () => boolean): void => {
    jobs.push(job)
    tree._work()
  }

  const sendLink = (link: HTMLLinkElement): void => {
    const { sheet } = link
    owners.set(link, sheet)
    if (!sheet) return
    const isReadable = !!rulesOf(sheet)
    const refetch = (): void => {
      void frame._fetchText(sheet.href ?? link.href).then(
        guard((text: string | null) => {
          if (text != null && link.sheet == sheet) sendSheet(sheet, text)
        }),
      )
    }
    if (!isReadable) return refetch()
    work(
      readSheet(sheet, (text) => {
        sendSheet(sheet, text)
        const isOwn = new URL(sheet.href ?? '', document.baseURI).origin == location.origin
        if (isOwn && LOSS.test(text) && !/@import/i.test(text)) refetch()
      }),
    )
  }

  /** A style element's text is sent with its children; its rules only where a script has changed them. */
  const sendStyle = (style: HTMLStyleElement): void => {
    const { sheet } = style
    owners.set(style, sheet)
    const rules = rulesOf(sheet)
    if (!sheet || !rules) return
    const text = style.textContent ?? ''
    const isBlank = !text.trim()
    if (isBlank && !rules.length) return sendState(sheet)
    work(() => {
      if (isBlank || (text.length < MAX_COMPARED_LENGTH && countRules(text) != rules.length)) {
        work(readSheet(sheet, (css) => sendSheet(sheet, css)))
      } else {
        sendAssets(idOf(sheet), text, style.baseURI)
        sendState(sheet)
      }
      return true
    })
  }

  const sendAdopted = (root: Root): void => {
    const sheets = [...root.adoptedStyleSheets]
    const before = adopted.get(root) ?? []
    adopted.set(root, sheets) // also where there are none yet: the poll looks at the roots that are known here
    if (before.length == sheets.length && before.every((sheet, at) => sheet == sheets[at])) return
    for (const sheet of sheets) {
      if (constructed.has(sheet)) continue
      constructed.set(sheet, tree._allocate())
      sendSheet(sheet, sources.get(sheet) ?? [...sheet.cssRules].map(textOf).join('\n'))
    }
    write(OP_ADOPTED, tree._id(root), sheets.map((sheet) => constructed.get(sheet)!))
  }

  /** Indexes from the sheet down to a rule or group of rules. */
  const pathOf = (rule: CSSRule | CSSStyleSheet, path: number[] = []): number[] => {
    const parent = (rule as CSSRule).parentRule ?? (rule as CSSRule).parentStyleSheet
    if (!parent || !('cssText' in rule)) return path
    const index = Array.prototype.indexOf.call(rulesOf(parent as CSSStyleSheet) ?? [], rule)
    return pathOf(parent, [index, ...path])
  }

  const edit = (owner: CSSRule | CSSStyleSheet, code: number, last: number[], text?: string): void => {
    const sheet = 'cssText' in owner ? owner.parentStyleSheet : owner
    if (!sheet) return
    sources.delete(sheet)
    versions.set(sheet, (versions.get(sheet) ?? 0) + 1)
    if (!idOf(sheet)) return
    edits.push([sheet, code, [...pathOf(owner), ...last], text])
    frame._schedule()
  }

  const pollRules = (): void => {
    for (const [rule, before] of [...handed].slice(0, POLLED_RULES)) {
      handed.delete(rule)
      if (!rule.parentStyleSheet || !idOf(rule.parentStyleSheet)) continue
      const text = rule.style.cssText
      if (text != before) edit(rule, OP_RULE_STYLE, [], text)
      handed.set(rule, text) // goes to the end: the next poll goes on behind it
    }
  }

  return {
    _owner(owner) {
      if (owner.localName == 'style') sendStyle(owner as HTMLStyleElement)
      else if (isStyleLink(owner)) sendLink(owner as HTMLLinkElement)
    },
    _root: (root) => {
      if (root == document) {
        // A new walk of the whole document: nothing counts as sent.
        for (const map of [constructed, owners, adopted]) map.clear()
        edits = []
        jobs.length = 0
      }
      adopted.delete(root)
      sendAdopted(root)
    },
    _inline(element, text) {
      sendAssets(tree._id(element), text, element.baseURI)
    },
    _flush() {
      const list = edits
      edits = []
      for (const [sheet, code, path, text] of list) {
        const id = idOf(sheet)
        if (!id) continue
        if (text == null) write(code, id, path)
        else {
          write(code, id, path, text)
          sendAssets(id, text, sheet.href ?? document.baseURI)
        }
      }
    },
    _poll() {
      for (const root of adopted.keys()) if (tree._id(root)) sendAdopted(root)
      for (const [owner, sheet] of owners) {
        const current = (owner as HTMLStyleElement).sheet
        if (!tree._id(owner)) owners.delete(owner)
        else if (current == sheet) {
          if (sheet) sendState(sheet)
        } else if (current) this._owner(owner)
        else {
          owners.set(owner, null)
          write(OP_SHEET_STATE, tree._id(owner), 1, '')
        }
      }
      for (const sheet of constructed.keys()) sendState(sheet)
      pollRules()
    },
    _job(deadline) {
      while (jobs.length) {
        if (now() > deadline) return false
        if (jobs[0]!()) jobs.shift()
      }
      return true
    },
    _patch({ CSSStyleSheet: Sheet, CSSGroupingRule: Group, CSSStyleRule: Rule }) {
      const undo = [Sheet, Group, Rule].flatMap((type) => [
        patch(type?.prototype, 'insertRule', 'value', guard((self: CSSStyleSheet, args: [string, number?]) => edit(self, OP_RULE_INSERT, [args[1] ?? 0], args[0]))),
        patch(type?.prototype, 'deleteRule', 'value', guard((self: CSSStyleSheet, args: [number]) => edit(self, OP_RULE_DELETE, [args[0]]))),
      ])
      const replaced = guard((self: CSSStyleSheet, [text]: [string]) => {
        sources.set(self, text)
        if (constructed.has(self)) sendSheet(self, text)
      })
      undo.push(
        patch(Sheet.prototype, 'replaceSync', 'value', replaced),
        patch(Sheet.prototype, 'replace', 'value', replaced),
        patch(Rule.prototype, 'selectorText', 'set', guard((self: CSSStyleRule, [text]: [string]) => edit(self, OP_RULE_SELECTOR, [], text))),
        // Declarations have no setter to hear of: who asks for them may write them, so these rules are read again.
        patch(Rule.prototype, 'style', 'get', guard((self: CSSStyleRule, _: [], style: CSSStyleDeclaration) => {
          if (!handed.has(self) && self.parentStyleSheet && idOf(self.parentStyleSheet)) handed.set(self, style.cssText)
        })),
      )
      return () => undo.forEach((stop) => stop())
    },
  }
}
