// Buttons, keys and words around the screen: the player's state goes in, what the rep asks for comes out.
import { clock, span } from './words.js'

/** @typedef {import('./player.js').Player} Player */

/**
 * @typedef {object} ControlParts
 * @property {HTMLElement} root
 * @property {HTMLElement} stage
 * @property {HTMLButtonElement} play
 * @property {HTMLButtonElement} back
 * @property {HTMLButtonElement} forward
 * @property {HTMLButtonElement} live
 * @property {HTMLButtonElement} retry
 * @property {HTMLSelectElement} speed
 * @property {HTMLInputElement} idle
 * @property {HTMLElement} now
 * @property {HTMLElement} total
 * @property {HTMLElement} url
 * @property {HTMLElement} tabs
 * @property {HTMLElement} notice
 * @property {HTMLElement} busy
 * @property {HTMLElement} failure
 * @property {HTMLElement} failureText
 */

const BUSY_AFTER_MS = 300
const AT_LIVE_MS = 8_000

/**
 * Wires the controls. Returns what brings them up to date.
 * @param {ControlParts} parts
 * @param {Player} player
 */
export const createControls = (parts, player) => {
  const toggle = () => (player.wantsPlay ? player.pause() : player.play())
  parts.play.addEventListener('click', toggle)
  parts.stage.addEventListener('click', (event) => {
    if (!(event.target instanceof Element) || event.target.closest('button')) return
    toggle()
  })
  parts.back.addEventListener('click', (event) => void player.step(-1, event.shiftKey))
  parts.forward.addEventListener('click', (event) => void player.step(1, event.shiftKey))
  parts.retry.addEventListener('click', () => void player.retry())
  parts.speed.addEventListener('change', () => player.setSpeed(Number(parts.speed.value)))
  parts.idle.addEventListener('change', () => (player.skipsIdle = parts.idle.checked))
  parts.live.addEventListener('click', () => {
    player.play()
    void player.seek(player.timeline?.untilMs ?? 0)
  })
  document.addEventListener('keydown', (event) => onKey(event, player, parts, toggle))
  return () => update(parts, player)
}

/**
 * @param {KeyboardEvent} event
 * @param {Player} player
 * @param {ControlParts} parts
 * @param {() => void} toggle
 */
const onKey = (event, player, parts, toggle) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
  const target = event.target instanceof Element ? event.target : null
  if (target?.closest('select, textarea, input:not([type=range], [type=checkbox])')) return
  const isButton = target?.closest('button, a, input[type=checkbox]')
  const act = keyAction(event.key, player, parts, toggle)
  if (!act || (isButton && (event.key === ' ' || event.key === 'Enter'))) return
  event.preventDefault()
  act()
}

/**
 * @param {string} key
 * @param {Player} player
 * @param {ControlParts} parts
 * @param {() => void} toggle
 * @returns {(() => void)|null}
 */
const keyAction = (key, player, parts, toggle) => {
  const timeline = player.timeline
  switch (key) {
    case ' ':
    case 'k':
      return toggle
    case ',':
    case '<':
      return () => void player.step(-1, key === '<')
    case '.':
    case '>':
      return () => void player.step(1, key === '>')
    case 'ArrowLeft':
      return () => void player.seek(player.tMs - 5_000)
    case 'ArrowRight':
      return () => void player.seek(player.tMs + 5_000)
    case 'Home':
      return () => void player.seek(timeline?.startMs ?? 0)
    case 'End':
      return () => void player.seek(timeline?.untilMs ?? 0)
    case '+':
    case '-':
      return () => changeSpeed(parts.speed, player, key === '+' ? 1 : -1)
    default:
      return null
  }
}

/**
 * @param {HTMLSelectElement} select
 * @param {Player} player
 * @param {number} change
 */
const changeSpeed = (select, player, change) => {
  select.selectedIndex = Math.min(select.options.length - 1, Math.max(0, select.selectedIndex + change))
  player.setSpeed(Number(select.value))
}

/**
 * @param {HTMLElement} element
 * @param {string} text
 */
const setText = (element, text) => {
  if (element.textContent !== text) element.textContent = text
}

let busyTimer = 0

/**
 * @param {ControlParts} parts
 * @param {Player} player
 */
