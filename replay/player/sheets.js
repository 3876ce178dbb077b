// Style sheets of one frame document: the tree's sheets go in, ordered lists of adopted sheets on every root come out. Sheets are made with
// the frame's own constructor; the recorded style and link elements themselves do nothing.
import { rewriteCss } from './css.js'
import * as dom from './dom.js'
import { MIRRORED, adaptRules, applyConditions, needsAdapting, rewriteSelector } from './selectors.js'
import { childText } from './tree.js'

/** @typedef {import('./tree.js').Tree} Tree */
/** @typedef {import('./tree.js').TreeNode} TreeNode */
/** @typedef {import('./tree.js').Sheet} Sheet */
/** @typedef {import('./tree.js').RuleEdit} RuleEdit */
/** @typedef {import('./selectors.js').Marks} Marks */
/** @typedef {import('./selectors.js').Environment} Environment */
/** @typedef {import('./selectors.js').Conditions} Conditions */

/**
 * A sheet that is drawn: from which text, and how many of its edits are in it.
 * @typedef {object} Drawn
 * @property {CSSStyleSheet} sheet
 * @property {string|null} text
 * @property {RuleEdit[]} edits
 * @property {number} applied
 * @property {Map<string, string|null>} addresses what each token stood for
 * @property {Conditions} conditions
 * @property {string} media
 */

/**
 * @typedef {object} SheetOptions
 * @property {Marks} marks
 * @property {(owner: number, token: string) => string|null} address
 * @property {(address: string) => boolean} isPicture
 * @property {(what: string) => void} failed
 */

const MAX_SPARE = 32

// Takes the place of a rule that this browser refuses, so that the rules behind it keep their index.
const EMPTY_RULE = '@media not all{}'

/**
 * @param {Marks} marks
 * @returns {(name: string) => string}
 */
export const mirroredName = (marks) => (name) => (MIRRORED.has(name) ? marks.mirror + name : name)

export class SheetBook {
  /**
   * @param {{CSSStyleSheet: typeof CSSStyleSheet}} win
   * @param {SheetOptions} options
   */
  constructor(win, options) {
    this.Sheet = win.CSSStyleSheet
    this.options = options
    /** @type {Map<number, Drawn>} */
    this.drawn = new Map()
    /** By text. @type {Map<string, Drawn>} */
    this.spare = new Map()
    /** What each root has now. @type {Map<Node, CSSStyleSheet[]>} */
    this.lists = new Map()
    this.base = new this.Sheet()
    this.base.replaceSync(baseCss(options.marks))
    /** @type {Environment} */
    this.environment = { features: 0, dpr_percent: 100 }
  }

  /** Forgets all: the document was opened anew. Pages of one site mostly share their sheets, so parsed ones are kept for the next. */
  clear() {
    for (const drawn of this.drawn.values()) {
      if (drawn.applied === 0 && drawn.text && this.spare.size < MAX_SPARE) this.spare.set(drawn.text, drawn)
    }
    this.drawn.clear()
    this.lists.clear()
  }

  /**
   * A parsed sheet of an earlier document with the same text and the same addresses.
   * @param {number} id
   * @param {string} text
   * @returns {Drawn|null}
   */
  reuse(id, text) {
    const spare = this.spare.get(text)
    if (!spare || !this.isCurrent(id, spare, text, [])) return null
    this.spare.delete(text)
    this.drawn.set(id, spare)
    applyConditions(spare.conditions, this.environment)
    return spare
  }

  /**
   * Brings all roots of the document up to date.
   * @param {Tree} tree
   * @param {Array<[root: Node, rootId: number, owners: TreeNode[]]>} roots owners in document order
   */
  update(tree, roots) {
    /** @type {Set<number>} */
    const used = new Set()
    const seen = new Set()
    for (const [root, rootId, owners] of roots) {
      const list = [this.base]
      for (const owner of owners) this.add(list, used, tree, owner.id, owner)
      for (const id of tree.adopted.get(rootId) ?? []) this.add(list, used, tree, id, null)
      this.adopt(root, list)
      seen.add(root)
    }
    for (const root of this.lists.keys()) if (!seen.has(root)) this.lists.delete(root)
    for (const id of this.drawn.keys()) if (!used.has(id) && !tree.sheets.has(id)) this.drawn.delete(id)
  }

  /**
   * @param {CSSStyleSheet[]} list
   * @param {Set<number>} used
   * @param {Tree} tree
   * @param {number} id
   * @param {TreeNode|null} owner
   */
  add(list, used, tree, id, owner) {
    const recorded = tree.sheets.get(id)
    const text = textOf(recorded, owner)
    if (text === null || recorded?.disabled) return
    used.add(id)
    const media = recorded?.media ?? owner?.attrs?.get('media') ?? ''
    const { sheet } = this.draw(id, text, recorded?.edits ?? [], media)
    // A sheet can be in a list twice; the last place counts, as on the page.
    const at = list.indexOf(sheet)
    if (at >= 0) list.splice(at, 1)
    list.push(sheet)
  }

