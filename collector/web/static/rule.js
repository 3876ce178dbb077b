// The editor of a rule: its buttons ask the server for the form again and keep the place; what the form says is told in words while
// it is filled in; and a trial shows how far it is. Without this script all of it works page by page.
import { localTimes } from './times.js'

const PAUSE_MS = 400

const form = /** @type {HTMLFormElement} */ (document.querySelector('form[data-rule]'))
const path = form.dataset['rule'] ?? ''
const drawn = form.querySelector('[data-form]')
const said = form.querySelector('[data-words]')

/** @param {string} [act] */
const body = (act) => {
  const fields = new URLSearchParams()
  for (const [name, value] of new FormData(form)) fields.append(name, String(value))
  if (act) fields.append('do', act)
  return fields
}

/** @param {string} where @param {string} [act] @param {AbortSignal} [signal] */
const ask = (where, act, signal) => fetch(path + where, { method: 'POST', body: body(act), ...(signal ? { signal } : {}) })

// --- the form ---------------------------------------------------------------------------------------------------------------------

/** @type {AbortController|undefined} */
let asking
/** @type {number|undefined} */
let timer

const tellWords = async () => {
  if (!said) return
  asking?.abort()
  asking = new AbortController()
  try {
    const answer = await ask('/words', undefined, asking.signal)
    if (answer.ok) said.textContent = (await answer.json()).words
  } catch {
    // Words are a help: without them the form is as good. The next input asks again.
  }
}

const wordsLater = () => {
  clearTimeout(timer)
  timer = setTimeout(() => void tellWords(), PAUSE_MS)
}

/** @param {string} act @param {HTMLElement} by */
const redraw = async (act, by) => {
  if (!drawn) return
  try {
    const answer = await ask('/form', act)
    if (!answer.ok || answer.redirected) throw new Error(answer.statusText)
    const open = [...drawn.querySelectorAll('details[open]')].map((one) => one.id)
    // Our own template, escaped by it; a policy keeps scripts out.
    const made = document.createElement('template')
    made.innerHTML = await answer.text()
    const next = made.content.querySelector('[autofocus]') ?? (by.id && made.content.getElementById(by.id))
    if (next) next.removeAttribute('autofocus')
    drawn.replaceChildren(made.content)
    for (const id of open) document.getElementById(id)?.setAttribute('open', '')
    if (next instanceof HTMLElement) next.focus()
    ownZone()
    wordsLater()
  } catch {
    // The whole page can do what a part of it could not.
    form.noValidate = true
    const button = Object.assign(document.createElement('button'), { name: 'do', value: act, hidden: true })
    form.append(button)
    form.requestSubmit(button)
  }
}

/** Whoever adds quiet hours means their own clock. */
const ownZone = () => {
  for (const zone of form.querySelectorAll('input[data-zone]')) {
    if (zone instanceof HTMLInputElement && !zone.value) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone
  }
}

form.addEventListener('click', (event) => {
  const button = event.target instanceof Element ? event.target.closest('button[name=do]') : null
  if (!(button instanceof HTMLButtonElement)) return
  if (button.value === 'try') {
    event.preventDefault()
    void run()
  } else if (drawn?.contains(button)) {
    event.preventDefault()
    void redraw(button.value, button)
  }
})

form.addEventListener('change', (event) => {
  const select = event.target
  if (select instanceof HTMLSelectElement && select.dataset['again']) void redraw(select.dataset['again'], select)
})

if (drawn) form.addEventListener('input', wordsLater)

for (const link of form.querySelectorAll('a[data-line]')) {
  link.addEventListener('click', (event) => {
    const text = document.getElementById('yaml')
    if (!(link instanceof HTMLElement) || !(text instanceof HTMLTextAreaElement)) return
    event.preventDefault()
    const lines = text.value.split('\n')
    const line = Math.min(Number(link.dataset['line']), lines.length) - 1
    const from = lines.slice(0, line).join('\n').length + (line ? 1 : 0)
    text.focus()
    text.setSelectionRange(from, from + (lines[line] ?? '').length)
    text.scrollTop = (line - 3) * (text.scrollHeight / lines.length)
  })
}

// --- the trial --------------------------------------------------------------------------------------------------------------------

/**
 * @template {HTMLElement} T
 * @param {string} name
 * @param {new () => T} type
 * @returns {T}
 */
const part = (name, type) => {
  const found = form.querySelector(`[data-trial${name}]`)
  if (!(found instanceof type)) throw new Error(`the page has no part ${name}`)
  return found
}

const found = part('', HTMLElement)
const says = part('-says', HTMLElement)
const progress = part('-progress', HTMLProgressElement)
/** @type {AbortController|undefined} */
let trying

/** @param {{done: number, of: number, waits: boolean}} far */
const showProgress = (far) => {
  progress.hidden = false
  if (far.waits || !far.of) progress.removeAttribute('value')
  else Object.assign(progress, { max: far.of, value: far.done })
  says.textContent = far.waits ? 'Waiting for another trial to end …' : 'Looking at recorded visits …'
}

/** Lines of JSON, as they come. @param {ReadableStream<BufferSource>} stream */
async function* lines(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    const whole = (rest + value).split('\n')
    rest = whole.pop() ?? ''
    for (const line of whole) yield JSON.parse(line)
  }
}

const run = async () => {
  trying?.abort()
  const mine = new AbortController()
  trying = mine
  found.replaceChildren()
  says.textContent = 'Looking at recorded visits …'
  try {
    const answer = await ask('/try', undefined, mine.signal)
    if (answer.status === 400) return form.requestSubmit(form.querySelector('button[value=save][aria-hidden]'))
    if (!answer.ok || !answer.body || answer.redirected) throw new Error(answer.statusText)
    let isDone = false
    for await (const line of lines(answer.body)) {
      if (line.html === undefined) showProgress(line)
      else {
        found.innerHTML = line.html
        localTimes(found)
        isDone = true
      }
    }
    says.textContent = isDone ? 'Done.' : 'The trial ended without an answer. Try again.'
  } catch {
    if (mine.signal.aborted) return
    says.textContent = 'The collector does not answer. Try again.'
  } finally {
    if (trying === mine) progress.hidden = true
  }
}

addEventListener('pagehide', () => trying?.abort())
ownZone()