const update = (parts, player) => {
  const { timeline, state } = player
  parts.root.dataset['state'] = state
  parts.root.dataset['tMs'] = String(Math.round(player.tMs))
  parts.root.classList.toggle('plays', player.wantsPlay)
  parts.root.classList.toggle('shown', player.isShown)
  const word = player.wantsPlay ? 'Pause' : 'Play'
  if (parts.play.getAttribute('aria-label') !== word) parts.play.setAttribute('aria-label', word)
  for (const button of [parts.play, parts.back, parts.forward]) button.disabled = !player.hasReplay || state === 'error'
  setText(parts.now, clock(player.tMs, !player.wantsPlay))
  setText(parts.total, ` / ${clock(timeline?.untilMs ?? 0)}`)
  parts.failure.hidden = state !== 'error'
  setText(parts.failureText, player.error)
  updateBusy(parts.busy, state === 'loading' || player.isWaiting)
  updateAddress(parts, player)
  updateNotice(parts, player)
}

/**
 * The wheel turns only when something takes long: a quick seek does not flicker.
 * @param {HTMLElement} busy
 * @param {boolean} isBusy
 */
const updateBusy = (busy, isBusy) => {
  if (!isBusy) {
    clearTimeout(busyTimer)
    busyTimer = 0
    busy.hidden = true
  } else if (busyTimer === 0) busyTimer = setTimeout(() => (busy.hidden = false), BUSY_AFTER_MS)
}

/**
 * @param {ControlParts} parts
 * @param {Player} player
 */
const updateAddress = (parts, player) => {
  const { timeline, found } = player
  const view = found && timeline ? timeline.pageViewAt(found.document, player.tMs) : null
  const url = view?.url ?? (found && timeline?.documents.get(found.document)?.url) ?? ''
  setText(parts.url, url)
  if (parts.url.title !== (view?.title ?? '')) parts.url.title = view?.title ?? ''
  const isLive = timeline?.data.live ?? false
  parts.live.hidden = !isLive
  const isNow = isLive && (timeline?.untilMs ?? 0) - player.tMs < AT_LIVE_MS && player.wantsPlay
  parts.live.setAttribute('aria-pressed', String(isNow))
  updateTabs(parts.tabs, player)
}

/**
 * @param {HTMLElement} tabs
 * @param {Player} player
 */
const updateTabs = (tabs, player) => {
  const numbers = player.timeline?.data.tabs ?? []
  tabs.hidden = numbers.length < 2
  if (tabs.hidden) return
  if (tabs.childElementCount !== numbers.length + 1) {
    tabs.replaceChildren(tabButton('Follow', null, player), ...numbers.map((tab) => tabButton(`Tab ${tab}`, tab, player)))
  }
  for (const button of tabs.children) {
    const tab = button instanceof HTMLElement && button.dataset['tab'] ? Number(button.dataset['tab']) : null
    button.setAttribute('aria-pressed', String(tab === player.tab))
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
 * @param {ControlParts} parts
 * @param {Player} player
 */
const updateNotice = (parts, player) => {
  const words = player.state === 'error' ? '' : noticeOf(player)
  parts.notice.hidden = words === ''
  setText(parts.notice, words)
}

/**
 * The one thing that a rep should know about what is on the screen.
 * @param {Player} player
 */
const noticeOf = (player) => {
  const { timeline, found, state } = player
  if (!timeline) return ''
  if (!player.hasReplay) return 'Only what happened was recorded on this visit, not how the page looked.'
  if (!found) return state === 'loading' ? '' : 'Nothing can be shown yet: the page was still loading.'
  const gap = timeline.gapAt(found.tab, player.tMs)
  if (gap) return `${span(gap.until_ms - gap.t_ms)} of this visit are missing. The page is shown as it was before.`
  if (found.stale) return 'Part of this visit is missing. The page is shown as it was before.'
  if (timeline.data.live && player.wantsPlay && player.isAtEnd) return 'Live: waiting for the visitor.'
  const { problems, tree } = player.playhead
  const damage = problems.length + tree.damageCount
  if (damage > 0) return `This recording is damaged: ${damage} ${damage === 1 ? 'change' : 'changes'} could not be shown.`
  const missing = player.view.missingSheets()
  return missing > 0 ? `${missing === 1 ? 'A style sheet' : `${missing} style sheets`} of this page could not be recorded.` : ''
}
