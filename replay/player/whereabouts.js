// Where the visitor is: the player goes in; the address, the device, the tabs and whether it is live come out.
import { deviceWord } from './words.js'
import { setAttribute, setHidden, setText } from './writes.js'

/** @typedef {import('./player.js').Player} Player */
/** @typedef {{url: HTMLElement, device: HTMLElement, tabs: HTMLElement, live: HTMLButtonElement}} WhereaboutsParts */

/**
 * @param {WhereaboutsParts} parts
 * @param {Player} player
 */
export const updateWhereabouts = (parts, player) => {
  const { timeline, found } = player
  const view = found && timeline ? timeline.pageViewAt(found.document, player.tMs) : null
  updateUrl(parts.url, view?.url ?? (found && timeline?.documents.get(found.document)?.url) ?? '')
  if (parts.url.title !== (view?.title ?? '')) parts.url.title = view?.title ?? ''
  updateDevice(parts.device, player)
  setHidden(parts.live, !player.live.isLive)
  setAttribute(parts.live, 'aria-pressed', String(player.live.isFollowing && player.wantsPlay))
  updateTabs(parts.tabs, player)
}

/**
 * Origin and path apart: where there is little room, the path says more.
 * @param {HTMLElement} element
 * @param {string} url
 */
const updateUrl = (element, url) => {
  const [, origin = '', rest = url] = /^([a-z]+:\/\/[^/?#]*)(.+)$/i.exec(url) ?? []
  const [originPart, restPart] = [...element.children].map((child) => (child instanceof HTMLElement ? child : null))
  if (originPart) setText(originPart, origin)
  if (restPart) setText(restPart, rest)
  element.classList.toggle('none', url === '')
}

/**
 * @param {HTMLElement} device
 * @param {Player} player
 */
const updateDevice = (device, player) => {
  const { viewport } = player.playhead.tree
  setHidden(device, !player.found || !viewport)
  if (device.hidden || !viewport) return
  const context = player.timeline?.deviceOf(player.found?.document ?? 0)
  const kind = deviceWord(context?.['device'])
  setAttribute(device, 'data-device', kind ? String(context?.['device']) : '')
  const size = `${viewport.width_px} × ${viewport.height_px}`
  const zoom = viewport.zoom_percent && viewport.zoom_percent !== 100 ? ` · ${viewport.zoom_percent} %` : ''
  const [, kindPart, sizePart] = [...device.children].map((child) => (child instanceof HTMLElement ? child : null))
  if (kindPart) setText(kindPart, kind)
  if (sizePart) setText(sizePart, size + zoom)
  const screen = context ? `Screen ${context['screen_width']} × ${context['screen_height']}, ${viewport.dpr_percent / 100} px a point` : ''
  if (device.title !== screen) device.title = screen
}

/**
 * @param {HTMLElement} tabs
 * @param {Player} player
 */
const updateTabs = (tabs, player) => {
  const numbers = player.timeline?.data.tabs ?? []
  setHidden(tabs, numbers.length < 2)
  if (tabs.hidden) return
  if (tabs.childElementCount !== numbers.length + 1) {
    tabs.replaceChildren(tabButton('Follow', null, player), ...numbers.map((tab) => tabButton(`Tab ${tab}`, tab, player)))
  }
  for (const button of tabs.children) {
    const tab = button instanceof HTMLElement && button.dataset['tab'] ? Number(button.dataset['tab']) : null
    setAttribute(button, 'aria-pressed', String(tab === player.tab))
    button.classList.toggle('at', tab !== null && tab === player.found?.tab)
  }
}

/**
 * @param {string} words
 * @param {number|null} tab
 * @param {Player} player
 */
const tabButton = (words, tab, player) => {
  const button = document.createElement('button')
  button.type = 'button'
  button.textContent = words
  button.title = tab === null ? 'Show the tab that the visitor looks at' : `Stay in tab ${tab}`
  if (tab !== null) button.dataset['tab'] = String(tab)
  button.addEventListener('click', () => void player.setTab(tab))
  return button
}

/**
 * The tab behind the one that is followed: the visitor's own choice, then each tab.
 * @param {Player} player
 * @returns {number|null}
 */
export const tabAfter = (player) => {
  const choices = [null, ...(player.timeline?.data.tabs ?? [])]
  return choices[(choices.indexOf(player.tab) + 1) % choices.length] ?? null
}
