// The player's keys: one table, from which keys act and the help is printed.

/** What keys do. @typedef {Record<string, () => void>} Actions */
/** @typedef {{keys: string[], does: string, words: string, shown: string}} Key */

/** @type {Key[]} */
export const KEYS = [
  { keys: [' ', 'k'], shown: 'Space', does: 'toggle', words: 'play, pause' },
  { keys: ['ArrowLeft'], shown: '←', does: 'back', words: 'five seconds back' },
  { keys: ['ArrowRight'], shown: '→', does: 'on', words: 'five seconds on' },
  { keys: ['ArrowUp'], shown: '↑', does: 'previousMark', words: 'what happened before' },
  { keys: ['ArrowDown'], shown: '↓', does: 'nextMark', words: 'what happened next' },
  { keys: ['p', 'PageUp'], shown: 'P', does: 'previousPage', words: 'the page before' },
  { keys: ['n', 'PageDown'], shown: 'N', does: 'nextPage', words: 'the next page' },
  { keys: [','], shown: ',', does: 'frameBack', words: 'one frame back' },
  { keys: ['.'], shown: '.', does: 'frameOn', words: 'one frame on' },
  { keys: ['<'], shown: 'Shift ,', does: 'everyFrameBack', words: 'one frame back, also the pointer’s' },
  { keys: ['>'], shown: 'Shift .', does: 'everyFrameOn', words: 'one frame on, also the pointer’s' },
  { keys: ['Home'], shown: 'Home', does: 'start', words: 'the beginning' },
  { keys: ['End'], shown: 'End', does: 'end', words: 'the end' },
  { keys: ['+', '='], shown: '+', does: 'faster', words: 'faster' },
  { keys: ['-'], shown: '-', does: 'slower', words: 'slower' },
  { keys: ['i'], shown: 'I', does: 'fold', words: 'skip idle time, or not' },
  { keys: ['a'], shown: 'A', does: 'actual', words: 'actual size, or fit to the window' },
  { keys: ['f'], shown: 'F', does: 'full', words: 'full screen' },
  { keys: ['t'], shown: 'T', does: 'nextTab', words: 'another tab of the visit' },
  { keys: ['l'], shown: 'L', does: 'live', words: 'catch up with a live visit' },
  { keys: ['?'], shown: '?', does: 'help', words: 'these keys' },
]

/**
 * Lets keys act, wherever on the page; a field or a button that uses a key itself keeps it.
 * @param {Actions} actions
 */
export const listenToKeys = (actions) => {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
    const target = event.target instanceof Element ? event.target : null
    if (target?.closest('dialog, textarea, input:not([type=range])')) return
    const name = event.key.length === 1 ? event.key.toLowerCase() : event.key
    const act = actions[KEYS.find(({ keys }) => keys.includes(name))?.does ?? '']
    if (!act || isTaken(target, event.key)) return
    event.preventDefault()
    act()
  })
}

/**
 * @param {Element|null} target
 * @param {string} key
 */
const isTaken = (target, key) => {
  if (target?.closest('button, a') && (key === ' ' || key === 'Enter')) return true
  if (target?.closest('select')) return key === ' ' || key.startsWith('Arrow') || key === 'Home' || key === 'End' || key.startsWith('Page')
  // What scrolls keeps the keys that scroll it.
  return target?.matches('.actual') === true && /^(?:Arrow|Page|Home|End)/.test(key)
}
