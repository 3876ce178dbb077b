// Clicks go in, click facts come out: where, on which control, and where its link leads.
import { listen, shorten, targetOf, type Stop, type TrackerDeps } from '../facts'
import { isMaskedText, MASK } from '../mask'
import { OP_CLICK } from '../ops'

const CONTROL = 'a,button,summary,label,input,select,textarea,[role=button],[role=link],[role=tab],[role^=menuitem],[role=option]'
const LINK = 'a[href],area[href]'
const MAX_LABEL_LENGTH = 80

// Off the prototype: a form's field named "closest" hides the method.
const closest = (element: Element, selector: string): Element | null => Element.prototype.closest.call(element, selector)

/** The text of a control, masked where it is masked in the recording. A field's value is never part of it. */
const labelOf = (control: Element): string => {
  let label = ''
  const texts = document.createTreeWalker(control, NodeFilter.SHOW_TEXT)
  while (label.length < MAX_LABEL_LENGTH && texts.nextNode()) {
    const text = texts.currentNode as Text
    const parent = text.parentElement!
    if (/^(script|style|option|textarea)$/.test(parent.localName) || !text.data.trim()) continue
    label += isMaskedText(parent) ? MASK : text.data
    label += ' '
  }
  label ||= isMaskedText(control) ? '' : (control.getAttribute('aria-label') ?? '')
  return shorten(label.replace(/\s+/g, ' ').trim(), MAX_LABEL_LENGTH)
}

export const trackClicks = ({ _sink, _scrub, _guard, _idOf }: TrackerDeps): Stop =>
  listen<MouseEvent>(
    window,
    'click',
    _guard((event) => {
      const target = targetOf(event)
      if (!target) return
      // Text that is no control is a label only where it is a single piece: a click into the page is not named by the page.
      const control = closest(target, CONTROL) ?? (target.firstElementChild ? null : target)
      const href = (closest(target, LINK) as HTMLAnchorElement | null)?.href as unknown
      _sink._fact(
        [
          OP_CLICK,
          _idOf(target),
          Math.round(event.clientX),
          Math.round(event.clientY),
          control ? labelOf(control) : '',
          // A link in SVG has an object there.
          href ? shorten(_scrub(String((href as Partial<SVGAnimatedString>).baseVal ?? href)), 2_000) : '',
        ],
        true,
      )
    }),
  )
