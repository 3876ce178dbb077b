// Clicks go in, click facts come out: where, on which control, and where its link leads.
import { isMasking, MASK } from '../mask'
import { OP_CLICK } from '../ops'
import { targetOf, type Page } from '../page'

const CONTROL = 'a,button,summary,label,input,select,textarea,[role]'
const MAX_LABEL_LENGTH = 80

// Off the prototype: a form's field named "closest" hides the method.
const closest = (element: Element, selector: string): Element | null => Element.prototype.closest.call(element, selector)

/** The text of a control, masked as a whole where any of it is masked in the recording. A field's value is never part of it. */
const labelOf = (control: HTMLElement, ruleOf: Page['_ruleOf']): string =>
  [control, ...control.querySelectorAll('*')].some((part) => isMasking(ruleOf(part)) || /^(select|textarea)$/.test(part.localName))
    ? MASK
    : (control.innerText || control.getAttribute('aria-label') || '').replace(/\s+/g, ' ').trim()

export const trackClicks = ({ _on, _fact, _idOf, _scrub, _ruleOf }: Page): void =>
  _on(window, 'click', (event: MouseEvent) => {
    const target = targetOf(event)
    if (target.nodeType != 1) return
    // Text that is no control is a label only where it is a single piece: a click into the page is not named by the page.
    const control = closest(target, CONTROL) ?? (target.firstElementChild ? null : target)
    const link = closest(target, 'a[href],area[href]')
    _fact(
      [
        OP_CLICK,
        _idOf(target),
        Math.round(event.clientX),
        Math.round(event.clientY),
        control && labelOf(control as HTMLElement, _ruleOf).slice(0, MAX_LABEL_LENGTH),
        link ? _scrub(new URL(link.getAttribute('href')!, document.baseURI).href) : '',
      ].map((field) => field ?? ''),
      0,
    )
  })
