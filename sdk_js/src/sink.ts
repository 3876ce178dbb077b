// Between observing and sending: what the recorder needs of the transport, and what the transport needs of the recorder.
import type { Section } from './section'

/** Where ops and facts go. Times are ms since the document's time origin (`performance.now()`), rounded down. */
export interface Sink {
  /** Starts an op in the current batch and schedules its sending; the caller writes its fields at once, in the vocabulary's order. */
  _op(code: number, tMs?: number): Section
  /** A fact `[code, …fields]`; leaves at once when `urgent`. */
  _fact(fact: readonly unknown[], urgent?: boolean): void
  /** While a document is walked its batch is sealed by size only, not by the timer: it compresses best in one piece. */
  _walking(on: boolean): void
}

/** What the recorder asks of the rest. */
export interface RecorderDeps {
  _sink: Sink
  /** ms since the document's time origin, an integer. */
  _now(): number
  /** Wraps a callback: never throws into the page, adds its cost to the recorder's own account, does nothing after giving up. */
  _guard<A extends unknown[], R>(callback: (...args: A) => R): (...args: A) => R | undefined
  /** Scrubbed absolute or relative URL: path and allowed query keys only. */
  _scrub(url: string): string
  /** An asset with this id was seen at this absolute URL: fetch, hash, upload and announce it (op `Asset`) when there is time.
   * `element`: what shows it, if an element does. */
  _wantAsset(asset: number, url: string): void
  /** A linked style sheet's source, same-origin: its text, or null when it can't be had. */
  _fetchText(url: string): Promise<string | null>
  /** Also records the contents of text fields that are explicitly unmasked; never of sensitive ones. */
  _nonce?: string
}

/** A running recorder. */
export interface Recorder {
  /** The id of a node in the recording, 0 when it has none. */
  _idOf(node: Node | null): number
  /** Forget everything and walk the document again (`reason` as in op Document). */
  _snapshot(reason: number): void
  /** Emit what is dirty and poll what has no event: called before a batch is sealed. */
  _flush(): void
  /** Undo everything. */
  _stop(): void
}
