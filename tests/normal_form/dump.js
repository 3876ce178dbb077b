// A document goes in (live or the player's), out comes all that the normal form may look at, as JSON; nothing is judged here.
// The other reader of this shape is tests/normal_form/raw.py.
;(root) => {
  // A form's fields shadow its properties by their names (`<input name="attributes">`); getters of the prototypes can't be shadowed.
  const read = (node, name) => {
    for (let at = Object.getPrototypeOf(node); at; at = Object.getPrototypeOf(at)) {
      const getter = Object.getOwnPropertyDescriptor(at, name)?.get
      if (getter) return getter.call(node)
    }
    return undefined
  }

  const attributesOf = (element) =>
    [...read(element, 'attributes')].map(({ namespaceURI, name, value }) => [namespaceURI, name, value])

  const stateOf = (element) => {
    const name = read(element, 'localName')
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
    const name = read(element, 'localName')
    if (name !== 'iframe' && name !== 'frame') return null
    try {
      return read(element, 'contentDocument')
    } catch {
      return null
    }
  }

  const dumpElement = (element) => {
    const content = contentOf(element)
    const shadow = read(element, 'shadowRoot')
    const namespace = read(element, 'namespaceURI')
    const isHtml = namespace === 'http://www.w3.org/1999/xhtml'
    // The scrolling element repeats the offset of its window.
    const isWindow = element === read(read(element, 'ownerDocument'), 'scrollingElement')
    return {
      kind: 'element',
      namespace,
      name: read(element, isHtml ? 'localName' : 'tagName'),
      attributes: attributesOf(element),
      state: isHtml ? stateOf(element) : null,
      scroll: isWindow ? [0, 0] : [read(element, 'scrollLeft'), read(element, 'scrollTop')],
      shadow: shadow ? { kind: 'shadow', children: dumpChildren(shadow) } : null,
      content: content ? dumpDocument(content, 'content') : null,
      children: dumpChildren(element),
    }
  }

  const dumpChildren = (parent) =>
    [...read(parent, 'childNodes')].map((node) => {
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
