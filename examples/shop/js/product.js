// One ware: pictures, size, engraving, how many, into the bag.
import { addToBag } from './bag.js'
import { euros, make, wareBySku } from './wares.js'

const ware = wareBySku(new URLSearchParams(location.search).get('sku')) ?? wareBySku('mug')
const byId = (id) => document.getElementById(id)
const EXTRA = { S: -4, M: 0, L: 6 }

document.title = `Kiln & Grain: ${ware.name}`
byId('crumb').textContent = ware.name
byId('name').textContent = ware.name
byId('text').textContent = ware.text
byId('price').textContent = euros(ware.price)

const pictures = [
  [`/images/${ware.sku}.webp`, ware.name],
  [`/images/${ware.sku}-lines.svg`, `${ware.name}, drawn`],
  ['/images/clay.webp', 'The clay, close'],
]
const picture = byId('picture')
const thumbs = pictures.map(([src, alt]) =>
  make('button', { type: 'button', 'aria-label': alt, click: () => choose(src, alt) }, make('img', { src, alt: '', width: 80, height: 80 })),
)
byId('thumbs').append(...thumbs)

function choose(src, alt) {
  picture.src = src
  picture.alt = alt
  thumbs.forEach((thumb, place) => thumb.setAttribute('aria-pressed', String(pictures[place][0] === src)))
}
choose(...pictures[0])

const form = byId('choice')
const quantity = form.elements.quantity
for (const button of form.querySelectorAll('[data-step]'))
  button.addEventListener('click', () => {
    quantity.value = String(Math.min(12, Math.max(1, Number(quantity.value) + Number(button.dataset.step))))
  })
form.addEventListener('change', () => {
  byId('price').textContent = euros(ware.price + EXTRA[form.elements.size.value])
})
form.addEventListener('submit', (event) => {
  event.preventDefault()
  const count = Number(quantity.value)
  addToBag(ware.sku, form.elements.size.value, count)
  window.visitreel('track', 'add_to_cart', { sku: ware.sku, price: ware.price, quantity: count })
  byId('added').replaceChildren(`${count} × ${ware.name}: in your bag. `, make('a', { href: '/cart' }, 'To the bag'))
})

byId('guide').addEventListener('click', () => byId('sizes').showModal())
byId('close').addEventListener('click', () => byId('sizes').close())

const LETTERS = ['Arrived whole.', 'My tea has a home now.', 'A gift for my mother; she drinks from nothing else.', 'Heavier than I thought, and better.', 'The glaze pools at the foot, lovely.']
for (let letter = 0; letter < 37; letter++)
  byId('letters').append(make('p', {}, make('b', {}, `No. ${37 - letter} `), LETTERS[letter % LETTERS.length]))
