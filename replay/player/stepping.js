// Going frame by frame: how many frames go in, the replay stands there, and what changed in that frame comes out.

import { Steps } from './steps.js'

/** @typedef {import('./player.js').Player} Player */
/** @typedef {import('./wire.js').Op} Op */

export class Stepping {
  /** @param {Player} player */
  constructor(player) {
    this.player = player
    this.steps = new Steps(player.playhead)
    /** What the frame changed to which the last step led; null: the replay came here in another way. @type {Op[]|null} */
    this.changes = null
  }

  forget() {
    this.changes = null
  }

  /** The first moment that shows something. */
  async firstFrameMs() {
    const { timeline } = this.player
    if (!timeline) return 0
    const [first] = timeline.data.segments.length > 0 ? timeline.tabsAt(firstOf(timeline)) : []
    const step = first === undefined ? null : await this.steps.stepFrom(first, timeline.startMs - 1, 1, false)
    return step ?? timeline.startMs
  }

  /**
   * Goes `count` frames on, or back.
   * @param {number} count
   * @param {boolean} [isEvery] also frames in which only the pointer moves
   */
  async step(count, isEvery = false) {
    const { player } = this
    player.pause()
    player.setState('loading')
    await player.guard(async () => {
      await player.complete()
      const direction = count < 0 ? -1 : 1
      let t_ms = player.tMs
      for (let left = Math.abs(count); left > 0; left--) {
        const next = await this.stepFrom(t_ms, direction, isEvery)
        if (next === null) break
        t_ms = next
      }
      const isMoved = t_ms !== player.tMs
      await player.goTo(t_ms)
      if (!isMoved || player.tMs !== t_ms || !player.found) return
      this.changes = player.playhead.opsOfFrame(player.found)
      player.changed()
    })
  }

  /**
   * @param {number} t_ms
   * @param {1|-1} direction
   * @param {boolean} isEvery
   */
  async stepFrom(t_ms, direction, isEvery) {
    const { timeline, tab: followed } = this.player
    if (!timeline) return null
    const tabs = followed === null ? timeline.data.tabs : [followed]
    const steps = await Promise.all(tabs.map(async (tab) => ({ tab, t_ms: await this.steps.stepFrom(tab, t_ms, direction, isEvery) })))
    const moments = steps.flatMap((step) => (step.t_ms === null ? [] : [{ tab: step.tab, t_ms: step.t_ms }]))
    moments.sort((a, b) => direction * (a.t_ms - b.t_ms))
    // A frame of a tab that nobody looked at then is not on the screen.
    const seen = moments.find((moment) => followed !== null || timeline.tabsAt(moment.t_ms)[0] === moment.tab)
    return (seen ?? moments[0])?.t_ms ?? null
  }

  /**
   * Every moment at which a frame of the followed tab begins.
   * @param {boolean} [isEvery]
   */
  async frameTimes(isEvery = false) {
    await this.player.complete()
    const { timeline, tab: followed } = this.player
    const tabs = followed === null ? (timeline?.data.tabs ?? []) : [followed]
    const times = await Promise.all(tabs.map((tab) => this.steps.frameTimes(tab, isEvery)))
    return [...new Set(times.flat())].sort((a, b) => a - b)
  }
}

/** @param {import('./timeline.js').Timeline} timeline */
const firstOf = (timeline) => Math.min(...timeline.data.documents.filter((entry) => timeline.streams.has(entry.document)).map((entry) => entry.t_ms))
