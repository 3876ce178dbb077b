// The list of sessions: times of the server go in, times of the reader's own clock come out.
const format = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })

for (const time of document.querySelectorAll('time')) time.textContent = format.format(new Date(time.dateTime))
