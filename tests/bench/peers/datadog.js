// Datadog's browser SDK with session replay, as the set-up example of its documentation has it; its intake goes through `proxy`.
import { datadogRum } from '@datadog/browser-rum'

datadogRum.init({
  applicationId: 'bench',
  clientToken: 'benchbenchbenchbenchbenchbenchbenchb',
  site: 'datadoghq.com',
  sessionSampleRate: 100,
  sessionReplaySampleRate: 100,
  trackResources: true,
  trackLongTasks: true,
  trackUserInteractions: true,
  defaultPrivacyLevel: 'mask-user-input',
  proxy: new URL('/datadog', document.currentScript?.src ?? globalThis.benchCollector).href,
})
