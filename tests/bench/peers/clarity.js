// Clarity's recorder, started as its README says: `track` and `content` on, the rest as it comes; it gzips what it uploads.
import { clarity } from 'clarity-js'

clarity.start({
  projectId: 'bench',
  upload: new URL('/clarity', document.currentScript?.src ?? globalThis.benchCollector).href,
  track: true,
  content: true,
})
