// Input into forms goes in, form facts come out: started, sent, left without sending, and how many fields were used. Never what was typed.
import { OP_FORM } from '../ops'
import { targetOf, type Page } from '../page'

const MAX_NAME_LENGTH = 1_000
const STARTED = 0
const LEFT = 1
const SENT = 2

export const trackForms = ({ _on, _fact, _idOf, _atEnd }: Page): void => {
  /** Started forms, and the fields used in them. */
  const used = new Map<Element, Set<Element>>()

  const send = (form: Element, stage: number): void => {
    // Attributes, not properties: a field named "name" or "id" hides these.
    const [name, id] = ['name', 'id'].map((key) => Element.prototype.getAttribute.call(form, key))
    _fact([OP_FORM, _idOf(form), stage, (name || id || '').slice(0, MAX_NAME_LENGTH), used.get(form)?.size ?? 0], 0)
  }
  _on(document, 'input change', (event) => {
    const field = targetOf(event) as HTMLInputElement
    const { form } = field
    if (!form) return
    if (!used.has(form)) {
      used.set(form, new Set())
      send(form, STARTED)
    }
    used.get(form)!.add(field)
  })
  _on(document, 'submit', (event) => {
    const form = targetOf(event)
    send(form, SENT)
    used.delete(form)
  })
  _atEnd(() => used.forEach((_, form) => send(form, LEFT)))
}
