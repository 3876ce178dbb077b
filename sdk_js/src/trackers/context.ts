// What is known of the visitor's device goes in, the one context fact of a document load comes out.
import { OP_CONTEXT } from '../ops'
import type { Page } from '../page'

/** CSS px of the shorter side; foldables and small tablets begin here. */
const TABLET_MIN_PX = 600

export const sendContext = ({ _fact }: Page): void => {
  const { width, height } = screen
  const device = !matchMedia('(pointer:coarse)').matches ? 'desktop' : Math.min(width, height) < TABLET_MIN_PX ? 'phone' : 'tablet'
  _fact([OP_CONTEXT, navigator.language, Intl.DateTimeFormat().resolvedOptions().timeZone, device, width, height], 0)
}
