// The part of the script that is loaded once recording has begun: what can wait a moment. Plain names: they are exports.
export { gzip } from './gzip'
export { createLate } from './late'
export { openOutbox } from './outbox'
export { trackFacts } from './trackers'