  /**
   * @param {Node} root
   * @param {CSSStyleSheet[]} list
   */
  adopt(root, list) {
    const old = this.lists.get(root)
    if (old && old.length === list.length && old.every((sheet, index) => sheet === list[index])) return
    this.lists.set(root, list)
    dom.adoptSheets(root, list)
  }

  /**
   * @param {number} id
   * @param {string} text
   * @param {RuleEdit[]} edits
   * @param {string} media
   * @returns {Drawn}
   */
  draw(id, text, edits, media) {
    const drawn = this.drawn.get(id) ?? this.reuse(id, text) ?? this.create(id)
    if (!this.isCurrent(id, drawn, text, edits)) this.replace(id, drawn, text)
    for (; drawn.applied < edits.length; drawn.applied++) {
      this.edit(id, drawn, /** @type {RuleEdit} */ (edits[drawn.applied]))
    }
    drawn.edits = edits
    if (drawn.media !== media) this.setMedia(drawn, media)
    return drawn
  }

  /**
   * @param {number} id
   * @returns {Drawn}
   */
  create(id) {
    const drawn = { sheet: new this.Sheet(), text: null, edits: [], applied: 0, addresses: new Map(), conditions: [], media: '' }
    this.drawn.set(id, drawn)
    return drawn
  }

  /**
   * Can the recorded sheet be reached from what is drawn by further edits only?
   * @param {number} id
   * @param {Drawn} drawn
   * @param {string} text
   * @param {RuleEdit[]} edits
   */
  isCurrent(id, drawn, text, edits) {
    if (drawn.text !== text || drawn.applied > edits.length) return false
    for (const [token, address] of drawn.addresses) if (this.options.address(id, token) !== address) return false
    if (drawn.edits === edits) return true
    for (let at = 0; at < drawn.applied; at++) if (!isSameEdit(drawn.edits[at], edits[at])) return false
    return true
  }

  /**
   * @param {number} id
   * @param {Drawn} drawn
   * @param {string} text
   */
  replace(id, drawn, text) {
    drawn.text = text
    drawn.applied = 0
    drawn.addresses.clear()
    drawn.sheet.replaceSync(this.rewrite(id, drawn, text))
    drawn.conditions = needsAdapting(text) ? adaptRules(drawn.sheet.cssRules, this.options.marks, this.environment) : []
    if (drawn.media) this.setMedia(drawn, drawn.media)
  }

  /**
   * @param {number} id
   * @param {Drawn} drawn
   * @param {string} text
   */
  rewrite(id, drawn, text) {
    return rewriteCss(text, {
      url: (token) => {
        const address = this.options.address(id, token)
        drawn.addresses.set(token, address)
        return address
      },
      attribute: mirroredName(this.options.marks),
    })
  }

  /**
   * @param {Drawn} drawn
   * @param {string} media
   */
  setMedia(drawn, media) {
    drawn.media = media
    drawn.sheet.media.mediaText = media
    drawn.conditions = drawn.conditions.filter((condition) => !('media' in condition) || condition.media !== drawn.sheet.media)
    if (media) drawn.conditions.push({ media: drawn.sheet.media, text: drawn.sheet.media.mediaText })
    applyConditions(drawn.conditions, this.environment)
  }

  /** @param {Environment} environment */
  setEnvironment(environment) {
    const { features, dpr_percent } = this.environment
    if (features === environment.features && dpr_percent === environment.dpr_percent) return
    this.environment = environment
    for (const { conditions } of this.drawn.values()) applyConditions(conditions, environment)
  }

  /** Addresses of pictures that the sheets name. @returns {Set<string>} */
  pictures() {
    const found = new Set()
    for (const { addresses } of this.drawn.values()) {
      for (const address of addresses.values()) if (address && this.options.isPicture(address)) found.add(address)
    }
    return found
  }

  // --- rule edits ----------------------------------------------------------------------------------------------------------------------

  /**
   * @param {number} id
   * @param {Drawn} drawn
   * @param {RuleEdit} edit
   */
  edit(id, drawn, edit) {
    const last = edit.path[edit.path.length - 1] ?? 0
    const list = ruleList(drawn.sheet, edit.path.slice(0, -1))
    const rule = list?.cssRules[last]
    try {
      if (list && edit.name === 'rule_insert') this.insert(id, drawn, list, last, edit.text)
      else if (list && rule && edit.name === 'rule_delete') list.deleteRule(last)
      else if (rule && edit.name === 'rule_style') {
        const { style } = /** @type {CSSStyleRule} */ (rule)
        style.cssText = this.rewrite(id, drawn, edit.text)
        this.adapt(drawn, [rule], edit.text)
      } else if (rule && edit.name === 'rule_selector') {
        const styled = /** @type {CSSStyleRule} */ (rule)
        styled.selectorText = edit.text
        styled.selectorText = rewriteSelector(styled.selectorText, this.options.marks)
      } else throw new RangeError('no such rule')
    } catch {
      this.options.failed(`${edit.name} of sheet ${id}`)
    }
  }

