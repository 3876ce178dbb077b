// The settings of channels: the kind that is chosen goes in, what its address looks like comes out; and a tap on [data-push] goes in, a
// browser that is told of signals comes out.
const kind = document.querySelector('select[name="kind"]')
const address = document.querySelector('input[name="address"]')

const showExample = () => {
  if (!(kind instanceof HTMLSelectElement) || !(address instanceof HTMLInputElement)) return
  const chosen = kind.selectedOptions[0]
  address.placeholder = chosen?.dataset['example'] ?? ''
  for (const hint of document.querySelectorAll('[data-hint]')) {
    if (hint instanceof HTMLElement) hint.hidden = hint.dataset['hint'] !== chosen?.value
  }
}

kind?.addEventListener('change', showExample)
showExample()

const button = document.querySelector('button[data-push]')
const status = document.querySelector('[data-push-status]')

/** @param {string} text @param {boolean} [isBad] */
const say = (text, isBad = false) => {
  if (!(status instanceof HTMLElement)) return
  status.textContent = text
  status.classList.toggle('error', isBad)
}

/** @param {string} text base64url */
const bytesOf = (text) => {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(plain, (sign) => sign.charCodeAt(0))
}

const browserName = () => {
  const found = /(Firefox|Edg|OPR|Chrome|Safari)\//.exec(navigator.userAgent)
  const names = /** @type {Record<string, string>} */ ({ Edg: 'Edge', OPR: 'Opera' })
  const name = names[found?.[1] ?? ''] ?? found?.[1] ?? 'Browser'
  const system = /(Android|iPhone|iPad|Windows|Mac OS X|Linux|CrOS)/.exec(navigator.userAgent)?.[1] ?? ''
  return system ? `${name} on ${system.replace('Mac OS X', 'macOS')}` : name
}

/** @param {Response} answer */
const read = async (answer) => {
  const told = await answer.json()
  if (!answer.ok) throw new Error(told.error.message)
  return told
}

const subscribe = async () => {
  if ((await Notification.requestPermission()) !== 'granted') {
    throw new Error('this browser does not allow notifications of this site: change that in its settings')
  }
  const { key } = await read(await fetch('/settings/channels/push-key'))
  const registered = await navigator.serviceWorker.register('/alerts/worker.js', { scope: '/alerts/' })
  await waitUntilActive(registered)
  const before = await registered.pushManager.getSubscription()
  // A collector whose data were moved elsewhere may have another key.
  if (before && !isOf(before, key)) await before.unsubscribe()
  const subscription = await registered.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: bytesOf(key),
  })
  await read(
    await fetch('/settings/channels/push', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ subscription: JSON.stringify(subscription), name: browserName() }),
    }),
  )
}

/** @param {PushSubscription} subscription @param {string} key */
const isOf = (subscription, key) => {
  const used = subscription.options.applicationServerKey
  const wanted = bytesOf(key)
  return used !== null && used.byteLength === wanted.length && new Uint8Array(used).every((byte, at) => byte === wanted[at])
}

/** @param {ServiceWorkerRegistration} registered */
const waitUntilActive = (registered) =>
  new Promise((resolve, reject) => {
    const worker = registered.installing ?? registered.waiting ?? registered.active
    if (!worker || worker.state === 'activated') return resolve(undefined)
    worker.addEventListener('statechange', () => {
      if (worker.state === 'activated') resolve(undefined)
      if (worker.state === 'redundant') reject(new Error('this browser could not start what shows the messages'))
    })
  })

const canPush = 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window
if (button instanceof HTMLButtonElement) {
  button.disabled = !canPush
  if (!canPush) say(isSecureContext ? 'This browser knows no push messages. On an iPhone, add this page to the home screen first.' : 'Browsers allow this on https addresses only.')
  button.addEventListener('click', async () => {
    button.disabled = true
    say('Asking the browser …')
    try {
      await subscribe()
      location.reload()
    } catch (error) {
      say(`That did not work: ${error instanceof Error ? error.message : String(error)}.`, true)
      button.disabled = false
    }
  })
}

export {} // a module: its names are its own
