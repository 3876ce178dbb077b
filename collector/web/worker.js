// Browser push: a message that `collector/alerts/push.py` has sent goes in, a notification comes out; a tap on it opens the visit.
// One with the same tag takes the place of the one that is shown.
addEventListener('push', (event) => {
  const told = event.data ? event.data.json() : {}
  event.waitUntil(
    registration.showNotification(String(told.title ?? 'visitreel'), {
      body: String(told.text ?? ''),
      tag: String(told.tag ?? ''),
      renotify: !told.quiet && Boolean(told.tag),
      silent: Boolean(told.quiet),
      icon: '/static/icon.svg',
      data: { url: String(told.url ?? '/signals') },
    }),
  )
})

const open = async (url) => {
  // Only ours: what a message says is no reason to go anywhere else.
  const target = new URL(url, location.origin)
  if (target.origin !== location.origin) return
  await clients.openWindow(target.href)
}

addEventListener('notificationclick', (event) => {
  event.notification.close()
  event.waitUntil(open(event.notification.data.url))
})
