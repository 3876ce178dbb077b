// The list of sessions: times of the server go in, times of the reader's own clock come out.
const clock = { hour: 'numeric', minute: '2-digit' }
const day = { day: 'numeric', month: 'short' }
const now = new Date()

for (const time of document.querySelectorAll('time')) {
  const date = new Date(time.dateTime)
  const isToday = date.toDateString() === now.toDateString()
  const isThisYear = date.getFullYear() === now.getFullYear()
  const shown = isToday ? clock : isThisYear ? { ...day, ...clock } : { ...day, year: 'numeric' }
  time.textContent = new Intl.DateTimeFormat(undefined, shown).format(date)
  time.title = date.toLocaleString()
}
