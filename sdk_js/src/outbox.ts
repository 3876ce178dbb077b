// Sealed batches that the collector has not acknowledged, kept in IndexedDB: they survive the page, and the next page of the origin sends them.
import type { SealedBatch } from './batch'
import { OUTBOX_NAME } from './config'

/** As it lies in the store. */
interface Kept extends SealedBatch {
  /** Until then (Unix ms) the page that wrote or took it sends it; others leave it alone. */
  l: number
}

export interface Outbox {
  /** `isLeaving`: the page goes away, whoever comes next may take it. */
  _put(batch: SealedBatch, isLeaving?: boolean): void
  _delete(key: string): void
  /** Takes all that no living page is sending. */
  _claim(take: (batches: SealedBatch[]) => void): void
}

export const LEASE_MS = 60_000
const STORE = 'batches'

/** Opens at once, so that a write in `pagehide` finds it open. Where IndexedDB is off, full or blocked nothing is kept and nothing fails. */
export const openOutbox = (): Outbox => {
  let db: IDBDatabase | undefined
  const waiting: ((store: IDBObjectStore) => void)[] = []

  const use = (work: (store: IDBObjectStore) => void): void => {
    try {
      if (db) work(db.transaction(STORE, 'readwrite').objectStore(STORE))
      else waiting.push(work)
    } catch {
      // closed under us, or the quota is used up: memory only
    }
  }
  const write = (work: (store: IDBObjectStore) => void): void =>
    use((store) => {
      work(store)
      // Not left to the event loop: a page that is frozen for the back/forward cache would never get there.
      store.transaction.commit()
    })
  try {
    const request = indexedDB.open(OUTBOX_NAME, 1)
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'k' })
    request.onsuccess = () => {
      db = request.result
      db.onversionchange = () => db?.close() // consent was withdrawn here or in another tab
      waiting.forEach(use)
    }
    request.onerror = (event) => event.preventDefault() // Firefox would report it to the page
  } catch {
    // storage is off: memory only
  }

  return {
    _put: (batch, isLeaving) => write((store) => store.put({ ...batch, l: isLeaving ? 0 : Date.now() + LEASE_MS } satisfies Kept)),
    _delete: (key) => write((store) => store.delete(key)),
    _claim: (take) =>
      use((store) => {
        const all = store.getAll()
        all.onsuccess = () => {
          const t = Date.now()
          // A lease that ends later than any could was written before the clock was set back.
          const free = (all.result as Kept[]).filter(({ l }) => l < t || l > t + LEASE_MS)
          for (const batch of free) store.put({ ...batch, l: t + LEASE_MS })
          take(free)
        }
      }),
  }
}
