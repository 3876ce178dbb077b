// Style sheets: owners, constructed sheets and rules that scripts change go in, ops that give a receiver the same rules come out.
import type { Assets } from './assets'
import { OP_ADOPTED, OP_RULE_DELETE, OP_RULE_INSERT, OP_RULE_SELECTOR, OP_RULE_STYLE, OP_SHEET, OP_SHEET_STATE } from './ops'
import type { LateDeps, Root } from './sink'

/** Rules whose `style` was handed out and that are looked at again in one poll. */
const POLLED_RULES = 200
/** Rules read in one go while a sheet's text is collected, then the page has its turn. */
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
  /** This document or shadow root may have adopted sheets. */
  _adopt(root: Root): void
  /** The natives of a document's window are patched. */
  _root(root: Root): void
  _flush(): void
  _poll(): void
  _isBusy(): boolean
  _reset(): void
  _stop(): void
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

export const createStyles = (deps: LateDeps, assets: Assets): Styles => {
  const { _write: write, _guard: guard, _idOf: idOfNode, _tick: tick, _patch: patch } = deps
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
  /** Texts that are being collected. */
  let jobs = 0
  /** Counts the walks: what was begun for an earlier one is dropped. */
  let walk = 0
  let undo: (() => void)[] = []

  const idOf = (sheet: CSSStyleSheet): number => constructed.get(sheet) ?? idOfNode(sheet.ownerNode as Node | null)

  const sendSheet = (sheet: CSSStyleSheet, text: string): void => {
    const id = idOf(sheet)
    if (!id) return
    const base = sheet.href ?? document.baseURI
    edits = edits.filter(([edited]) => edited != sheet)
    write(OP_SHEET, id, text, sheet.href ? deps._scrub(sheet.href) : '')
    assets._css(id, text, base)
    sendState(sheet)
  }

  const sendState = (sheet: CSSStyleSheet): void => {
    const state = stateOf(sheet)
    const media = (sheet.ownerNode as HTMLStyleElement | null)?.media ?? ''
    const before = states.get(sheet) ?? '0' + media
    states.set(sheet, state)
    if (state != before) write(OP_SHEET_STATE, idOf(sheet), +sheet.disabled, sheet.media.mediaText)
  }

  /** Does what may take a while, with turns for the page in between. */
  const work = (job: () => Promise<void>): void => {
    const begun = walk
    jobs++
    job()
      .catch(() => {}) // the page is in the middle of something: the poll finds the sheet again
      .finally(() => {
        if (begun == walk && !--jobs) deps._work()
      })
  }

  /** Collects the text of a sheet rule by rule, begins again when it changes meanwhile, and sends it. */
  const readSheet = async (sheet: CSSStyleSheet): Promise<string> => {
    let parts: string[] = []
    const begun = walk
    for (let version = versions.get(sheet); ; ) {
      const rules = rulesOf(sheet)
      if (!rules || begun != walk) return ''
      if (version != (version = versions.get(sheet))) parts = []
      const end = Math.min(rules.length, parts.length + RULES_PER_STEP)
      while (parts.length < end) parts.push(textOf(rules[parts.length]!))
      if (end == rules.length) {
        const text = parts.join('\n')
        // Of a linked sheet the collector may have the text already.
        if (sheet.href) await assets._prepare(text, sheet.href)
        if (version != versions.get(sheet)) continue
        tick()
        sendSheet(sheet, text)
        return text
      }
      await new Promise((resume) => setTimeout(resume))
    }
  }

  const sendLink = async (link: HTMLLinkElement, sheet: CSSStyleSheet): Promise<void> => {
    const url = sheet.href ?? link.href
    if (rulesOf(sheet)) {
      const text = await readSheet(sheet)
      const isOwn = new URL(url, document.baseURI).origin == location.origin
      if (!isOwn || !LOSS.test(text) || /@import/i.test(text)) return
    }
    const source = await assets._fetchText(url)
    if (source == null || link.sheet != sheet) return
    tick()
    sendSheet(sheet, source)
  }

  /** A style element's text is sent with its children; its rules only where a script has changed them. */
  const sendStyle = async (style: HTMLStyleElement, sheet: CSSStyleSheet): Promise<void> => {
    const rules = rulesOf(sheet)
    const text = style.textContent ?? ''
    const isBlank = !text.trim()
    if (!rules || (isBlank && !rules.length)) return sendState(sheet)
    if (isBlank || (text.length < MAX_COMPARED_LENGTH && countRules(text) != rules.length)) {
      await readSheet(sheet)
    } else {
      assets._css(idOf(sheet), text, style.baseURI)
      sendState(sheet)
    }
  }

  const sendOwner = (owner: Element): void => {
    const { sheet } = owner as HTMLStyleElement
    const isStyle = owner.localName == 'style'
    if (!/^(style|link)$/.test(owner.localName)) return
    owners.set(owner, sheet)
    if (!sheet) return
    edits = edits.filter(([edited]) => edited != sheet)
    work(() => (isStyle ? sendStyle(owner as HTMLStyleElement, sheet) : sendLink(owner as HTMLLinkElement, sheet)))
  }

  const sendAdopted = (root: Root): void => {
    const sheets = [...root.adoptedStyleSheets]
    const before = adopted.get(root) ?? []
    adopted.set(root, sheets) // also where there are none yet: the poll looks at the roots that are known here
    if (before.length == sheets.length && before.every((sheet, at) => sheet == sheets[at])) return
    for (const sheet of sheets) {
      if (constructed.has(sheet)) continue
      constructed.set(sheet, deps._allocate())
      sendSheet(sheet, sources.get(sheet) ?? [...sheet.cssRules].map(textOf).join('\n'))
    }
    write(OP_ADOPTED, idOfNode(root), sheets.map((sheet) => constructed.get(sheet)!))
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
    deps._schedule()
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

  const patchWindow = ({ CSSStyleSheet: Sheet, CSSGroupingRule: Group, CSSStyleRule: Rule }: typeof globalThis): void => {
    for (const type of [Sheet, Group, Rule]) {
      undo.push(
        patch(type?.prototype, 'insertRule', 'value', guard((self: CSSStyleSheet, args: [string, number?]) => edit(self, OP_RULE_INSERT, [args[1] ?? 0], args[0]))),
        patch(type?.prototype, 'deleteRule', 'value', guard((self: CSSStyleSheet, args: [number]) => edit(self, OP_RULE_DELETE, [args[0]]))),
      )
    }
    const replaced = guard((self: CSSStyleSheet, [text]: [string]) => {
      sources.set(self, text)
      if (!constructed.has(self)) return
      tick()
      sendSheet(self, text)
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
  }

  return {
    _owner: sendOwner,
    _adopt: sendAdopted,
    _root(root) {
      const { defaultView } = root as Document
      if (defaultView) patchWindow(defaultView as unknown as typeof globalThis)
    },
    _isBusy: () => jobs > 0,
    _reset() {
      for (const map of [constructed, owners, adopted]) map.clear()
      edits = []
      jobs = 0
      walk++
    },
    _stop() {
      for (const restore of undo.reverse()) restore()
      undo = []
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
          assets._css(id, text, sheet.href ?? document.baseURI)
        }
      }
    },
    _poll() {
      for (const root of adopted.keys()) if (idOfNode(root)) sendAdopted(root)
      for (const [owner, sheet] of owners) {
        const current = (owner as HTMLStyleElement).sheet
        if (!idOfNode(owner)) owners.delete(owner)
        else if (current == sheet) {
          if (sheet) sendState(sheet)
        } else if (current) sendOwner(owner)
        else {
          owners.set(owner, null)
          write(OP_SHEET_STATE, idOfNode(owner), 1, '')
        }
      }
      for (const sheet of constructed.keys()) sendState(sheet)
      pollRules()
    },
  }
}
