// The bag: rows of { sku, size, quantity }, kept in this tab.
const KEY = 'kiln-bag'

export function readBag() {
  return JSON.parse(sessionStorage.getItem(KEY) ?? '[]')
}

export function writeBag(rows) {
  sessionStorage.setItem(KEY, JSON.stringify(rows))
  showCount()
}

export function addToBag(sku, size, quantity) {
  const rows = readBag()
  const same = rows.find((row) => row.sku === sku && row.size === size)
  if (same) same.quantity += quantity
  else rows.push({ sku, size, quantity })
  writeBag(rows)
}

export function showCount() {
  const count = readBag().reduce((sum, row) => sum + row.quantity, 0)
  document.getElementById('bag-count').value = String(count)
}
