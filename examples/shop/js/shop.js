// On every page: the bag's count and the visitor's answer about being recorded.
import { showCount } from './bag.js'

showCount()

const note = document.getElementById('consent')
note.hidden = sessionStorage.getItem('kiln-consent') !== null
for (const button of note.querySelectorAll('button'))
  button.addEventListener('click', () => {
    const answer = button.dataset.consentAnswer
    sessionStorage.setItem('kiln-consent', answer)
    window.visitreel('consent', answer)
    note.hidden = true
  })
if (sessionStorage.getItem('kiln-consent') === 'denied') window.visitreel('consent', 'denied')
