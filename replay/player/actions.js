// What a rep can ask for, by name: the player and its page go in, functions come out. Buttons and keys share them.
import { tabAfter } from './whereabouts.js'

/** @typedef {import('./player.js').Player} Player */
/** @typedef {import('./stage.js').Stage} Stage */
/** @typedef {import('./marks.js').Mark} Mark */

const JUMP_MS = 5_000
/** Going back shortly behind a mark leads to the one before it. */
const NEAR_MS = 1_000

/**
 * @param {Player} player
 * @param {Stage} stage
 * @param {{root: HTMLElement, speed: HTMLSelectElement, actual: HTMLButtonElement, full: HTMLButtonElement}} parts
 * @param {() => Mark[]} marks
 * @param {() => void} help
 * @returns {import('./keys.js').Actions}
 */
export const createActions = (player, stage, parts, marks, help) => {
  const seek = (/** @type {number|undefined} */ t_ms) => t_ms !== undefined && void player.seek(t_ms)
  const step = (/** @type {number} */ count, /** @type {boolean} */ isEvery) => () => void player.stepping.step(count, isEvery)
  const pages = () => marks().filter((mark) => mark.kind === 'page')
  const next = (/** @type {Mark[]} */ all) => seek(all.find((mark) => mark.t_ms > player.tMs)?.t_ms)
  const previous = (/** @type {Mark[]} */ all) =>
    seek(all.findLast((mark) => mark.t_ms < player.tMs - (player.wantsPlay ? NEAR_MS : 0))?.t_ms ?? player.timeline?.startMs)
  return {
    toggle: () => (player.wantsPlay ? player.pause() : player.play()),
    back: () => seek(player.tMs - JUMP_MS),
    on: () => seek(player.tMs + JUMP_MS),
    previousMark: () => previous(marks()),
    nextMark: () => next(marks()),
    previousPage: () => previous(pages()),
    nextPage: () => next(pages()),
    frameBack: step(-1, false),
    frameOn: step(1, false),
    everyFrameBack: step(-1, true),
    everyFrameOn: step(1, true),
    start: () => seek(player.timeline?.startMs),
    end: () => seek(player.timeline?.untilMs),
    faster: () => changeSpeed(parts.speed, player, 1),
    slower: () => changeSpeed(parts.speed, player, -1),
    fold: () => player.setFolding(!player.isFolding),
    actual: () => {
      stage.setActual(!stage.isActual)
      parts.actual.setAttribute('aria-pressed', String(stage.isActual))
    },
    full: () => void toggleFull(parts.root, parts.full),
    nextTab: () => void ((player.timeline?.data.tabs.length ?? 0) > 1 && player.setTab(tabAfter(player))),
    live: () => player.live.catchUp(),
    help,
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
 * The screen, or where a browser does not give it (an iPhone), the window.
 * @param {HTMLElement} root
 * @param {HTMLButtonElement} button
 */
const toggleFull = async (root, button) => {
  const isFull = document.fullscreenElement === root || root.classList.contains('full')
  const show = (/** @type {boolean} */ is) => {
    root.classList.toggle('full', is)
    button.setAttribute('aria-pressed', String(is))
  }
  show(!isFull)
  if (!document.fullscreenEnabled) return
  if (isFull) await document.exitFullscreen().catch(() => {})
  else await root.requestFullscreen().catch(() => {}) // the window then
  document.addEventListener('fullscreenchange', () => show(document.fullscreenElement === root), { once: true })
}
