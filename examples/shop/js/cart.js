// The bag's rows: more, fewer, up, down, out, back.
import { readBag, writeBag } from './bag.js'
import { euros, make, wareBySku } from './wares.js'

const byId = (id) => document.getElementById(id)
const body = byId('rows')
const elements = new Map()
const taken = []
let rows = readBag()

const keyOf = (row) => `${row.sku}/${row.size}`
const amountOf = (row) => wareBySku(row.sku).price * row.quantity

function icon(label, sign, onClick) {
  return make('button', { class: 'icon', type: 'button', 'aria-label': label, click: onClick }, sign)
}

function rowElement(row) {
  const ware = wareBySku(row.sku)
  const quantity = make('input', { type: 'number', min: 1, max: 99, value: row.quantity, 'aria-label': 'How many', 'data-visitreel': 'unmask', size: 3 })
  quantity.addEventListener('change', () => change(row, Number(quantity.value) || 1))
  return make(
    'tr',
    { 'data-key': keyOf(row) },
    make('td', {}, make('img', { src: `/images/${row.sku}.webp`, alt: '', width: 68, height: 68 })),
    make('td', {}, make('b', {}, ware.name), ' ', make('span', { class: 'quiet' }, `size ${row.size}`)),
    make('td', {}, icon('Fewer', '−', () => change(row, row.quantity - 1)), quantity, icon('More', '+', () => change(row, row.quantity + 1))),
    make('td', { class: 'amount' }, euros(amountOf(row))),
    make('td', {}, icon('Up', '↑', () => shift(row, -1)), icon('Down', '↓', () => shift(row, 1)), icon('Take out', '×', () => takeOut(row))),
  )
}

function change(row, quantity) {
  row.quantity = Math.max(1, quantity)
  const element = elements.get(keyOf(row))
  element.querySelector('input').value = String(row.quantity)
  element.querySelector('.amount').textContent = euros(amountOf(row))
  show()
}

function shift(row, by) {
  const from = rows.indexOf(row)
  const to = Math.min(rows.length - 1, Math.max(0, from + by))
  rows.splice(to, 0, ...rows.splice(from, 1))
  show()
}

function takeOut(row) {
  rows = rows.filter((other) => other !== row)
  taken.push(row)
  show()
}

function show() {
  rows.forEach((row, place) => {
    const key = keyOf(row)
    if (!elements.has(key)) elements.set(key, rowElement(row))
    const element = elements.get(key)
    if (body.children[place] !== element) body.insertBefore(element, body.children[place] ?? null)
  })
  while (body.children.length > rows.length) body.lastElementChild.remove()
  const wares = rows.reduce((sum, row) => sum + amountOf(row), 0)
  const postage = wares === 0 || wares > 100 ? 0 : 6
  byId('wares-sum').textContent = euros(wares)
  byId('postage').textContent = euros(postage)
  byId('sum').textContent = euros(wares + postage)
  byId('empty').hidden = rows.length > 0
  byId('undo').disabled = taken.length === 0
  writeBag(rows)
}

byId('undo').addEventListener('click', () => {
  rows.push(taken.pop())
  show()
})
byId('sort-rows').addEventListener('click', () => {
  rows.sort((a, b) => amountOf(b) - amountOf(a))
  show()
})
byId('gift').addEventListener('change', (event) => {
  byId('gift-note').hidden = !event.target.checked
})

show()
