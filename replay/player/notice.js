// The one thing that a rep should know about what is on the screen: the player goes in, words come out, or none.
import { span } from './words.js'

/** @typedef {import('./player.js').Player} Player */

/** @param {Player} player */
export const noticeOf = (player) => {
  const { timeline, found, state } = player
  if (!timeline || state === 'error') return ''
  if (!player.hasReplay) return 'Only what happened was recorded on this visit, not how the page looked.'
  if (!found) return state === 'loading' ? '' : 'Nothing can be shown yet: the page was still loading.'
  const { fold } = player.playing
  if (fold && state === 'playing') return `Skipping ${span(fold.until_ms - fold.t_ms)} without activity`
  const gap = timeline.gapAt(found.tab, player.tMs)
  if (gap) return `${span(gap.until_ms - gap.t_ms)} of this visit are missing. The page is shown as it was before.`
  if (found.stale) return 'Part of this visit is missing. The page is shown as it was before.'
  if (player.live.isLost) return 'The connection to the collector is lost. What the visitor does meanwhile is shown once it is back.'
  if (player.live.isFollowing && player.live.isQuiet && player.wantsPlay && player.tMs >= player.live.headMs) return 'Live: waiting for the visitor.'
  return damageWords(player)
}

/** @param {Player} player */
const damageWords = (player) => {
  const { problems, tree } = player.playhead
  const damage = problems.length + tree.damageCount
  if (damage > 0) return `This recording is damaged: ${damage} ${damage === 1 ? 'change' : 'changes'} could not be shown.`
  const missing = player.view.missingSheets()
  return missing > 0 ? `${missing === 1 ? 'A style sheet' : `${missing} style sheets`} of this page could not be recorded.` : ''
}

/**
 * Why it does not go on, and what happens about it.
 * @param {Player} player
 */
export const failureOf = (player) => {
  const left = player.retrying.secondsLeft
  const next = left > 0 ? ` Trying again in ${left === 1 ? 'a second' : `${left} seconds`}; your place is kept.` : ''
  return player.state === 'error' ? player.error + next : ''
}
