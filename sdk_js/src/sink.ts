// Between observing and sending: what the recorder needs of the transport, and what the transport needs of the recorder.
import type { Guard } from './guard'
import type { Lent } from './lent'
import type { Listen } from './page'
import type { Field, Section } from './section'

/** Where ops and facts go. Times are ms since the document's time origin (`performance.now()`), rounded down. */
export interface Sink {
  /** Writes an op into the current batch and schedules its sending. Nodes of a run are written into the section that comes back, at once. */
  _op(code: number, tMs: number, fields: readonly Field[]): Section
  /** While a document is walked its batch is sealed by size only, not by the timer: it compresses best in one piece. */
  _walking(on: boolean): void
}

export type Root = Document | ShadowRoot

/** All that is recorded beside the tree, by the part that is loaded on demand. It hears of nodes that the receiver knows already. */
export interface Late {
  /** This element may own another sheet, show another image, hold another value, be scrolled … than before. */
  _element(element: Element): void
  /** A document or shadow root that is recorded from now on. */
  _root(root: Root): void
  /** Emits what is dirty. */
  _flush(): void
  /** Reads what has no event. */
  _poll(): void
  /** Is a text being collected? The snapshot is not complete before. */
  _isBusy(): boolean
  /** A new walk begins: nothing counts as sent. */
  _reset(): void
  _stop(): void
}

/** What the recorder asks of the rest. */
export interface RecorderDeps {
  _sink: Sink
  /** ms since the document's time origin, an integer. */
  _now(): number
  /** Wraps a callback: never throws into the page, adds its cost to the recorder's own account, does nothing after giving up. */
  _guard: Guard
  /** Scrubbed absolute or relative URL: path and allowed query keys only. */
  _scrub(url: string): string
  /** Loads the part on demand; undefined where it can't be had. */
  _load(deps: LateDeps): Promise<Late | void>
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
  /** The result asks for `run` in a task of its own, behind `wait` if given; asked again before that, it does nothing. */
  _task(run: () => void, wait?: (post: () => void) => void): () => void
}

/** What the part on demand is given. What keeps state (which field once was a password) is one for both. */
export interface LateDeps extends Frame, Lent {
  /** As in `Recorder`. */
  _idOf(node: Node | null): number
  _allocate(): number
  /** Emits what is dirty in the tree. */
  _flush(): void
  /** It is busy no more: the snapshot may be complete. */
  _work(): void
  /** Until the recorder stops. What the callback writes has its time. */
  _listen: Listen
}
