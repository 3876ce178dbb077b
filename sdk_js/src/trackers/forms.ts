// Input into forms goes in, form facts come out: started, sent, left without sending, and how many fields were used. Never what was typed.
import { OP_FORM } from '../ops'
import { shorten, type Page } from '../page'
import { elementOf } from './target'

const STARTED = 0
const LEFT = 1
const SENT = 2

export const trackForms = ({ _on, _fact, _idOf, _atEnd }: Page): void => {
  /** Started forms, and the fields used in them. */
  const used = new Map<Element, Set<Element>>()

  const send = (form: Element, stage: number): void => {
    // Attributes, not properties: a field named "name" or "id" hides these.
    const [name, id] = ['name', 'id'].map((key) => Element.prototype.getAttribute.call(form, key))
    _fact([OP_FORM, _idOf(form), stage, shorten(name || id), used.get(form)?.size ?? 0], 0)
  }
  _on(document, 'input change', (event) => {
    const field = elementOf(event) as HTMLInputElement | null
    const form = field?.form
    if (!form) return
    if (!used.has(form)) {
      used.set(form, new Set())
      send(form, STARTED)
    }
    used.get(form)!.add(field)
  })
  _on(document, 'submit', (event) => {
    const form = elementOf(event)!
    send(form, SENT)
    used.delete(form)
  })
  _atEnd(() => used.forEach((_, form) => send(form, LEFT)))
}
