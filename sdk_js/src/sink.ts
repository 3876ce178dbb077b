// Between observing and sending: what the recorder needs of the transport, and what the transport needs of the recorder.
import type { Field, Section } from './section'

/** Where ops and facts go. Times are ms since the document's time origin (`performance.now()`), rounded down. */
export interface Sink {
  /** Writes an op into the current batch and schedules its sending. Nodes of a run are written into the section that comes back, at once. */
  _op(code: number, tMs: number, fields: readonly Field[]): Section
  /** While a document is walked its batch is sealed by size only, not by the timer: it compresses best in one piece. */
  _walking(on: boolean): void
}

/** What the part that is loaded on demand hears of: what may show an asset. */
export interface AssetsHeard {
  /** This element may show another image than before (img, video, input, SVG image and use). */
  _shown(element: Element): void
  /** CSS with `url()` belongs to `owner` (id of a sheet or of an element with a style attribute); `base`: what its URLs are relative to. */
  _css(owner: number, text: string, base: string): void
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
  _assets: AssetsHeard
  /** A linked style sheet's source: its text, or null when it can't be had. */
  _fetchText(url: string): Promise<string | null>
}

/** A running recorder. */
export interface Recorder {
  /** The id of a node in the recording, 0 when it has none. */
  _idOf(node: Node | null): number
  /** A new id from the counter of the node ids. */
  _allocate(): number
  /** Forget everything and walk the document again (`reason` as in op Document). */
  _snapshot(reason: number): void
  /** A named moment (op `Mark`), after all that is dirty: for tests. */
  _mark(name: string): void
  /** Emit what is dirty and poll what has no event: called before a batch is sealed. */
  _flush(): void
  /** Undo everything. */
  _stop(): void
}

/** What the recorder's own parts share. */
export interface Frame extends RecorderDeps {
  /** Writes an op at the time of the current frame: all ops of one flush have one time. */
  _write(code: number, ...fields: Field[]): Section
  /** Here a new frame begins: ops from now on have the present time. */
  _tick(): void
  /** Asks for a flush at the next painted frame. */
  _schedule(): void
}
