// Who is sending: storage of the browser goes in (none when cookieless), the ids of visitor, session and tab come out.
import { random16, randomId } from './clock'
import { IDLE_MS, SESSION_MS } from './config'

/** Kept in `localStorage` as JSON, so the names are plain. */
export interface Ids {
  /** Visitor id. */
  v: string
  /** Session id. */
  s: string
  /** Write secret: 16 byte values. Tabs of a session share it. */
  w: number[]
  /** When the session began, Unix ms by the visitor's clock. */
  z: number
  /** Last activity of the visitor, likewise. */
  a: number
}

export interface Identity {
  _ids(): Ids
  _tab(): string
  /** Has nothing been done for so long that the session is over? */
  _isIdle(): boolean
  /** The visitor did something. True if this begins another session: 30 minutes idle, a day old, or changed in another tab. */
  _touch(): boolean
  /** From now on ids are kept. True if a session of this visitor goes on, which replaces that of the page so far. */
  _keep(): boolean
  /** The page goes away: its tab id is left to the next page of the tab. */
  _close(): void
  /** Forget everything, stored or not. */
  _wipe(): void
}

/** The last activity is written this often at most. */
const WRITE_MS = 5_000

/** Storage that is off, full or blocked: memory only. */
export const attempt = <R>(use: () => R): R | undefined => {
  try {
    return use()
  } catch {
    return
  }
}

export const createIdentity = (site: string): Identity => {
  const key = 'visitreel.' + site
  let tab = randomId()
  let isKept = false
  let writtenMs = 0

  const fresh = (): Ids => ({ v: randomId(), s: randomId(), w: [...random16()], z: Date.now(), a: Date.now() })
  let ids = fresh()

  const isOver = ({ a, z }: Ids): boolean => Math.abs(Date.now() - a) > IDLE_MS || Date.now() - z > SESSION_MS
  const read = (): Ids | undefined =>
    attempt(() => {
      const stored = JSON.parse(localStorage[key]) as Ids
      // What is not ours, or was tampered with, does not count.
      return /^[\w-]{22},[\w-]{22},16,\d+,\d+$/.test([stored.v, stored.s, stored.w.length, stored.z, stored.a].join()) ? stored : undefined
    })
  const write = (): void => {
    writtenMs = ids.a
    if (isKept) attempt(() => (localStorage[key] = JSON.stringify(ids)))
  }
  /** What another tab has stored holds, as long as that session lives. True if the session is another one now. */
  const update = (): boolean => {
    const { s } = ids
    const stored = isKept && read()
    ids = stored && !isOver(stored) ? stored : { ...(isOver(ids) ? fresh() : ids), v: (stored || ids).v }
    ids.a = Date.now()
    write()
    return ids.s != s
  }

  return {
    _ids: () => ids,
    _tab: () => tab,
    _isIdle: () => isOver(ids),
    _touch: () => Math.abs(Date.now() - writtenMs) >= WRITE_MS && update(),
    _keep() {
      isKept = true
      // Taken out while the page is open: a duplicated tab gets a copy of the store without it, and makes its own.
      attempt(() => {
        tab = sessionStorage[key] ?? tab
        delete sessionStorage[key]
      })
      return update()
    },
    _close() {
      if (isKept) attempt(() => (sessionStorage[key] = tab))
    },
    _wipe() {
      isKept = false
      attempt(() => {
        delete localStorage[key]
        delete sessionStorage[key]
      })
      ids = fresh()
      tab = randomId()
    },
  }
}
