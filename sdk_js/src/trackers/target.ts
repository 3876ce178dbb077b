// An event goes in, the element that it is about comes out.

/** The element that an event happened on, within open shadow trees too. */
export const elementOf = (event: Event): Element | null => {
  const target = event.composedPath()[0] as Node | undefined
  return target?.nodeType == 1 ? (target as Element) : null
}
