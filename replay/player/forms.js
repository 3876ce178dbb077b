// Form state: a field and its node go in; the field then has the value, the check and the choice that the recording says, or those that its
// attributes stand for. Setting them always makes the result independent of the way that led there.
import * as dom from './dom.js'
import { childText } from './tree.js'

/** @typedef {import('./tree.js').TreeNode} TreeNode */

const FIELDS = new Set(['input', 'textarea', 'select'])

/** @param {string} name */
export const isField = (name) => FIELDS.has(name)

/** @typedef {{node: TreeNode, element: Element}} Field */

/** @param {Iterable<Field>} fields */
export const applyFields = (fields) => {
  /** @type {Field[]} */
  const on = []
  for (const entry of fields) {
    const { node, element } = entry
    if (node.name === 'textarea') setArea(element, node)
    else if (node.name === 'select') setChoice(element, node)
    else if (isCheckable(element)) setCheck(entry, on)
    else setValue(element, node)
  }
  // Checking a radio button unchecks its group, so those that are on come last, and of these those of which the recording says so.
  on.sort((a, b) => Number(isTold(a)) - Number(isTold(b)) || (isBefore(a.element, b.element) ? -1 : 1))
  for (const { element } of on) if (!dom.field.checked(element)) dom.field.setChecked(element, true)
}

/** @param {Field} entry */
const isTold = ({ node }) => node.state?.checked !== undefined

/**
 * @param {Element} a
 * @param {Element} b
 */
const isBefore = (a, b) => (dom.comparePosition(a, b) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0

/** @param {Element} element */
const isCheckable = (element) => {
  const type = dom.field.type(element)
  return type === 'checkbox' || type === 'radio'
}

/**
 * @param {Field} entry
 * @param {Field[]} on
 */
const setCheck = (entry, on) => {
  const { node, element } = entry
  const state = node.state?.checked ?? (node.attrs?.has('checked') ? 1 : 0)
  if (state % 2 === 1) on.push(entry)
  else if (dom.field.checked(element)) dom.field.setChecked(element, false)
  const isIndeterminate = state >= 2
  if (dom.field.indeterminate(element) !== isIndeterminate) dom.field.setIndeterminate(element, isIndeterminate)
}

/**
 * @param {Element} element
 * @param {TreeNode} node
 */
const setValue = (element, node) => {
  const type = dom.field.type(element)
  if (type === 'file' || type === 'image') return
  const isButton = type === 'submit' || type === 'reset' || type === 'button' || type === 'hidden'
  const recorded = node.state?.value
  // The value of a button is its attribute; setting the property would add one.
  if (isButton && recorded === undefined) return
  const value = recorded ?? node.attrs?.get('value') ?? ''
  if (isButton && (node.attrs?.get('value') ?? '') === value) return
  if (dom.field.value(element) !== value) dom.field.setValue(element, value)
}

/**
 * @param {Element} element
 * @param {TreeNode} node
 */
const setArea = (element, node) => {
  const value = node.state?.value ?? childText(node)
  if (dom.field.areaValue(element) !== value) dom.field.setAreaValue(element, value)
}

/**
 * @param {Element} element
 * @param {TreeNode} node
 */
const setChoice = (element, node) => {
  const options = [...dom.field.options(element)]
  const chosen = node.state?.selected
  const wanted = chosen ? new Set(chosen) : defaultChoice(element, options)
  if (!dom.field.isMultiple(element)) {
    const [only = -1] = [...wanted].slice(-1)
    dom.field.setSelectedIndex(element, only < options.length ? only : -1)
    return
  }
  for (const [index, option] of options.entries()) {
    const isOn = wanted.has(index)
    if (dom.field.isSelected(option) !== isOn) dom.field.setSelected(option, isOn)
  }
}

/**
 * What a select shows that nobody has touched.
 * @param {Element} element
 * @param {Element[]} options
 */
const defaultChoice = (element, options) => {
  const marked = options.flatMap((option, index) => (dom.hasAttribute(option, 'selected') ? [index] : []))
  if (dom.field.isMultiple(element)) return new Set(marked)
  if (marked.length > 0) return new Set(marked.slice(-1))
  if (dom.field.displaySize(element) > 1) return new Set()
  const first = options.findIndex((option) => !dom.hasAttribute(option, 'disabled'))
  return new Set(first < 0 ? [] : [first])
}
