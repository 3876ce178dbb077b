// Times: the server's UTC goes in, the reader's own clock comes out. Whoever puts new ones into the page calls `localTimes` on them.
const clock = { hour: 'numeric', minute: '2-digit' }
const day = { day: 'numeric', month: 'short' }
const now = new Date()

/** @param {ParentNode} root */
export const localTimes = (root) => {
  for (const time of root.querySelectorAll('time')) {
    const date = new Date(time.dateTime)
    if (Number.isNaN(date.getTime())) continue
    const isToday = date.toDateString() === now.toDateString()
    const isThisYear = date.getFullYear() === now.getFullYear()
    const shown = isToday ? clock : isThisYear ? { ...day, ...clock } : { ...day, year: 'numeric' }
    time.textContent = new Intl.DateTimeFormat(undefined, /** @type {Intl.DateTimeFormatOptions} */ (shown)).format(date)
    time.title = date.toLocaleString()
  }
}

localTimes(document)
