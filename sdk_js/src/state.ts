// State that has no attribute: fields, scroll offsets, top layer, what images show, withheld content. Elements go in, ops come out.
import { fieldValue, isChoiceHidden, isTextField } from './attributes'
import { BLOCK, HIDE, ruleOf, type Rule } from './mask'
import { OP_BLOCK, OP_CHECKED, OP_FIELD_VALUE, OP_SCROLL, OP_SELECTED, OP_TOP_LAYER } from './ops'
import type { Frame } from './sink'
import { contentOf, type Tree } from './tree'

type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement

const BLOCKED_PRIVATE = 0
const BLOCKED_FRAME = 1
const BLOCKED_CANVAS = 2
const BLOCKED_PLUGIN = 3

/** What may be in the top layer is a dialog, a popover or fullscreen; each with its number in op TopLayer. */
const TOP_LAYERS: [selector: string, layer: number][] = [
  [':fullscreen', 3],
  [':modal', 1],
  [':popover-open', 2],
]

export interface State {
  _element(element: Element, rule: Rule): void
  /** A field that may have changed. */
  _field(element: Element): void
  _scrolled(node: Node): void
  _flush(): void
  _poll(): void
  /** Nothing counts as sent. */
  _reset(): void
}

const checkedState = ({ checked, indeterminate }: HTMLInputElement): number => +checked + 2 * +indeterminate

export const createState = (frame: Frame, tree: Tree): State => {
  const { _write: write } = frame
  /** Fields and what was last sent of each. */
  const fields = new Map<Field, string>()
  const scrolled = new Set<Node>()
  /** What may be in the top layer, with what was last sent. */
  const layers = new Map<Element, number>()

  const chosen = (select: HTMLSelectElement): number[] =>
    [...select.options].reduce<number[]>((list, option, at) => (option.selected && list.push(at), list), [])

  const read = (field: Field, rule: Rule): string => {
    const { type } = field
    if (field.localName == 'select') return isChoiceHidden(field, rule) ? '' : chosen(field as HTMLSelectElement).join()
    if (type == 'checkbox' || type == 'radio') return rule >= HIDE ? '' : `${checkedState(field as HTMLInputElement)}`
    return fieldValue(field as HTMLInputElement, field.value, rule) ?? ''
  }

  /** What a receiver shows of the field by its attributes and children alone. */
  const initial = (field: Field, rule: Rule): string => {
    const { type } = field
    if (type == 'checkbox' || type == 'radio') return rule >= HIDE ? '' : `${+(field as HTMLInputElement).defaultChecked}`
    if (field.localName == 'select') return '?' // always sent: which option shows by default is not worth a second rule
    return fieldValue(field as HTMLInputElement, (field as HTMLInputElement).defaultValue, rule) ?? ''
  }

  const sendField = (field: Field, rule = ruleOf(field)): void => {
    const id = tree._id(field)
    if (!id) return void fields.delete(field)
    const value = read(field, rule)
    if ((fields.get(field) ?? initial(field, rule)) == value) return void fields.set(field, value)
    fields.set(field, value)
    const { type } = field
    if (field.localName == 'select') write(OP_SELECTED, id, value ? value.split(',').map(Number) : [])
    else if (type == 'checkbox' || type == 'radio') write(OP_CHECKED, id, +value)
    else if (isTextField(field) || value) write(OP_FIELD_VALUE, id, value)
  }

  const sendScroll = (node: Node): void => {
    const id = tree._id(node)
    if (!id) return
    const element = node.nodeType == 9 ? null : (node as Element)
    const view = (node as Document).defaultView
    const x = element ? element.scrollLeft : (view?.scrollX ?? 0)
    const y = element ? element.scrollTop : (view?.scrollY ?? 0)
    write(OP_SCROLL, id, Math.round(x), Math.round(y))
  }

  const block = (element: Element, reason: number): void => {
    const { width, height } = element.getBoundingClientRect()
    write(OP_BLOCK, tree._id(element), Math.round(width), Math.round(height), reason)
  }

  const layerOf = (element: Element): number => {
    for (const [selector, layer] of TOP_LAYERS) {
      try {
        if (element.matches(selector)) return layer
      } catch {
        // a browser without this top layer throws on its selector
      }
    }
    return 0
  }

  const sendLayers = (): void => {
    const full = document.fullscreenElement
    if (full && !layers.has(full)) layers.set(full, 0)
    for (const [element, before] of layers) {
      const id = tree._id(element)
      const layer = layerOf(element)
      if (!id) layers.delete(element)
      else if (layer != before) {
        layers.set(element, layer)
        write(OP_TOP_LAYER, id, layer)
      }
    }
  }

  return {
    _element(element, rule) {
      const tag = element.localName
      if (rule == BLOCK) return block(element, BLOCKED_PRIVATE)
      if (tag == 'dialog' || element.hasAttribute('popover')) layers.set(element, 0)
      if (/^(input|textarea|select)$/.test(tag)) {
        fields.delete(element as Field)
        sendField(element as Field, rule)
      }
      if (tag == 'canvas') block(element, BLOCKED_CANVAS)
      else if (tag == 'object' || tag == 'embed') block(element, BLOCKED_PLUGIN)
      else if (/^i?frame$/.test(tag) && !contentOf(element)) block(element, BLOCKED_FRAME)
      if (element.scrollTop || element.scrollLeft) sendScroll(element)
    },
    _field(element) {
      if (fields.has(element as Field)) sendField(element as Field)
    },
    _scrolled(node) {
      scrolled.add(node)
      frame._schedule()
    },
    _flush() {
      scrolled.forEach(sendScroll)
      scrolled.clear()
    },
    _poll() {
      for (const field of fields.keys()) sendField(field)
      sendLayers()
    },
    _reset() {
      for (const map of [fields, layers]) map.clear()
      sendScroll(document)
    },
  }
}
