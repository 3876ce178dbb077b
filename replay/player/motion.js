// Animations and transitions of the page: whether the replay plays, how fast, and jumps of time go in; afterwards they run, stand still, or are
// where that moment would have them. What a patch after a jump sets in motion never happened so, and is finished at once.
import * as dom from './dom.js'

/** @typedef {import('./framedoc.js').FrameDoc} FrameDoc */

export class Motion {
  constructor() {
    this.isPlaying = false
    this.rate = 1
    /** Animations that stand still only because the replay does. @type {Set<Animation>} */
    this.held = new Set()
  }

  /**
   * @param {Iterable<FrameDoc>} frames
   * @param {boolean} isPlaying
   * @param {number} rate
   */
  setPlaying(frames, isPlaying, rate) {
    this.isPlaying = isPlaying
    this.rate = rate
    for (const animation of this.held) if (isPlaying) attempt(() => animation.play())
    if (isPlaying) this.held.clear()
    for (const animation of animationsOf(frames)) this.step(animation)
  }

  /**
   * Brings animations that began since in step with the replay.
   * @param {Iterable<FrameDoc>} frames
   */
  follow(frames) {
    // Asking for animations makes the browser compute all styles; at normal speed there is nothing to do.
    if (!this.isPlaying || this.rate === 1) return
    for (const animation of animationsOf(frames)) this.step(animation)
  }

  /** @param {Animation} animation */
  step(animation) {
    if (this.isPlaying) {
      if (animation.playbackRate !== this.rate) attempt(() => animation.updatePlaybackRate(this.rate))
    } else if (animation.playState === 'running') {
      this.held.add(animation)
      attempt(() => animation.pause())
    }
  }

  /**
   * The replay has come to this moment by a jump.
   * @param {Iterable<FrameDoc>} frames
   * @param {number} t_ms
   */
  jump(frames, t_ms) {
    this.held.clear()
    for (const animation of animationsOf(frames)) {
      const isEndless = animation.effect?.getComputedTiming().endTime === Infinity
      attempt(() => {
        // The phase of what never ends follows from the moment alone: the same moment always looks the same.
        if (isEndless) animation.currentTime = Math.max(0, t_ms)
        else animation.finish()
      })
      this.step(animation)
    }
  }
}

/**
 * @param {Iterable<FrameDoc>} frames
 * @returns {Generator<Animation>}
 */
function* animationsOf(frames) {
  for (const { doc } of frames) yield* dom.documentAnimations(doc)
}

/** @param {() => void} change */
const attempt = (change) => {
  try {
    change()
  } catch {
    // An animation without an end can't be finished, one without a target not be played: it then stays as it is.
  }
}
