// Parts of a page that are asked for again: [data-fresh="URL"] goes in, and holds what the server says now, every
// [data-every-ms]. Nothing is asked while nobody looks, and less often while the server can't be reached.
import { localTimes } from './times.js'

const LONGEST_MS = 60_000

/** @param {HTMLElement} part */
const keepFresh = (part) => {
  const every = Number(part.dataset['everyMs'] ?? 10_000)
  let wait = every
  let shown = ''
  /** @type {number|undefined} */
  let timer

  const ask = async () => {
    timer = undefined
    try {
      const answer = await fetch(part.dataset['fresh'] ?? '', { headers: { accept: 'text/html' } })
      // Whoever is signed out meanwhile gets another page: that is for the next click.
      if (answer.ok && !answer.redirected) {
        const html = await answer.text()
        if (html !== shown && !part.contains(document.activeElement)) {
          shown = html
          // Our own template, escaped by it; a policy keeps scripts out.
          part.innerHTML = html
          localTimes(part)
        }
      }
      wait = every
    } catch {
      wait = Math.min(wait * 2, LONGEST_MS)
    }
    later()
  }
  const later = () => {
    if (timer === undefined && !document.hidden) timer = setTimeout(ask, wait)
  }

  document.addEventListener('visibilitychange', () => {
    clearTimeout(timer)
    timer = undefined
    if (!document.hidden) void ask()
  })
  later()
}

for (const part of document.querySelectorAll('[data-fresh]')) {
  if (part instanceof HTMLElement) keepFresh(part)
}
