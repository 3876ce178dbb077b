// Buttons and what they say: the player's state goes in, what the rep asks for comes out.
import { failureOf, noticeOf } from './notice.js'
import { clock } from './words.js'
import { setAttribute, setHidden, setText } from './writes.js'

/** @typedef {import('./player.js').Player} Player */
/** @typedef {import('./keys.js').Actions} Actions */

/**
 * @typedef {object} ControlParts
 * @property {HTMLElement} root
 * @property {HTMLElement} stage
 * @property {HTMLButtonElement} play
 * @property {HTMLButtonElement} back
 * @property {HTMLButtonElement} forward
 * @property {HTMLButtonElement} live
 * @property {HTMLButtonElement} retry
 * @property {HTMLButtonElement} fold
 * @property {HTMLButtonElement} actual
 * @property {HTMLButtonElement} full
 * @property {HTMLSelectElement} speed
 * @property {HTMLElement} now
 * @property {HTMLElement} total
 * @property {HTMLElement} notice
 * @property {HTMLElement} busy
 * @property {HTMLElement} failure
 * @property {HTMLElement} failureText
 */

const BUSY_AFTER_MS = 300

/**
 * Wires the buttons.
 * @param {ControlParts} parts
 * @param {Player} player
 * @param {Actions} actions
 */
export const wireControls = (parts, player, actions) => {
  const on = (/** @type {HTMLElement} */ element, /** @type {string} */ name) => element.addEventListener('click', () => actions[name]?.())
  on(parts.play, 'toggle')
  on(parts.live, 'live')
  on(parts.fold, 'fold')
  on(parts.actual, 'actual')
  on(parts.full, 'full')
  parts.stage.addEventListener('click', (event) => {
    if (event.target instanceof Element && !event.target.closest('button, .failure')) actions['toggle']?.()
  })
  parts.back.addEventListener('click', (event) => actions[event.shiftKey ? 'everyFrameBack' : 'frameBack']?.())
  parts.forward.addEventListener('click', (event) => actions[event.shiftKey ? 'everyFrameOn' : 'frameOn']?.())
  parts.retry.addEventListener('click', () => void player.retry())
  parts.speed.addEventListener('change', () => player.setSpeed(Number(parts.speed.value)))
}

let busyTimer = 0

/**
 * Brings the controls up to date.
 * @param {ControlParts} parts
 * @param {Player} player
 */
export const updateControls = (parts, player) => {
  const { timeline, state } = player
  setAttribute(parts.root, 'data-state', state)
  setAttribute(parts.root, 'data-t-ms', String(Math.round(player.tMs)))
  parts.root.classList.toggle('plays', player.wantsPlay)
  parts.root.classList.toggle('shown', player.isShown)
  setAttribute(parts.play, 'aria-label', player.wantsPlay ? 'Pause' : 'Play')
  const isIdle = !player.hasReplay || state === 'error'
  for (const button of [parts.play, parts.back, parts.forward]) if (button.disabled !== isIdle) button.disabled = isIdle
  setAttribute(parts.fold, 'aria-pressed', String(player.isFolding))
  setText(parts.now, clock(player.tMs, !player.wantsPlay))
  setText(parts.total, ` / ${clock(timeline?.untilMs ?? 0)}`)
  setHidden(parts.failure, state !== 'error')
  setText(parts.failureText, failureOf(player))
  setText(parts.retry, player.retrying.secondsLeft > 0 ? 'Try again now' : 'Try again')
  const notice = noticeOf(player)
  setHidden(parts.notice, notice === '')
  setText(parts.notice, notice)
  updateBusy(parts.busy, state === 'loading' || player.playing.isWaiting)
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
    setHidden(busy, true)
  } else if (busyTimer === 0) busyTimer = setTimeout(() => (busy.hidden = false), BUSY_AFTER_MS)
}
