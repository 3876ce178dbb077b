// What stays in memory of decoded segments.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Segments } from '../../replay/player/segments.js'

const MB = 1 << 20
const entry = (segment, t_ms) => ({ segment, document: 1, t_ms, until_ms: t_ms + 900, keyframe: true, bytes: 0, contents: [], gap_before: false })
const keep = (segments, one) => segments.keep(`${one.segment}@${one.t_ms}`, { entry: one, ops: [], problems: [], marks: [], bytes: 10 * MB })

test('what is far from the playhead goes first, and what it needs stays', () => {
  const segments = new Segments({ segment: String, content: String })
  const all = Array.from({ length: 12 }, (_, n) => entry(n + 1, n * 1000))
  segments.nowMs = 9_500
  segments.pin([all[0]])
  for (const one of all) keep(segments, one)
  assert.ok(segments.bytes <= 64 * MB)
  assert.deepEqual(all.filter((one) => segments.peek(one)).map((one) => one.segment), [1, 8, 9, 10, 11, 12])
  segments.nowMs = 0
  keep(segments, entry(13, 13_000))
  assert.ok(segments.peek(entry(13, 13_000)), 'what has just come stays')
  assert.ok(segments.bytes <= 64 * MB)
})
