// The public API as an ES module.
export { init, identify, track, consent, session, stop } from './api'
export type { Options } from './config'
