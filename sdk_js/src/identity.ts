// Who is sending: storage of the browser goes in (none when cookieless), the ids of visitor, session and tab come out.
import { IDLE_MS, SESSION_MS } from './config'
import { randomId, type Random } from './clock'

export interface Session {
  /** Session id, made by the client. */
  s: string
  /** Write secret: 16 byte values. Tabs of a session share it. */
  w: number[]
  /** When the session began, Unix ms by the visitor's clock. */
  z: number
}

/** What is kept in `localStorage`, as JSON. */
interface Stored extends Session {
  /** Visitor id. */
  v: string
  /** Last activity of the visitor, Unix ms by the visitor's clock. */
  a: number
}

export interface Identity {
  _session(): Session
  /** null when cookieless. */
  _visitor(): string | null
  _tab(): string
  /** The visitor did something. True if this begins another session: 30 minutes idle, 24 hours old, or changed in another tab. */
  _touch(): boolean
  /** Has nothing been done for so long that the session is over? */
  _isIdle(): boolean
  /** From now on ids are kept. True if a session of this visitor goes on, which replaces that of the page so far. */
  _keep(): boolean
  /** The page goes away: its tab id may be taken by the next page of the tab. */
  _close(): void
  /** The page is back. */
  _open(): void
  /** Forget everything, stored or not. */
  _wipe(): void
}

/** The last activity is written this often at most. */
const WRITE_MS = 5_000
const ID = /^[\w-]{22}$/

const parse = (json: string | null): Stored | null => {
  try {
    const stored = JSON.parse(json!) as Stored
    return ID.test(stored.s) && ID.test(stored.v) && stored.w.length == 16 && stored.z + stored.a > 0 ? stored : null
  } catch {
    return null // absent, or not ours
  }
}

/** `local`, `tabStore`: called when first needed; they may throw where storage is off. */
export const createIdentity = (
  site: string,
  wall: () => number,
  random: Random,
  local: () => Storage,
  tabStore: () => Storage,
): Identity => {
  const key = 'visitreel.' + site
  const pageTab = randomId(random)
  let tab = pageTab
  let isKept = false
  let written = 0
  let me: Stored

  const storage = <R>(use: () => R): R | undefined => {
    try {
      return use()
    } catch {
      return // storage is off or full: memory only
    }
  }
  const isOver = ({ a, z }: Stored): boolean => Math.abs(wall() - a) > IDLE_MS || wall() - z > SESSION_MS
  const fresh = (visitor?: string): Stored => ({
    v: visitor ?? randomId(random),
    s: randomId(random),
    w: [...random()],
    z: wall(),
    a: wall(),
  })
  const read = (): Stored | null => parse(storage(() => local().getItem(key)) ?? null)
  const write = (): void => {
    written = wall()
    const stored = isKept && read()
    // Another tab was active later: what it wrote holds.
    if (isKept && !(stored && stored.a > me.a && !isOver(stored))) storage(() => local().setItem(key, JSON.stringify(me)))
  }
  const openTab = (): void => {
    // Taken out while the page is open: a duplicated tab gets a copy of the store without it, and makes its own.
    if (isKept) {
      tab = storage(() => tabStore().getItem(key)) ?? tab
      storage(() => tabStore().removeItem(key))
    }
  }
  me = fresh()

  return {
    _session: () => me,
    _visitor: () => (isKept ? me.v : null),
    _tab: () => tab,
    _isIdle: () => isOver(me),
    _touch() {
      const t = wall()
      if (Math.abs(t - me.a) < 1_000) return false
      const stored = t - written >= WRITE_MS && isKept ? read() : null
      const before = me.s
      if (stored && !isOver(stored)) me = stored
      else if (isOver(me)) me = fresh(me.v)
      me.a = t
      if (t - written >= WRITE_MS || me.s != before) write()
      return me.s != before
    },
    _keep() {
      const before = me.s
      const stored = read()
      isKept = true
      if (stored) me = isOver(stored) ? { ...me, v: stored.v } : stored
      me.a = wall()
      write()
      openTab()
      return me.s != before
    },
    _close() {
      write()
      if (isKept) storage(() => tabStore().setItem(key, tab))
    },
    _open: openTab,
    _wipe() {
      isKept = false
      storage(() => local().removeItem(key))
      storage(() => tabStore().removeItem(key))
      me = fresh()
      tab = pageTab
    },
  }
}
