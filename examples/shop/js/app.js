// The studio planner: routes in the client, rules put into an empty style element as CSS-in-JS libraries do.
import { WARES, make } from './wares.js'

const style = document.head.appendChild(document.createElement('style'))
style.setAttribute('data-css', '')
const made = new Map()

/** The class of these declarations; `&` stands for it in further rules. */
function css(declarations, ...rules) {
  const key = [declarations, ...rules].join('|')
  if (!made.has(key)) {
    const name = `kg-${made.size.toString(36)}`
    made.set(key, name)
    style.sheet.insertRule(`.${name} { ${declarations} }`, style.sheet.cssRules.length)
    for (const rule of rules) style.sheet.insertRule(rule.replaceAll('&', `.${name}`), style.sheet.cssRules.length)
  }
  return made.get(key)
}

const planned = new CSSStyleSheet()
planned.replaceSync('.planned { outline: 2px solid #c1724a; outline-offset: -2px; }')
document.adoptedStyleSheets = [planned]

const view = document.getElementById('view')
const GLAZES = ['Celadon', 'Tenmoku', 'Shino', 'Ash', 'Oribe', 'Chün', 'Slate', 'Oat', 'Rust', 'Iron blue', 'Salt', 'Moss']

const tile = () => css('background: #fff; border: 1px solid #ded5c6; border-radius: 12px; padding: 1rem 1.3rem;', '&:hover { border-color: #c1724a }', '@media (min-width: 60rem) { & { min-height: 7rem } }')

function overview() {
  const tiles = css('display: grid; grid-template-columns: repeat(3, 1fr); gap: 1rem; margin-top: 1.5rem;')
  return [
    make('h1', {}, 'This week'),
    make('div', { class: tiles }, ...['Wedge', 'Throw', 'Trim', 'Glaze', 'Fire', 'Pack'].map((task, place) => make('div', { class: tile() }, make('h3', {}, task), make('p', {}, `${(place * 7) % 11} pots`)))),
  ]
}

function glazes() {
  const list = make('ul', { class: css('list-style: none; padding: 0; display: grid; gap: 0.5rem;') })
  let names = [...GLAZES]
  const items = new Map(names.map((name) => [name, make('li', { class: tile() }, make('a', { href: `/app/glazes/${encodeURIComponent(name.toLowerCase())}`, 'data-route': true }, name))]))
  const show = () => {
    names.forEach((name, place) => {
      if (list.children[place] !== items.get(name)) list.insertBefore(items.get(name), list.children[place] ?? null)
    })
    while (list.children.length > names.length) list.lastElementChild.remove()
  }
  const filter = make('input', { type: 'search', placeholder: 'Find a glaze', 'aria-label': 'Find a glaze', input: () => {
    names = GLAZES.filter((name) => name.toLowerCase().includes(filter.value.toLowerCase()))
    show()
  } })
  const turn = make('button', { type: 'button', class: 'button plain', id: 'turn', click: () => {
    names.reverse()
    show()
  } }, 'Turn round')
  show()
  return [make('h1', {}, 'Glazes'), make('p', { class: 'row' }, filter, turn), list]
}

function glaze(name) {
  const hue = [...name].reduce((sum, letter) => sum + letter.charCodeAt(0) * 7, 0) % 360
  return [
    make('h1', {}, name[0].toUpperCase() + name.slice(1)),
    make('div', { class: css(`height: 12rem; border-radius: 14px; background: linear-gradient(140deg, hsl(${hue} 35% 62%), hsl(${hue} 40% 30%));`) }),
    make('p', {}, make('a', { href: '/app/glazes', 'data-route': true }, 'All glazes')),
  ]
}

function schedule() {
  const cell = css('border: 1px solid #ded5c6; padding: 0.4rem 0.6rem; cursor: pointer;', '&:hover { background: #f4ede1 }')
  const rows = WARES.slice(0, 6).map((ware) =>
    make('tr', {}, make('th', {}, ware.name), ...['Mon', 'Tue', 'Wed', 'Thu', 'Fri'].map((day) => make('td', { class: cell, title: `${ware.name} on ${day}`, click: (event) => event.currentTarget.classList.toggle('planned') }, day))),
  )
  const louder = make('button', { type: 'button', class: 'button plain', id: 'louder', click: () => {
    planned.replaceSync('.planned { background: #c1724a; color: #fff; }')
    style.sheet.cssRules[0].style.setProperty('letter-spacing', '0.02em')
  } }, 'Show it louder')
  return [make('h1', {}, 'Kiln'), make('table', {}, make('tbody', {}, ...rows)), louder]
}

function show() {
  const [, , place, name] = location.pathname.split('/')
  const parts = name ? glaze(decodeURIComponent(name)) : place === 'glazes' ? glazes() : place === 'schedule' ? schedule() : overview()
  view.replaceChildren(...parts)
  document.title = `Kiln & Grain: ${parts[0].textContent}`
  for (const link of document.querySelectorAll('#tabs a')) link.classList.toggle(css('box-shadow: inset 0 -3px 0 #c1724a;'), link.pathname === location.pathname)
}

document.addEventListener('click', (event) => {
  const link = event.target.closest('a[data-route]')
  if (!link || event.metaKey || event.ctrlKey) return
  event.preventDefault()
  history.pushState(null, '', link.href)
  show()
})
addEventListener('popstate', show)
show()
