// What trackers of facts are given, and how values of the page and the site become fields of facts.
import type { Guard } from './guard'
import type { Lent } from './lent'
import type { Scrub } from './url'

/** Listens first, whatever the page does with the event. `types`: separated by spaces. */
export type Listen = <E extends Event>(target: EventTarget, types: string, heard: (event: E) => void) => void

/** What undoes the listening is pushed onto `undo`. */
export const createListen =
  (guard: Guard, undo: (() => void)[]): Listen =>
  (target, types, heard) => {
    const listener = guard(heard) as unknown as EventListener
    for (const type of types.split(' ')) {
      target.addEventListener(type, listener, { capture: true, passive: true })
      undo.push(() => target.removeEventListener(type, listener, true))
    }
  }

/** The innermost target of an event, within open shadow trees too. */
export const targetOf = (event: Event): Element => event.composedPath()[0] as Element

/** One document load. */
export interface Page extends Lent {
  /** Listens until the document load ends. */
  _on: Listen
  /** A fact `[code, …fields]`. A field that is a function is asked when the fact leaves: after `urgentMs`, or with the next batch. */
  _fact(fact: readonly unknown[], urgentMs?: number): void
  /** What has been seen so far is a batch of its own. */
  _seal(): void
  /** Called when the document load ends. */
  _atEnd(callback: () => void): void
  /** The id of a node in the recording; 0: replay is off. */
  _idOf(node: Node | null): number
  /** The scrubbed URL of the page view. */
  _url(): string
  _guard: Guard
  /** A URL as it is recorded. */
  _scrub: Scrub
}

export type Scalar = string | number | boolean | null

const MAX_KEYS = 64
const MAX_KEY_LENGTH = 100

export const shorten = (text: unknown, length = 1_000): string => String(text ?? '').slice(0, length)

/** Scalars only: up to 64 of them, strings of up to 1,000 characters. What else is in there is left out. */
export const scalars = (values: unknown): Record<string, Scalar> =>
  Object.fromEntries(
    Object.entries(values ?? {})
      .filter(([, value]) => /^(s|bo)/.test(typeof value) || Number.isFinite(value))
      .slice(0, MAX_KEYS)
      .map(([key, value]) => [shorten(key, MAX_KEY_LENGTH), /^s/.test(typeof value) ? shorten(value) : (value as Scalar)]),
  )
