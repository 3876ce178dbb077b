// The calls of the site go in, by name or by function; the one visit of the page does what they say.
import { readConfig, type Options } from './config'
import { scalars, shorten } from './page'
import { createGuard } from './guard'
import { OP_IDENTIFY, OP_TRACK } from './ops'
import { createVisit } from './visit'
import { SDK_VERSION } from './version'

/** `window.visitreel`. Before the script has loaded a stand-in of the page collects the calls in `q`. */
export interface Visitreel {
  (name: string, ...args: unknown[]): unknown
  q?: ArrayLike<unknown>[]
  version?: string
}

declare global {
  interface Window {
    visitreel?: Visitreel
  }
}

/** Begins to record, once a page: whoever comes second changes nothing. `scriptUrl`: where the script came from, if by a tag. */
export const init = (options: Options, scriptUrl?: string): void => {
  const before = window.visitreel
  const config = readConfig(options, scriptUrl)
  if (before?.version) return config._debug('is here already')
  if (!config._site || !/^http/.test(config._collector)) return config._debug('needs data-site')

  // Arguments objects, most of them.
  const calls = [...(before?.q ?? [])] as [string, ...unknown[]][]
  // An answer about consent holds from the start, whatever was called before it.
  const answer = calls.filter(([name]) => name == 'consent').pop()
  const visit = createVisit(config, answer?.[1])

  const commands: Record<string, (first: unknown, second: unknown) => unknown> = {
    identify: (person, traits) => visit._fact([OP_IDENTIFY, shorten(person), scalars(traits)], true),
    track: (name, properties) => visit._fact([OP_TRACK, shorten(name), scalars(properties)]),
    consent: visit._consent,
    session: visit._session,
    mark: visit._mark,
    stop: visit._stop,
  }
  const guard = createGuard(() => {})
  const call = guard((name: string, first?: unknown, second?: unknown) => (commands[name] ? commands[name](first, second) : config._debug(`unknown call: ${name}`)))
  const visitreel: Visitreel = call
  visitreel.version = SDK_VERSION
  window.visitreel = visitreel
  for (const args of calls) if (args != answer) call(...args)
}

/** Calls made before `init` wait for it. */
const call: Visitreel = (...args) => {
  const stand: Visitreel = (...later) => void (stand.q ??= []).push(later)
  return (window.visitreel ??= stand)(...args)
}

/** Says who the visitor is. Traits: up to 64 strings, numbers and booleans. */
export const identify = (person: string, traits?: Record<string, unknown>): void => void call('identify', person, traits)
/** Records a fact of the site's own. */
export const track = (name: string, properties?: Record<string, unknown>): void => void call('track', name, properties)
/** The visitor's answer. `denied` stops, and deletes what is stored in the browser. It is not remembered: say it on each page. */
export const consent = (answer: 'granted' | 'cookieless' | 'denied'): void => void call('consent', answer)
/** The session's id and where to watch it; null before consent. */
export const session = (): { id: string; url: string } | null => (call('session') as { id: string; url: string } | null | undefined) ?? null
/** Ends the recording of this page. */
export const stop = (): void => void call('stop')
