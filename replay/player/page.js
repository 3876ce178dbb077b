// The page of the player: the section in the document goes in, a running player comes out. All that it asks for lies under one path, which the
// page names in `data-base`: `timeline`, `segments/N`, `contents/HASH`, `assets/HASH`, `shell`.
import { createControls } from './controls.js'
import { Events } from './events.js'
import { dumpTree } from './dump.js'
import { dumpView, hashOf } from './normal.js'
import { Player } from './player.js'
import { Stage } from './stage.js'
import { Track } from './track.js'
import { View } from './view.js'

/**
 * @template {HTMLElement} T
 * @param {HTMLElement} root
 * @param {string} name
 * @param {new () => T} type
 * @returns {T}
 */
const part = (root, name, type) => {
  const found = root.querySelector(`[data-part="${name}"]`)
  if (!(found instanceof type)) throw new Error(`the page has no part ${name}`)
  return found
}

/** The moment asked for in the address, in ms; null: none. */
const askedMs = () => {
  const text = new URLSearchParams(location.search).get('t')
  const seconds = text === null || text.trim() === '' ? NaN : Number(text)
  return Number.isFinite(seconds) ? Math.round(seconds * 1000) : null
}

const root = document.getElementById('player')
const frame = document.getElementById('frame')
if (!root || !(frame instanceof HTMLIFrameElement)) throw new Error('the page has no player')

const base = root.dataset['base'] ?? ''
const asked_ms = askedMs()
const isUnscaled = new URLSearchParams(location.search).get('scale') === '1'
document.documentElement.classList.toggle('unscaled', isUnscaled)

const view = new View(frame, { shell: `${base}/shell`, asset: (hash) => `${base}/assets/${hash}` })
const get = (/** @type {string} */ name) => part(root, name, HTMLElement)
const stage = new Stage({ stage: get('stage'), screen: get('screen'), frame, overlay: get('overlay') }, isUnscaled)

/** @type {import('./timeline.js').Timeline|null} */
let shownTimeline = null
let updateControls = () => {}

const player = new Player(
  view,
  {
    // The collector's audit says where a visit was opened.
    timeline: `${base}/timeline${asked_ms === null ? '' : `?t_ms=${asked_ms}`}`,
    segment: (number) => `${base}/segments/${number}`,
    content: (hash) => `${base}/contents/${hash}`,
  },
  () => changed(),
)
const seek = (/** @type {number} */ t_ms) => void player.seek(t_ms)
const track = new Track({ track: get('track'), marks: get('marks'), scrub: part(root, 'scrub', HTMLInputElement), tip: get('tip') }, seek)
const events = new Events(get('events'), seek)

const changed = () => {
  const { timeline, found } = player
  if (timeline && timeline !== shownTimeline) {
    shownTimeline = timeline
    track.setTimeline(timeline)
    events.setTimeline(timeline)
  }
  track.setNow(player.tMs)
  events.setNow(player.tMs)
  if (found) stage.draw(view.tree, player.pointerNow())
  else stage.hide()
  updateControls()
}

view.onDevice = (tree) => stage.setSize(tree.viewport)
updateControls = createControls(
  {
    root,
    stage: get('stage'),
    play: part(root, 'play', HTMLButtonElement),
    back: part(root, 'back', HTMLButtonElement),
    forward: part(root, 'forward', HTMLButtonElement),
    live: part(root, 'live', HTMLButtonElement),
    retry: part(root, 'retry', HTMLButtonElement),
    speed: part(root, 'speed', HTMLSelectElement),
    idle: part(root, 'idle', HTMLInputElement),
    now: get('now'),
    total: get('total'),
    url: get('url'),
    tabs: get('tabs'),
    notice: get('notice'),
    busy: get('busy'),
    failure: get('failure'),
    failureText: get('failure-text'),
  },
  player,
)

// For tests and tools: reading and seeking only.
Object.defineProperty(window, 'visitreelPlayer', {
  value: Object.freeze({
    seek: (/** @type {number} */ t_ms) => player.seek(t_ms),
    step: (/** @type {number} */ count, /** @type {boolean} */ isEvery) => player.step(count, isEvery),
    frameTimes: (/** @type {boolean} */ isEvery) => player.frameTimes(isEvery),
    dump: () => dumpView(view),
    hash: () => hashOf(dumpView(view)),
    state: () => dumpTree(view.tree),
    problems: () => ({ skipped: [...view.failed], damage: [...player.playhead.problems, ...view.tree.damage] }),
  }),
})

void player.open(asked_ms)
