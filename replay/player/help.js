// The help: the table of keys and the kinds of marks go in, a dialog that explains both comes out.
import { KEYS } from './keys.js'
import { MARK_KINDS } from './marks.js'

/** @param {HTMLElement} parent @param {string} name @param {string} [text] */
const add = (parent, name, text = '') => {
  const element = document.createElement(name)
  element.textContent = text
  parent.append(element)
  return element
}

/**
 * Fills the dialog. Returns what opens it, or shuts it.
 * @param {{dialog: HTMLDialogElement, keys: HTMLElement, legend: HTMLElement, open: HTMLButtonElement, close: HTMLButtonElement}} parts
 */
export const createHelp = ({ dialog, keys, legend, open, close }) => {
  for (const { shown, words } of KEYS) {
    const row = add(keys, 'div')
    const term = add(row, 'dt')
    for (const key of shown.split(' ')) add(term, 'kbd', key)
    add(row, 'dd', words)
  }
  for (const [kind, words] of [...MARK_KINDS, ['fold', 'Idle time, folded']]) {
    const row = add(legend, 'div')
    const sign = add(add(row, 'dt'), 'i')
    sign.className = kind === 'fold' ? 'fold' : `mark is-${kind}`
    add(row, 'dd', words)
  }
  const toggle = () => (dialog.open ? dialog.close() : dialog.showModal())
  open.addEventListener('click', toggle)
  close.addEventListener('click', toggle)
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close() // beside it
  })
  dialog.addEventListener('keydown', (event) => {
    if (event.key === '?') dialog.close()
  })
  return toggle
}
