"""The full-size planning board in a real browser and over the live stream.

`python -m bench.board URL [LIVE_URL]`, with VMO_HOME and PORT of the portal that answers there; it makes the board
(bench/full_board.py) when it is not there, and writes bench/results/board.json and board.md.

* First usable view: from the start of the navigation until cards and strings stand, in a browser that has the portal's
  files in its cache (all but the first view).
* Drop to redraw: from the key that drops a card until the frame stands that shows it there, with its strings (what
  browsers report as the duration of the key, in steps of 8 ms).
* Drop to chance: from the key that drops a card until the frame after its new chance to land is shown, reckoned by the
  worker from the history of the teams (bench/full_history.py).
* Fan-out: from the moment a move is sent until each of 200 listeners holds its event.
"""

import asyncio
import json
import os
import re
import statistics
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from asgiref.sync import sync_to_async

STORED = Path(__file__).parent / "results"
VIEWS, DROPS, MOVES, LISTENERS = 9, 20, 30, 200
NUMBER = re.compile(rb'"number":(\d+)')
AIMS = {"first view, s": 2.0, "drop to redraw, ms": 100, "drop to chance, ms": 300, "fan-out p95, ms": 150}

# Takes a card up, to the column beside it, and puts it down: milliseconds until what the page does then is done.
DROPPED = """async (id) => {
    const card = () => document.querySelector(`[data-card="${id}"]`);
    const press = (key) => card().dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
    card().focus();
    press(" ");
    await frame();
    const column = card().closest("td").cellIndex;
    press(column > 3 ? "ArrowLeft" : "ArrowRight");
    await frame();
    const board = document.querySelector("[data-plan]");
    const done = %s;
    const begin = performance.now();
    press(" ");
    const isThere = await done;
    await frame();
    return isThere === false ? null : performance.now() - begin;
}"""
OBSERVE = """() => {
    window.spent = [];
    const keep = (list) => spent.push(...list.getEntriesByName("keydown").map((one) => one.duration));
    new PerformanceObserver(keep).observe({ type: "event", durationThreshold: 16 });
}"""
COLUMN = """(id) => {
    const card = document.querySelector(`[data-card="${id}"]`);
    card.focus();
    return card.closest("td").cellIndex;
}"""
DRAWN = '() => document.querySelector("[data-plan]").addEventListener("plan:drawn", () => { spent.drawn = true; })'
# The card's own chance: told once it differs.
CHANCE = (
    DROPPED
    % """new Promise((done) => {
        const heard = ({ detail: { kind, data } }) => kind === "chances" && String(id) in data.cards && over(true);
        const over = (said) => { board.removeEventListener("live", heard); done(said); };
        board.addEventListener("live", heard);
        setTimeout(over, 5000, false);
    })"""
)


