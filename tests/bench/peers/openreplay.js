// OpenReplay's tracker as its documentation starts it, with the address of a self-hosted server. `__DISABLE_SECURE_MODE` is what its
// documentation names for a site without https.
import Tracker from '@openreplay/tracker/class'

const tracker = new Tracker({
  projectKey: 'benchbenchbenchbench',
  ingestPoint: new URL('/openreplay', document.currentScript?.src ?? globalThis.benchCollector).href,
  __DISABLE_SECURE_MODE: true,
})
tracker.start()
globalThis.benchFlush = () => tracker.forceFlushBatch()
