// On a site's own pages: tells the visitor that the visit may be watched live, or asks; what was told, or answered, travels as a fact. The
// collector puts in which of both, and loads nothing else. Asked once a tab: the answer is kept in its session storage, nothing before it.
;(() => {
  const rule = /** @type {string} */ ('__RULE__')
  const KEY = 'visitreel-live'
  const RETRY_MS = 1_000
  /** In each language: told, asked, all right, yes, no. @type {Record<string, [string, string, string, string, string]>} */
  const WORDS = {
    en: ['Our staff may watch this visit live, to help you.', 'May our staff watch this visit live, to help you?', 'All right', 'Yes', 'No'],
    de: ['Unser Team kann diesen Besuch live mitverfolgen, um Ihnen zu helfen.', 'Darf unser Team diesen Besuch live mitverfolgen, um Ihnen zu helfen?', 'In Ordnung', 'Ja', 'Nein'],
    fr: ['Notre équipe peut suivre cette visite en direct pour vous aider.', 'Notre équipe peut-elle suivre cette visite en direct pour vous aider ?', "D'accord", 'Oui', 'Non'],
    es: ['Nuestro equipo puede ver esta visita en directo para ayudarle.', '¿Puede nuestro equipo ver esta visita en directo para ayudarle?', 'De acuerdo', 'Sí', 'No'],
    it: ['Il nostro team può seguire questa visita dal vivo per aiutarti.', 'Il nostro team può seguire questa visita dal vivo per aiutarti?', 'Va bene', 'Sì', 'No'],
    nl: ['Ons team kan dit bezoek live volgen om u te helpen.', 'Mag ons team dit bezoek live volgen om u te helpen?', 'Oké', 'Ja', 'Nee'],
    pl: ['Nasz zespół może oglądać tę wizytę na żywo, aby Ci pomóc.', 'Czy nasz zespół może oglądać tę wizytę na żywo, aby Ci pomóc?', 'W porządku', 'Tak', 'Nie'],
    pt: ['A nossa equipa pode ver esta visita em direto para o ajudar.', 'A nossa equipa pode ver esta visita em direto para o ajudar?', 'Está bem', 'Sim', 'Não'],
  }
  const CSS = `:host{all:initial;position:fixed;inset:auto 0 0;z-index:2147483647;pointer-events:none}
    div{box-sizing:border-box;display:flex;flex-wrap:wrap;gap:8px 12px;align-items:center;justify-content:center;max-width:640px;margin:0 auto 12px;padding:12px 16px;
    border:1px solid #8d857b;border-radius:8px;background:#fff;color:#1f1c19;font:16px/1.4 system-ui,sans-serif;box-shadow:0 4px 24px #0003;pointer-events:auto}
    p{flex:1 1 240px;margin:0}button{min-width:44px;min-height:44px;padding:0 16px;border:1px solid #655f58;border-radius:8px;background:#fff;color:inherit;font:inherit;font-weight:600;cursor:pointer}
    button:focus-visible{outline:3px solid #1f1c19;outline-offset:2px}
    @media(prefers-color-scheme:dark){div,button{background:#1f1d1b;color:#f1ede8}button:focus-visible{outline-color:#f1ede8}}`

  /** @type {any} */
  const page = window
  page.visitreel ??= /** @this {void} */ function () {
    // What is called before the script is there waits in this list.
    ;(page.visitreel.q ??= []).push(arguments)
  }
  const kept = () => {
    try {
      return sessionStorage.getItem(KEY)
    } catch {
      return null // storage is forbidden here
    }
  }
  /** @param {string} answer */
  const keep = (answer) => {
    try {
      sessionStorage.setItem(KEY, answer)
    } catch {
      // storage is forbidden here: the next page says it again
    }
  }
  /** @param {string} answer */
  const say = (answer) => page.visitreel('track', 'visitreel_live', { answer })

  const show = () => {
    const language = (document.documentElement.lang || navigator.language).slice(0, 2).toLowerCase()
    const [told, asked, fine, yes, no] = WORDS[language] ?? /** @type {[string, string, string, string, string]} */ (WORDS['en'])
    const isAsked = rule === 'asked'
    const host = document.createElement('visitreel-live')
    const root = host.attachShadow({ mode: 'open' })
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(CSS)
    root.adoptedStyleSheets = [sheet]
    const box = document.createElement('div')
    const text = document.createElement('p')
    box.setAttribute('role', isAsked ? 'dialog' : 'status')
    box.setAttribute('aria-labelledby', 'words')
    text.id = 'words'
    text.textContent = isAsked ? asked : told
    /** @param {string} answer */
    const end = (answer) => {
      keep(answer)
      if (isAsked) say(answer)
      host.remove()
    }
    const button = (/** @type {string} */ words, /** @type {string} */ answer) => {
      const made = document.createElement('button')
      made.type = 'button'
      made.textContent = words
      made.addEventListener('click', () => end(answer))
      return made
    }
    box.append(text, ...(isAsked ? [button(yes, 'yes'), button(no, 'no')] : [button(fine, 'told')]))
    box.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') end(isAsked ? 'no' : 'told')
    })
    root.append(box)
    document.documentElement.append(host)
    // It is on the screen: the visitor is told.
    if (!isAsked) requestAnimationFrame(() => setTimeout(() => say('told')))
  }

  const begin = () => {
    // Nothing is recorded before consent: there is nothing to be watched.
    if (!page.visitreel.version || !page.visitreel('session')) {
      setTimeout(begin, RETRY_MS)
      return
    }
    const answer = kept()
    if (answer === 'yes' || answer === 'no' || (answer === 'told' && rule === 'told')) say(answer)
    else show()
  }
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', begin)
  else begin()
})()
