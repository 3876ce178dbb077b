// The checkout: every kind of field, a group of boxes with a half state, a password to show, an order that goes nowhere.
const form = document.getElementById('checkout')
const all = document.getElementById('all')
const news = [...form.querySelectorAll('.news')]

function showAll() {
  const on = news.filter((box) => box.checked).length
  all.checked = on === news.length
  all.indeterminate = on > 0 && on < news.length
}

all.addEventListener('change', () => {
  for (const box of news) box.checked = all.checked
  showAll()
})
for (const box of news) box.addEventListener('change', showAll)

form.elements.straw.addEventListener('input', () => {
  document.getElementById('straw-shown').value = form.elements.straw.value
})

document.getElementById('reveal').addEventListener('change', (event) => {
  form.elements.password.type = event.target.checked ? 'text' : 'password'
})

form.addEventListener('reset', () => {
  // The fields have their first values only after this event.
  setTimeout(showAll)
})

form.addEventListener('submit', (event) => {
  event.preventDefault()
  const { name, email, country } = form.elements
  window.visitreel('identify', email.value, { name: name.value, country: country.value })
  window.visitreel('track', 'order', { number: 'KG-1042' })
  document.getElementById('order').textContent = 'KG-1042'
  document.getElementById('thanks').hidden = false
  document.querySelector('.steps [aria-current]').removeAttribute('aria-current')
  document.querySelector('.steps li:last-child').setAttribute('aria-current', 'step')
  form.hidden = true
  sessionStorage.removeItem('kiln-bag')
})
