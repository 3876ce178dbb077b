// One signal: that it is looked at, and a tap on [data-act], go in; the collector notes them for the one who taps.
const card = document.querySelector('[data-signal]')
const address = card instanceof HTMLElement ? `/signals/${card.dataset['signal']}` : ''

/** @param {Record<string, string>} fields */
const note = (fields) => {
  // `keepalive`: the tap may lead to another page.
  void fetch(address, {
    method: 'POST',
    keepalive: true,
    headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields),
  }).catch(() => undefined)
}

if (card instanceof HTMLElement) {
  if (card.dataset['unseen'] !== undefined) note({ do: 'seen' })
  card.addEventListener('click', (event) => {
    const tapped = event.target instanceof Element ? event.target.closest('[data-act]') : null
    if (tapped instanceof HTMLElement) note({ do: 'act', act: tapped.dataset['act'] ?? '' })
  })
}

export {} // a module: its names are its own
