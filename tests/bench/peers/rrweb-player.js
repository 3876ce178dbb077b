// rrweb's replayer with its defaults, on a page of its own: the events of a visit come from the server, as one JSON file.
import { Replayer } from '@rrweb/replay'

let replayer

const start = async () => {
  const events = await (await fetch('/events.json')).json()
  replayer = new Replayer(events, { root: document.body })
}
globalThis.benchPlayer = {
  start,
  seek: (t_ms) => replayer.pause(t_ms),
  play: (t_ms) => replayer.play(t_ms),
  frame: () => replayer.iframe,
}
