// The front page: cards to filter and sort, a strip, a pane, a letter.
import { addToBag } from './bag.js'
import { WARES, euros, make } from './wares.js'

const grid = document.getElementById('grid')
const cards = new Map(WARES.map((ware) => [ware.sku, card(ware)]))

function card(ware) {
  const quick = make('button', { class: 'button quick', type: 'button', disabled: ware.left === 0, click: () => put(ware) }, 'Put in the bag')
  const text = make('div', { class: 'text' }, make('h3', {}, ware.name), make('p', { class: 'quiet' }, euros(ware.price)))
  const link = make('a', { href: `/product?sku=${ware.sku}` }, make('img', { src: `/images/${ware.sku}.webp`, alt: ware.name, width: 480, height: 480 }), text)
  return make('article', { class: 'card', 'data-sku': ware.sku, 'data-sold': ware.left === 0 && 'out' }, link, quick)
}

function put(ware) {
  addToBag(ware.sku, 'M', 1)
  window.visitreel('track', 'add_to_cart', { sku: ware.sku, price: ware.price, quantity: 1 })
}

const ORDERS = {
  shelf: () => 0,
  price: (a, b) => a.price - b.price,
  name: (a, b) => a.name.localeCompare(b.name, 'en'),
}

function show() {
  const kind = document.querySelector('[name=kind]:checked').value
  const inStock = document.querySelector('[name=stock]').checked
  const chosen = WARES.filter((ware) => (kind === 'all' || ware.kind === kind) && (!inStock || ware.left > 0))
  chosen.sort(ORDERS[document.getElementById('sort').value])
  // Cards that stay are moved, not made anew.
  chosen.forEach((ware, place) => {
    const wanted = cards.get(ware.sku)
    if (grid.children[place] !== wanted) grid.insertBefore(wanted, grid.children[place] ?? null)
  })
  while (grid.children.length > chosen.length) grid.lastElementChild.remove()
  document.getElementById('count').textContent = `${chosen.length} of ${WARES.length} wares`
}

for (const input of document.querySelectorAll('.chips input, #sort')) input.addEventListener('change', show)
show()

for (const ware of [...WARES].reverse())
  document.getElementById('strip').append(
    make('figure', {}, make('img', { src: `/images/${ware.sku}-lines.svg`, alt: '', width: 176, height: 176 }), make('figcaption', {}, `${ware.name}, drawn before it is thrown`)),
  )

const firings = document.getElementById('firings')
for (let week = 1; week <= 24; week++)
  firings.append(make('p', {}, make('b', {}, `Week ${week}: `), `${WARES[week % 12].name.toLowerCase()}s, cone ${4 + (week % 5)}, `, make('i', {}, week % 3 ? 'electric' : 'wood')))

document.getElementById('letter').addEventListener('submit', (event) => {
  event.preventDefault()
  event.target.querySelector('[role=status]').textContent = 'Thank you. The first one comes in spring.'
  event.target.reset()
})