def percentile(values: list[float], p: int) -> float:
    """Nearest rank."""
    ordered = sorted(values)
    return ordered[max(0, -(-p * len(ordered) // 100) - 1)]


def summed(values: list[float], digits: int = 0) -> dict[str, float]:
    found = {
        "n": len(values),
        "median": statistics.median(values),
        "p95": percentile(values, 95),
        "max": max(values),
    }
    return {name: round(value, digits) if digits else round(value) for name, value in found.items()}


def session() -> tuple[str, str, str]:
    """Name and value of a session cookie of somebody who manages every train, and the token for writing."""
    from django.conf import settings
    from django.middleware.csrf import _get_new_csrf_string  # type: ignore[attr-defined]
    from django.test import Client

    from accounts.models import User
    from portfolio.models import Grant

    user, _ = User.objects.get_or_create(email="bench@example.org", defaults={"name": "Bench"})
    Grant.objects.get_or_create(user=user, role="pmo")
    client = Client()
    client.force_login(user)
    return settings.SESSION_COOKIE_NAME, client.cookies[settings.SESSION_COOKIE_NAME].value, _get_new_csrf_string()


def in_browser(url: str, cookie: tuple[str, str], cards: list[int]) -> dict[str, list[float]]:
    """Seconds of views and milliseconds of drops, in Chromium at 1920 × 1080."""
    from playwright.sync_api import sync_playwright

    from tests.browser.pages import FLAGS

    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        context = browser.new_context(viewport={"width": 1920, "height": 1080})
        context.add_cookies([{"name": cookie[0], "value": cookie[1], "url": url}])
        page = context.new_page()
        views = [viewed(page, url) for _ in range(VIEWS + 1)]
        # The view settings of an earlier run and the first paint are over.
        page.wait_for_timeout(1500)
        page.evaluate(OBSERVE)
        page.evaluate(DRAWN)
        drops = [dropped(page, card) for card in cards[:DROPS]]
        browser.close()
    return {"first": views[:1], "views": views[1:], "drops": drops}


def dropped(page: Any, card: int) -> float:
    """Milliseconds of the drop of a card that was carried into the column beside its own."""
    column = page.evaluate(COLUMN, card)
    page.keyboard.press("Space")
    page.wait_for_timeout(400)
    page.keyboard.press("ArrowLeft" if column > 3 else "ArrowRight")
    page.wait_for_timeout(600)
    page.evaluate("() => { spent.length = 0; spent.drawn = false; }")
    page.keyboard.press("Space")
    page.wait_for_function("() => spent.drawn")
    # Until the browser has reported it, and the portal's answer is drawn too.
    page.wait_for_timeout(1000)
    return float(page.evaluate("() => spent[0] ?? 16"))


def chance_after_drop(url: str, cookie: tuple[str, str], increment: Any) -> list[float]:
    """Milliseconds from drops until the card shows another chance; of cards whose chance a column moves."""
    from playwright.sync_api import sync_playwright

    from planning.models import CardChance
    from tests.browser.pages import FLAGS

    told(increment)
    rows = CardChance.objects.filter(
        card__increment=increment, chance__gt=0.1, chance__lt=0.9, card__iteration__number__lte=4
    )
    cards = list(rows.order_by("card").values_list("card", flat=True))
    found: list[float] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or "/usr/bin/chromium", args=FLAGS
        )
        context = browser.new_context(viewport={"width": 1920, "height": 1080})
        context.add_cookies([{"name": cookie[0], "value": cookie[1], "url": url}])
        page = context.new_page()
        viewed(page, f"{url}planning/{increment.slug}/board/")
        page.wait_for_selector("[data-live-state=live]", state="attached")
        page.wait_for_timeout(1500)
        # The first one warms the worker up.
        for card in cards[: DROPS + 1]:
            found.append(page.evaluate(CHANCE, card))
            page.wait_for_timeout(500)
        browser.close()
    shown = [spent for spent in found[1:] if spent is not None]
    if not shown:
        raise SystemExit("No chance was told after a drop: is the worker of the quick queue running?")
    return shown


def told(increment: Any) -> None:
    """Teams with a history, and chances by it."""
    from django.utils import timezone

    from bench import full_history
    from planning import chances

    full_history.make(increment, timezone.localdate())
    chances.reckon(increment.pk)


def viewed(page: Any, url: str) -> float:
    page.goto(url)
    page.wait_for_selector(".plan-strings .string", state="attached")
    ready = "() => performance.getEntriesByName('plan-ready')[0].startTime / 1000"
    return float(page.evaluate(ready))


class Ears:
    """So many open streams of one board; when each held the event of a line."""

    def __init__(self, live: str, topic: str, cookie: tuple[str, str]) -> None:
        self.live, self.topic, self.cookie = urlsplit(live), topic, cookie
        self.heard: dict[int, list[float]] = {}
        self.open = 0

    async def listen(self) -> None:
        assert self.live.hostname
        reader, writer = await asyncio.open_connection(self.live.hostname, self.live.port or 80)
        path = f"{self.live.path or '/live/'}?topic={self.topic}"
        host = f"{self.live.hostname}:{self.live.port}"
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {'='.join(self.cookie)}\r\n\r\n".encode())
        async for line in reader:
            if line.startswith(b"retry:"):
                self.open += 1
            elif line.startswith(b"data:") and b'"written"' in line:
                now = time.perf_counter()
                # Not the whole of it: 200 readings here would count as waiting there.
                found = NUMBER.search(line)
                assert found, line
                self.heard.setdefault(int(found[1]), []).append(now)


async def fan_out(url: str, live: str, topic: str, cookie: tuple[str, str], token: str, cards: list[Any]) -> Any:
    """Milliseconds from sending a move to each listener; and how many events were not heard within 10 s."""
    import httpx

    ears = Ears(live, topic, cookie)
    tasks = [asyncio.create_task(ears.listen()) for _ in range(LISTENERS)]
    while ears.open < LISTENERS:
        await asyncio.sleep(0.1)
    spent: list[float] = []
    answered: list[float] = []
    cookies = {cookie[0]: cookie[1], "csrftoken": token}
    headers = {"X-Requested-With": "board", "X-CSRFToken": token, "Referer": url}
    async with httpx.AsyncClient(cookies=cookies, headers=headers, timeout=30) as client:
        for card in cards[:MOVES]:
            await sync_to_async(card.refresh_from_db)()
            begin = time.perf_counter()
            answer = await client.post(
                f"{url}planning/cards/{card.pk}/move/", data={"cell": "parking", "version": card.version}
            )
            answered.append(1000 * (time.perf_counter() - begin))
            number = answer.json()["number"]
            for _ in range(1000):
                if len(ears.heard.get(number, ())) >= LISTENERS:
                    break
                await asyncio.sleep(0.01)
            spent += [1000 * (at - begin) for at in ears.heard.get(number, [])]
            await client.post(f"{url}planning/full-size/undo/")
            # Until the chances after both are reckoned.
            await asyncio.sleep(1)
    for task in tasks:
        task.cancel()
    return {
        "heard": spent,
        "answered": answered,
        "lost": len(cards[:MOVES]) * LISTENERS - len(spent),
        "sent": len(cards[:MOVES]),
    }


def report(found: dict[str, Any]) -> str:
    rows = "\n".join(
        f"| {name} | {one['n']} | {one['median']} | {one['p95']} | {one['max']} |"
        for name, one in found.items()
        if isinstance(one, dict)
    )
    return f"""# The full-size planning board

Made by `python -m bench.board` on two cores{found["note"]}.
30 teams × 6 iterations, {found["cards"]} cards, {found["strings"]} strings.
Aims: first view under 2 s, drop to redraw under 100 ms, drop to chance under 300 ms, fan-out p95 at most 150 ms.

| what | n | median | p95 | most |
|---|---:|---:|---:|---:|
{rows}

{found["lost"]} of {found["sent"] * LISTENERS} events were not heard.
"""


def main(url: str, live: str, note: str = "") -> None:
    from django.utils import timezone

    from bench.full_board import make
    from planning.models import Card

    increment = make(on=timezone.localdate())
    planned = Card.objects.filter(increment=increment, removed_at=None, iteration__number__lte=5, lane__kind="team")
    cards = list(planned)
    name, value, token = session()
    url = url.rstrip("/") + "/"
    browser = in_browser(f"{url}planning/{increment.slug}/board/", (name, value), [card.pk for card in cards[::13]])
    shown = chance_after_drop(url, (name, value), increment)
    live = live or url + "live/"
    heard = asyncio.run(fan_out(url, live, f"increment:{increment.pk}", (name, value), token, list(planned)[1::9]))
    found = {
        "cards": Card.objects.filter(increment=increment, removed_at=None).count(),
        "strings": increment.dependencies.filter(removed_at=None).count(),
        "note": f", {note}" if note else "",
        "lost": heard["lost"],
        "sent": heard["sent"],
        "first view with empty cache, s": summed(browser["first"], 2),
        "first view, s": summed(browser["views"], 2),
        "drop to redraw, ms": summed(browser["drops"]),
        "drop to chance, ms": summed(shown),
        "move answered, ms": summed(heard["answered"]),
        f"move sent to heard by {LISTENERS}, ms": summed(heard["heard"]),
    }
    STORED.mkdir(exist_ok=True)
    (STORED / "board.json").write_text(json.dumps(found | {"aims": AIMS}, indent=1) + "\n")
    (STORED / "board.md").write_text(report(found))
    print(report(found))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vmo.settings")
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    import django

    django.setup()
    main(*[*sys.argv[1:], "", ""][:3])
