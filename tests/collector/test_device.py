"""User agents of real browsers, and of what only says that it is one."""

from __future__ import annotations

import pytest

from collector.device import device_of

KIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
CASES = {
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {KIT} Chrome/125.0.0.0 Safari/537.36 Edg/125.0": (
        "desktop", "Edge", "Windows",
    ),
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {APPLE}"
    " Version/17.5 Safari/605.1.15": ("desktop", "Safari", "macOS"),
    "Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0": (
        "desktop", "Firefox", "Linux",
    ),
    f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {KIT} Chrome/125.0.0.0 Safari/537.36": (
        "desktop", "Chrome", "ChromeOS",
    ),
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) {APPLE}"
    " Version/17.5 Mobile/15E148 Safari/604.1": ("phone", "Safari", "iOS"),
    f"Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) {APPLE}"
    " Version/16.6 Mobile/15E148 Safari/604.1": ("tablet", "Safari", "iOS"),
    f"Mozilla/5.0 (Linux; Android 10; K) {KIT} Chrome/125.0.0.0 Mobile Safari/537.36": (
        "phone", "Chrome", "Android",
    ),
    f"Mozilla/5.0 (Linux; Android 13; SM-X906C) {KIT} Chrome/125.0.0.0 Safari/537.36": (
        "tablet", "Chrome", "Android",
    ),
    f"Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) {KIT} Version/6.0 TV Safari/538.1": (
        "other", "Safari", "Tizen",
    ),
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)": (
        "bot", "Googlebot", "",
    ),
    "": ("other", "", ""),
    "\u202e<script>" * 60: ("other", "", ""),
}  # fmt: skip


@pytest.mark.parametrize("agent", CASES)
def test_a_user_agent_names_device_browser_and_system(agent: str) -> None:
    found = device_of(agent, bot=False)
    assert (found.device, found.browser, found.system) == CASES[agent]


def test_what_is_known_to_be_a_bot_is_one_whatever_it_says() -> None:
    agent = f"Mozilla/5.0 (X11; Linux x86_64) {KIT} HeadlessChrome/125.0 Safari/537.36"
    assert device_of(agent, bot=True).device == "bot"
