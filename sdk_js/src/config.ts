// Options of the site go in, from the script tag or from `init`; out comes the configuration, checked and complete.
import { consentFrom, type Consent } from './consent'

/** What `init` takes; the attributes of the script tag have the same names (`data-site`, …). */
export interface Options {
  /** The site's key. */
  site: string
  /** Where the collector is, `https://collector.example/`. The script tag knows it from its own URL. */
  collector?: string
  /** granted: ids and an outbox are kept in the browser. cookieless (default): nothing is stored. required: nothing is stored or sent before a grant. */
  consent?: 'granted' | 'cookieless' | 'required'
  /** off: facts only, the DOM is not recorded. */
  replay?: 'on' | 'off'
  /** Share of the sessions whose DOM is recorded, 0 to 1. Facts are always sent. */
  sample?: number | string
  /** Query keys that URLs keep besides utm_*, separated by spaces. */
  query?: string
  /** Prints to the console what is done, and every refusal with its cure. */
  debug?: boolean | string
}

export interface Config {
  _site: string
  /** With a slash at its end. */
  _collector: string
  _consent: Consent
  /** Share of the sessions whose DOM is recorded; 0: replay is off. */
  _sample: number
  _query: string
  _debug: (line: string) => void
}

// All limits in one place; the collector's are larger.
export const FLUSH_MS = 5_000 // one POST per 5 s: the rep sees activity within 10 s
export const FIRST_FLUSH_MS = 250 // … but what comes after a quiet time is shown almost at once
export const BATCH_BYTES = 128_000 // of ops, some 32 kB compressed; seals a batch early
export const WALK_BYTES = 512_000 // seals even the batch of a walk
export const BATCH_OPS = 16_000 // the collector takes 20,000
export const BEACON_BYTES = 60_000 // all beacons and keepalive requests of a page share 64 KiB
export const OUTBOX_BYTES = 4_000_000
export const OUTBOX_BATCHES = 100
export const OUTBOX_NAME = 'visitreel'
export const IDLE_MS = 1_800_000 // a session ends after 30 minutes without the visitor doing anything
export const SESSION_MS = 86_400_000 // … or at the age of a day
export const MAX_URL_LENGTH = 2_000

/** `scriptUrl`: where the script came from; its address is the collector's: `/sdk.js`, `/sdk/0.1.0/sdk.js`, under any prefix. */
export const readConfig = (options: Options, scriptUrl = ''): Config => ({
  _site: options.site,
  _collector: (options.collector ?? scriptUrl.replace(/sdk(\/[^/]+\/\w+)?\.[^/]*$/, '')).replace(/\/?$/, '/'),
  _consent: consentFrom(options.consent ?? 'cookieless'),
  _sample: options.replay == 'off' ? 0 : +(options.sample ?? 1),
  _query: options.query ?? '',
  _debug: (line) => {
    if (`${options.debug ?? false}` != 'false') console.info('[visitreel] ' + line)
  },
})
