// The page of the player: the section in the document goes in, a running player comes out. All that it asks for lies under one path, which the
// page names in `data-base`: `segments/N`, `contents/HASH`, `assets/HASH`, `shell`, and the timeline, in `data-timeline`. What the moment of a link
// takes of it is in `data-opening`, and is fetched while all this still loads.
import { createActions } from './actions.js'
import { boxOf } from './boxes.js'
import { changeWords, changesOf } from './changes.js'
import { updateControls, wireControls } from './controls.js'
import { dumpTree } from './dump.js'
import { Events } from './events.js'
import { createHelp } from './help.js'
import { listenToKeys } from './keys.js'
import { chaptersOf, marksOf } from './marks.js'
import { dumpView, hashOf } from './normal.js'
import { Outlines } from './outlines.js'
import { Player } from './player.js'
import { Stage } from './stage.js'
import { Track } from './track.js'
import { Trail } from './trail.js'
import { View } from './view.js'
import { updateWhereabouts } from './whereabouts.js'
import { setHidden, setText } from './writes.js'

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

const root = document.getElementById('player')
const frame = document.getElementById('frame')
if (!root || !(frame instanceof HTMLIFrameElement)) throw new Error('the page has no player')

const get = (/** @type {string} */ name) => part(root, name, HTMLElement)
const button = (/** @type {string} */ name) => part(root, name, HTMLButtonElement)
const base = root.dataset['base'] ?? ''
const isUnscaled = new URLSearchParams(location.search).get('scale') === '1'
document.documentElement.classList.toggle('unscaled', isUnscaled)

const view = new View(frame, { shell: `${base}/shell`, asset: (hash) => `${base}/assets/${hash}` })
const player = new Player(
  view,
  {
    timeline: root.dataset['timeline'] ?? '',
    segment: (number) => `${base}/segments/${number}`,
    content: (hash) => `${base}/contents/${hash}`,
    live: (cursor) => `${base}/live?after=${cursor}`,
  },
  () => changed(),
)
const seek = (/** @type {number} */ t_ms) => void player.seek(t_ms)
const stage = new Stage({ stage: get('stage'), screen: get('screen'), frame, overlay: get('overlay') }, isUnscaled)
const outlines = new Outlines(get('overlay'))
const trail = new Trail(player.playhead)
const track = new Track({ track: get('track'), marks: get('marks'), scrub: part(root, 'scrub', HTMLInputElement), tip: get('tip') }, seek)
const events = new Events(get('events'), seek)
const help = createHelp({
  dialog: part(root, 'help', HTMLDialogElement),
  keys: get('keys'),
  legend: get('legend'),
  open: button('help-open'),
  close: button('help-close'),
})
const parts = {
  root,
  stage: get('stage'),
  play: button('play'),
  back: button('back'),
  forward: button('forward'),
  live: button('live'),
  retry: button('retry'),
  fold: button('fold'),
  actual: button('actual'),
  full: button('full'),
  speed: part(root, 'speed', HTMLSelectElement),
  now: get('now'),
  total: get('total'),
  url: get('url'),
  device: get('device'),
  tabs: get('tabs'),
  notice: get('notice'),
  changes: get('changes'),
  busy: get('busy'),
  failure: get('failure'),
  failureText: get('failure-text'),
}
const actions = createActions(player, stage, parts, () => track.marks, help)
wireControls(parts, player, actions)
listenToKeys(actions)

/** The moment asked for in the address, in ms; null: none. */
const asked_ms = () => {
  const seconds = new URLSearchParams(location.search).get('t') ?? ''
  return seconds.trim() !== '' && Number.isFinite(Number(seconds)) ? Math.round(Number(seconds) * 1000) : null
}

/** @type {import('./timeline.js').Timeline|null} */
let shownTimeline = null
/** @type {import('./timeline.js').Timeline|null} */
let listedTimeline = null
/** @type {unknown} */
let shownFolds = null
/** @type {unknown} */
let shownChanges = null

const showTimeline = () => {
  const { timeline, folds } = player
  if (!timeline || player.isPart || (timeline === shownTimeline && folds === shownFolds)) return
  const marks = timeline === shownTimeline ? track.marks : marksOf(timeline)
  track.setTimeline(timeline, marks, folds)
  shownTimeline = timeline
  shownFolds = folds
}

/** The list may be long: it waits until the first frame is painted. */
const listTimeline = () => {
  const { timeline } = player
  if (!timeline || player.isPart || timeline === listedTimeline || (player.state === 'loading' && !listedTimeline)) return
  const fill = () => {
    events.setChapters(chaptersOf(timeline, track.marks))
    events.setNow(player.tMs, player.state !== 'loading')
  }
  if (listedTimeline) fill()
  else requestAnimationFrame(() => setTimeout(fill))
  listedTimeline = timeline
}

/** What the last step changed. */
const showChanges = () => {
  const ops = player.stepping.changes
  if (ops === shownChanges) return
  shownChanges = ops
  const changes = ops ? changesOf(ops, view.tree) : []
  const words = changeWords(changes)
  setHidden(parts.changes, words === '')
  setText(parts.changes, words)
  if (ops && !isUnscaled) outlines.show(changes, (node) => boxOf(view, node), stage)
  else outlines.clear()
}

const drawOverlay = () => {
  if (!player.found) stage.overlay.hide()
  else stage.overlay.draw(view.tree, player.wantsPlay ? trail.pointerAt(player.tMs) : null, trail.recent(player.tMs))
}

const changed = () => {
  showTimeline()
  listTimeline()
  if (shownTimeline) track.setNow(player.tMs)
  events.setNow(player.tMs, player.state !== 'loading')
  drawOverlay()
  showChanges()
  updateWhereabouts(parts, player)
  updateControls(parts, player)
}

stage.onScale = () => {
  outlines.clear()
  drawOverlay()
}
view.onDevice = (tree) => stage.setSize(tree.viewport)

// For tests and tools: reading and seeking only. `seek` and `step` resolve when the frame is complete.
Object.defineProperty(window, 'visitreelPlayer', {
  value: Object.freeze({
    seek: (/** @type {number} */ t_ms) => player.seek(t_ms),
    step: (/** @type {number} */ count, /** @type {boolean} */ isEvery) => player.stepping.step(count, isEvery),
    frameTimes: (/** @type {boolean} */ isEvery) => player.stepping.frameTimes(isEvery),
    dump: () => dumpView(view),
    hash: () => hashOf(dumpView(view)),
    now: () => player.tMs,
    state: () => dumpTree(view.tree),
    problems: () => ({ skipped: [...view.failed], damage: [...player.playhead.problems, ...view.tree.damage] }),
    held: () => ({ bytes: player.segments.bytes, segments: player.segments.read.size }),
  }),
})

/** What the page itself says of the timeline. @returns {import('./timeline.js').TimelineData|null} */
const opening = () => JSON.parse(root.dataset['opening'] ?? 'null')

player.live.isAsked = new URLSearchParams(location.search).get('live') === '1'
void player.open(asked_ms(), opening())
