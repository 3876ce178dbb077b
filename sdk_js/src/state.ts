// State that has no attribute: fields, scroll offsets, top layer, what images show, withheld content. Elements go in, ops come out.
import { BLOCK, isMasking, type Rule } from './mask'
import { OP_BLOCK, OP_CHECKED, OP_FIELD_VALUE, OP_SCROLL, OP_SELECTED, OP_TOP_LAYER } from './ops'
import { targetOf } from './page'
import type { LateDeps, Root } from './sink'

type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement

const BLOCKED_PRIVATE = 0
const BLOCKED_FRAME = 1
const BLOCKED_CANVAS = 2
const BLOCKED_PLUGIN = 3

/** What may be in the top layer is a dialog, a popover or fullscreen: numbers 1 to 3 in op TopLayer. */
const TOP_LAYERS = [':modal', ':popover-open', ':fullscreen']

export interface State {
  _element(element: Element): void
  /** Listens in a document or shadow root. */
  _root(root: Root): void
  _flush(): void
  _poll(): void
  /** Nothing counts as sent. */
  _reset(): void
}

const isSelect = (field: Field): field is HTMLSelectElement => field.localName == 'select'
const isToggle = (field: Field): boolean => /^(checkbox|radio)$/.test(field.type)

export const createState = (deps: LateDeps): State => {
  const { _write: write, _idOf: idOf, _listen: listen, _schedule: schedule, _ruleOf: ruleOf } = deps
  /** Fields and what was last sent of each. */
  const fields = new Map<Field, string>()
  const scrolled = new Set<Node>()
  /** What may be in the top layer, with what was last sent. */
  const layers = new Map<Element, number>()
  /** Values may have changed without an event of their own. */
  let isStale = false

  /** What is shown of a field, or what a receiver shows of it by its attributes and children alone. */
  const read = (field: Field, rule: Rule, isInitial?: boolean): string => {
    if (isSelect(field)) {
      if (isInitial) return '?' // always sent: which option shows by default is not worth a second rule
      return deps._isChoiceHidden(field, rule) ? '' : Array.from(field.selectedOptions, (option) => option.index).join()
    }
    const { checked, defaultChecked, indeterminate, defaultValue, value } = field as HTMLInputElement
    if (isToggle(field)) return isMasking(rule) ? '' : `${isInitial ? +defaultChecked : +checked + 2 * +indeterminate}`
    return deps._fieldValue(field, isInitial ? defaultValue : value, rule) ?? ''
  }

  const sendField = (field: Field, rule = ruleOf(field)): void => {
    const id = idOf(field)
    if (!id) return void fields.delete(field)
    const value = read(field, rule)
    const before = fields.get(field) ?? read(field, rule, true)
    fields.set(field, value)
    if (before == value) return
    if (isSelect(field)) write(OP_SELECTED, id, value ? value.split(',').map(Number) : [])
    else if (isToggle(field)) write(OP_CHECKED, id, +value)
    else if (deps._isTextField(field) || value) write(OP_FIELD_VALUE, id, value)
  }

  const sendScroll = (node: Node): void => {
    const id = idOf(node)
    const { scrollX, scrollY, scrollLeft = 0, scrollTop = 0 } = ((node as Document).defaultView ?? node) as Partial<Window & Element>
    if (id) write(OP_SCROLL, id, Math.round(scrollX ?? scrollLeft), Math.round(scrollY ?? scrollTop))
  }

  const block = (element: Element, reason: number): void => {
    const { width, height } = element.getBoundingClientRect()
    write(OP_BLOCK, idOf(element), Math.round(width), Math.round(height), reason)
  }

  const layerOf = (element: Element): number => {
    for (let layer = TOP_LAYERS.length; layer--; ) {
      try {
        if (element.matches(TOP_LAYERS[layer]!)) return layer + 1
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
      const id = idOf(element)
      const layer = layerOf(element)
      if (!id) layers.delete(element)
      else if (layer != before) {
        layers.set(element, layer)
        write(OP_TOP_LAYER, id, layer)
      }
    }
  }

  const poll = (): void => {
    isStale = false
    for (const field of fields.keys()) sendField(field)
    sendLayers()
  }

  return {
    _element(element) {
      const tag = element.localName
      const rule = ruleOf(element)
      if (rule == BLOCK) return block(element, BLOCKED_PRIVATE)
      if (tag == 'dialog' || element.hasAttribute('popover')) layers.set(element, 0)
      if (/^(input|textarea|select)$/.test(tag)) {
        fields.delete(element as Field)
        sendField(element as Field, rule)
      }
      if (tag == 'canvas') block(element, BLOCKED_CANVAS)
      if (/^(object|embed)$/.test(tag)) block(element, BLOCKED_PLUGIN)
      if (/^i?frame$/.test(tag) && !deps._contentOf(element)) block(element, BLOCKED_FRAME)
      if (element.scrollTop || element.scrollLeft) sendScroll(element)
    },
    _root(root) {
      const scroll = (node: Node): void => {
        scrolled.add(node)
        schedule()
      }
      if (root.nodeType == 9) scroll(root)
      listen(root, 'scroll', (event) => scroll(event.target as Node))
      // Composed events reach the document; the innermost target is in their path.
      if (root.nodeType != 9) return
      listen(root, 'input change', (event) => {
        const field = targetOf(event) as Field
        if (fields.has(field)) sendField(field)
      })
      listen(root, 'toggle fullscreenchange reset', () => {
        isStale = true
        schedule()
      })
    },
    _flush() {
      if (isStale) poll()
      scrolled.forEach(sendScroll)
      scrolled.clear()
    },
    _poll: poll,
    _reset() {
      for (const map of [fields, layers]) map.clear()
      scrolled.add(document)
    },
  }
}
