// The player page's share dialog: the moment that is shown goes in, a link for somebody without an account comes out.

/**
 * @template {HTMLElement} T
 * @param {string} name
 * @param {new () => T} type
 * @returns {T}
 */
const part = (name, type) => {
  const found = document.querySelector(`[data-share="${name}"]`)
  if (!(found instanceof type)) throw new Error(`the page has no part ${name}`)
  return found
}

const player = /** @type {HTMLElement} */ (document.getElementById('player'))
const dialog = part('dialog', HTMLDialogElement)
const opener = part('open', HTMLButtonElement)
const life = part('life', HTMLSelectElement)
const moment = part('moment', HTMLInputElement)
const make = part('make', HTMLButtonElement)
const made = part('made', HTMLElement)
const link = part('link', HTMLInputElement)
const copy = part('copy', HTMLButtonElement)
const status = part('status', HTMLElement)

let shown_ms = 0

/** @param {number} t_ms `0:07`, `1:02:03` */
const clock = (t_ms) => {
  const seconds = Math.max(0, Math.floor(t_ms / 1000))
  const pad = (/** @type {number} */ number) => String(number).padStart(2, '0')
  const minutes = `${Math.floor(seconds / 60) % 60}:${pad(seconds % 60)}`
  return seconds < 3600 ? minutes : `${Math.floor(seconds / 3600)}:${minutes.padStart(5, '0')}`
}

/** @param {string} text @param {boolean} [isBad] */
const say = (text, isBad = false) => {
  status.textContent = text
  status.classList.toggle('error', isBad)
}

const open = () => {
  shown_ms = Math.round(Number(player.dataset['tMs']) || 0)
  part('at', HTMLElement).textContent = clock(shown_ms)
  made.hidden = true
  say('')
  dialog.showModal()
}

const makeLink = async () => {
  make.disabled = true
  say('Making a link …')
  try {
    const asked = { expires_in_s: Number(life.value), t_ms: moment.checked ? shown_ms : null }
    const answer = await fetch(`/api${player.dataset['base']}/share`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(asked),
    })
    if (answer.status === 401) throw new Error('You are signed out: load this page again.')
    const told = await answer.json()
    if (!answer.ok) throw new Error(`That did not work: ${told.error.message}.`)
    link.value = told.url
    made.hidden = false
    say(`The link works until ${new Date(told.expires_at_ms).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })}.`)
    copy.focus()
  } catch (error) {
    const isNetwork = error instanceof TypeError || error instanceof SyntaxError
    say(isNetwork ? 'The collector does not answer. Try again.' : error instanceof Error ? error.message : String(error), true)
  } finally {
    make.disabled = false
  }
}

const copyLink = async () => {
  link.select()
  try {
    await navigator.clipboard.writeText(link.value)
  } catch {
    // Without https, or without leave, there is only the old way.
    if (!document.execCommand('copy')) return say('Copy it by hand: it is selected.')
  }
  say('Copied.')
}

opener.addEventListener('click', open)
make.addEventListener('click', () => void makeLink())
copy.addEventListener('click', () => void copyLink())
link.addEventListener('focus', () => link.select())
// The player's keys are not meant here.
dialog.addEventListener('keydown', (event) => event.stopPropagation())
dialog.addEventListener('click', (event) => {
  if (event.target === dialog) dialog.close()
})
opener.hidden = false

export {} // a module: its names are its own
