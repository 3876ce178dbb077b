// Input into forms goes in, form facts come out: started, sent, left without sending, and how many fields were used. Never what was typed.
import { listen, shorten, targetOf, type Stop, type TrackerDeps } from '../facts'
import { OP_FORM } from '../ops'

const STARTED = 0
const LEFT = 1
const SENT = 2

export const trackForms = ({ _sink, _guard, _idOf, _beforeLeave }: TrackerDeps): Stop => {
  /** Started forms, and the fields used in them. */
  const used = new Map<HTMLFormElement, Set<Element>>()

  const form = (element: HTMLFormElement, stage: number): void => {
    // Attributes, not properties: a field named "name" or "id" hides these.
    const [name, id] = ['name', 'id'].map((key) => Element.prototype.getAttribute.call(element, key))
    _sink._fact([OP_FORM, _idOf(element), stage, shorten(name || id, 200), used.get(element)?.size ?? 0], stage != LEFT)
  }
  const stops = [
    listen(
      document,
      'input change',
      _guard((event: Event) => {
        const field = targetOf(event)
        const element = (field as HTMLInputElement | null)?.form
        if (!field || !element) return
        const fields = used.get(element) ?? new Set()
        const isNew = !fields.size
        used.set(element, fields.add(field))
        if (isNew) form(element, STARTED)
      }),
    ),
    listen(
      document,
      'submit',
      _guard((event: Event) => {
        const element = targetOf(event) as HTMLFormElement | null
        if (element) {
          form(element, SENT)
          used.delete(element)
        }
      }),
    ),
  ]
  _beforeLeave(() => used.forEach((_, element) => form(element, LEFT)))
  return () => stops.forEach((stop) => stop())
}
