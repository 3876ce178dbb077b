// What trackers of facts share: how they listen, where facts go, and what a value of the site may be.
import type { Clock } from './clock'
import type { Sink } from './sink'
import type { Scrub } from './url'

export type Scalar = string | number | boolean | null

export interface TrackerDeps {
  _sink: Sink
  _clock: Clock
  _scrub: Scrub
  _guard<A extends unknown[], R>(callback: (...args: A) => R): (...args: A) => R | undefined
  /** The id of a node in the recording; 0: replay is off. */
  _idOf(node: Node | null): number
  /** Called before the page goes away or another document load begins. */
  _beforeLeave(callback: () => void): void
}

export type Stop = () => void

const MAX_KEYS = 64
const MAX_LENGTH = 1_000

export const shorten = (text: unknown, length = MAX_LENGTH): string => String(text ?? '').slice(0, length)

/** Scalars only: up to 64 of them, strings of up to 1,000 characters. What else is in there is left out. */
export const scalars = (values: unknown): Record<string, Scalar> => {
  const kept: [string, Scalar][] = []
  for (const [key, value] of Object.entries(values ?? {})) {
    if (kept.length == MAX_KEYS) break
    if (typeof value == 'string') kept.push([shorten(key, 100), shorten(value)])
    else if (value === null || typeof value == 'boolean' || (typeof value == 'number' && isFinite(value))) kept.push([shorten(key, 100), value])
  }
  return Object.fromEntries(kept)
}

/** Listens passively and first, whatever the page does with the event. `types`: separated by spaces. */
export const listen = <E extends Event>(target: EventTarget, types: string, listener: (event: E) => void): Stop => {
  const options = { capture: true, passive: true }
  const names = types.split(' ')
  for (const name of names) target.addEventListener(name, listener as EventListener, options)
  return () => {
    for (const name of names) target.removeEventListener(name, listener as EventListener, options)
  }
}

/** What an event happened on, within open shadow trees too. */
export const targetOf = (event: Event): Element | null => {
  const target = event.composedPath()[0] as Node | undefined
  return target?.nodeType == 1 ? (target as Element) : null
}