  /**
   * @param {number} id
   * @param {Drawn} drawn
   * @param {{cssRules: CSSRuleList, insertRule: (text: string, index: number) => number}} list
   * @param {number} index
   * @param {string} text
   */
  insert(id, drawn, list, index, text) {
    try {
      list.insertRule(this.rewrite(id, drawn, text), index)
    } catch {
      list.insertRule(EMPTY_RULE, index)
      this.options.failed(`a rule of sheet ${id}`)
      return
    }
    const rule = list.cssRules[index]
    if (rule) this.adapt(drawn, [rule], text)
  }

  /**
   * @param {Drawn} drawn
   * @param {CSSRule[]} rules
   * @param {string} text
   */
  adapt(drawn, rules, text) {
    if (needsAdapting(text)) drawn.conditions.push(...adaptRules(rules, this.options.marks, this.environment))
  }
}

/**
 * The text that a sheet starts from; null: it has none.
 * @param {Sheet|undefined} recorded
 * @param {TreeNode|null} owner
 */
const textOf = (recorded, owner) => {
  if (recorded && recorded.text !== null) return recorded.text
  if (!owner) return recorded ? '' : null
  if (owner.name === 'link') return recorded && recorded.edits.length > 0 ? '' : null
  const type = owner.attrs?.get('type')?.trim().toLowerCase() ?? ''
  return type === '' || type === 'text/css' ? childText(owner) : null
}

/**
 * @param {RuleEdit|undefined} a
 * @param {RuleEdit|undefined} b
 */
const isSameEdit = (a, b) =>
  a === b ||
  (!!a && !!b && a.name === b.name && a.text === b.text && a.path.length === b.path.length && a.path.every((step, index) => step === b.path[index]))

/**
 * The list of rules at a path.
 * @param {CSSStyleSheet} sheet
 * @param {number[]} path
 * @returns {{cssRules: CSSRuleList, insertRule: (text: string, index: number) => number, deleteRule: (index: number) => void}|null}
 */
const ruleList = (sheet, path) => {
  /** @type {any} */
  let list = sheet
  for (const index of path) list = list?.cssRules?.[index]
  return list?.cssRules && list.insertRule ? list : null
}

// Elements that browsers don't lay out in lines.
const NOT_INLINE = [
  'address,article,aside,blockquote,body,center,dd,details,dialog,dir,div,dl,dt,fieldset,figcaption,figure,footer,form,frameset,h1,h2,h3,h4,h5,h6',
  'header,hgroup,hr,html,legend,li,listing,main,menu,nav,ol,optgroup,option,p,plaintext,pre,search,section,summary,ul,xmp,table,tbody,thead,tfoot',
  'tr,td,th,col,colgroup,caption,input,button,select,textarea,slot,head,script,style,link,meta,title,template,noscript,area,base',
].join(',')

/**
 * Rules under all others, of no specificity where the page may overrule them: what a browser's own sheet says about states that only
 * exist as marks here, and how placeholders look. A canvas without scripts is an inline element that shows its fallback.
 * @param {Marks} marks
 */
const baseCss = ({ state, placeholder, highlight }) => `
noscript{display:none!important}
:where([${state}~=v]){outline:auto 1px -webkit-focus-ring-color}
:where(:any-link[${state}~=v]){outline-offset:1px}
:where(input,textarea,select,button):where([${state}~=v]){outline-offset:0}
:where(:any-link[${state}~=a]){color:ActiveText}
*::highlight(${highlight}){background-color:Highlight;color:HighlightText}
[${state}~=x]{position:fixed!important;inset:0!important;box-sizing:border-box!important;width:100%!important;height:100%!important;min-width:0!important;min-height:0!important;max-width:none!important;max-height:none!important;margin:0!important;border:0!important;padding:0!important;transform:none!important;object-fit:contain}
:where([${state}~=x]){overflow:visible;color:inherit;background-color:transparent}
[${state}~=x]::backdrop{background:#000!important}
[${placeholder}]{background:repeating-linear-gradient(135deg,rgb(127 127 140/.16) 0 8px,rgb(127 127 140/.3) 8px 16px)!important;color:transparent!important;outline:1px solid rgb(127 127 140/.5)!important;outline-offset:-1px!important}
:where(img[${placeholder}=missing]){min-width:16px;min-height:16px}
:where(canvas){display:inline-block;content-visibility:hidden}
:where([${placeholder}]:not(${NOT_INLINE})){display:inline-block}
:where(canvas,iframe,object,embed,video,img,input)[${placeholder}]:not([${placeholder}=missing]){object-position:-99999px}
`
