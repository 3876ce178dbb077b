"""How fast a player is. In come a page and what to do, out come times in ms of the browser's own
clock, and what stays in memory."""

from __future__ import annotations

from collections.abc import Sequence

from playwright.sync_api import Page

_COMPLETE = """() => new Promise(done => {
  const player = document.getElementById('player')
  const check = () => player.dataset.state !== 'loading' && done(performance.now())
  new MutationObserver(check).observe(player, { attributeFilter: ['data-state'] })
  check()
})"""
_SEEKS = """async times => {
  const took = []
  for (const t of times) {
    const from = performance.now()
    await visitreelPlayer.seek(t)
    took.push(performance.now() - from)
  }
  return took
}"""
_FRAMES = """ms => new Promise(done => {
  const gaps = []
  let last = performance.now()
  const end = last + ms
  const tick = now => {
    gaps.push(now - last)
    last = now
    if (now < end) requestAnimationFrame(tick)
    else done(gaps.slice(1))
  }
  requestAnimationFrame(tick)
})"""


def first_frame_ms(page: Page, url: str) -> float:
    """From following a link to its first frame, complete and painted."""
    page.goto(url, wait_until="commit")
    page.wait_for_selector("#player", state="attached")
    took: float = page.evaluate(_COMPLETE)
    return took


def seeks_ms(page: Page, times: Sequence[int]) -> list[float]:
    """Each seek, until its frame is complete and painted."""
    took: list[float] = page.evaluate(_SEEKS, list(times))
    return took


def frame_gaps_ms(page: Page, during_ms: int) -> list[float]:
    """The times between the frames that the browser paints."""
    gaps: list[float] = page.evaluate(_FRAMES, during_ms)
    return gaps


def held_bytes(page: Page) -> int:
    """About what the player keeps of decoded segments."""
    held: int = page.evaluate("() => visitreelPlayer.held().bytes")
    return held


def share_at(values: Sequence[float], share: float) -> float:
    """The value that this share of all stays below, such as 0.95."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
