// A document goes in (live or the player's), out comes all that the normal form may look at, as JSON; nothing is judged here.
// The other reader of this shape is tests/normal_form/raw.py.
;(root) => {
  const attributesOf = (element) =>
    [...element.attributes].map(({ namespaceURI, name, value }) => [namespaceURI, name, value])

  // Forms may shadow their own properties by field names (`<input name="attributes">`): the prototypes can't be shadowed.
  const read = (element, name) => {
    for (let at = Object.getPrototypeOf(element); at; at = Object.getPrototypeOf(at)) {
      const getter = Object.getOwnPropertyDescriptor(at, name)?.get
      if (getter) return getter.call(element)
    }
    return undefined
  }

  const stateOf = (element) => {
    const name = element.localName
    if (name === 'input')
      return {
        value: read(element, 'value'),
        checked: Number(read(element, 'checked')) + 2 * Number(read(element, 'indeterminate')),
      }
    if (name === 'textarea') return { value: read(element, 'value') }
    if (name === 'select') {
      const chosen = []
      const options = [...read(element, 'options')]
      options.forEach((option, place) => {
        if (option.selected) chosen.push(place)
      })
      return { selected: chosen }
    }
    return null
  }

  const contentOf = (element) => {
    if (element.localName !== 'iframe' && element.localName !== 'frame') return null
    try {
      return element.contentDocument
    } catch {
      return null
    }
  }

  const dumpElement = (element) => {
    const content = contentOf(element)
    const shadow = element.shadowRoot
    return {
      kind: 'element',
      namespace: element.namespaceURI,
      name: element.namespaceURI === 'http://www.w3.org/1999/xhtml' ? element.localName : element.tagName,
      attributes: attributesOf(element),
      state: element.namespaceURI === 'http://www.w3.org/1999/xhtml' ? stateOf(element) : null,
      // The scrolling element repeats the offset of its window.
      scroll: element === element.ownerDocument.scrollingElement ? [0, 0] : [element.scrollLeft, element.scrollTop],
      shadow: shadow ? { kind: 'shadow', children: dumpChildren(shadow) } : null,
      content: content ? dumpDocument(content, 'content') : null,
      children: dumpChildren(element),
    }
  }

  const dumpChildren = (parent) =>
    [...parent.childNodes].map((node) => {
      if (node.nodeType === 1) return dumpElement(node)
      if (node.nodeType === 3 || node.nodeType === 4) return { kind: 'text', data: node.nodeValue }
      return { kind: 'other', type: node.nodeType }
    })

  const dumpDocument = (document, kind) => ({
    kind,
    mode: document.compatMode === 'BackCompat' ? 2 : 0,
    scroll: document.defaultView ? [document.defaultView.scrollX, document.defaultView.scrollY] : [0, 0],
    children: dumpChildren(document),
  })

  return dumpDocument(root ?? document, 'document')
}
