// Parts of a page that change by themselves: [data-fresh="URL"] goes in, and holds what the server says now, whenever the stream
// [data-stream="URL"] tells that it is something else.
import { listen } from './stream.js'
import { localTimes } from './times.js'

/** @param {HTMLElement} part */
const keepFresh = (part) => {
  const ask = async () => {
    const answer = await fetch(part.dataset['fresh'] ?? '', { headers: { accept: 'text/html' } }).catch(() => null)
    // Whoever is signed out meanwhile gets another page: that is for the next click.
    if (!answer?.ok || answer.redirected) return
    const html = await answer.text().catch(() => null)
    if (html === null || part.contains(document.activeElement)) return
    // Our own template, escaped by it; a policy keeps scripts out.
    part.innerHTML = html
    localTimes(part)
  }
  listen(part.dataset['stream'] ?? '', { change: () => void ask() })
}

for (const part of document.querySelectorAll('[data-fresh]')) {
  if (part instanceof HTMLElement) keepFresh(part)
}
