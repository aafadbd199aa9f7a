"""What every page must be, whoever looks and however: `audit_page(page, url)`."""

from collections.abc import Iterator
from contextlib import contextmanager

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDTHS = (1280, 375)
NARROWEST = 320
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@contextmanager
def no_errors(page: Page, ignore: tuple[str, ...] = ()) -> Iterator[None]:
    """Fails when the page writes an error to the console, throws, or a request of it fails."""
    errors: list[str] = []

    def note(text: str) -> None:
        if not any(part in text for part in ignore):
            errors.append(text)

    listeners = {
        "console": lambda message: note(f"console: {message.text}") if message.type in {"error", "warning"} else None,
        "pageerror": lambda error: note(f"thrown: {error}"),
        "response": lambda answer: note(f"{answer.status} {answer.url}") if answer.status >= 400 else None,
    }
    for event, listener in listeners.items():
        page.on(event, listener)  # type: ignore[call-overload]
    try:
        yield
    finally:
        for event, listener in listeners.items():
            page.remove_listener(event, listener)
    assert not errors, "\n".join([page.url, *errors])


def violations(page: Page) -> list[str]:
    """What axe finds, a line per kind with the first places."""
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": WCAG}}).response["violations"]
    return [
        f"{one['id']}: {one['help']} at {[node['target'] for node in one['nodes'][:4]]}"
        + (f" {one['nodes'][0].get('failureSummary', '')}" if one["id"] == "color-contrast" else "")
        for one in found
    ]


def too_wide(page: Page) -> list[str]:
    """Elements that make the page scroll sideways; none when it does not."""
    return list(
        page.evaluate(
            """() => {
                const width = document.documentElement.clientWidth;
                if (document.documentElement.scrollWidth <= width) return [];
                return [...document.body.querySelectorAll("*")]
                    .filter((e) => e.getBoundingClientRect().right > width + 1)
                    .slice(0, 5)
                    .map((e) => `${e.tagName}.${e.className} to ${Math.round(e.getBoundingClientRect().right)} px`);
            }"""
        )
    )


def audit_page(page: Page, url: str, *, ignore: tuple[str, ...] = (), ready: str = "main") -> None:
    """Open `url` in both themes, wide and narrow: no axe violation, no error, no sideways scrolling, one h1.

    `ready` is a selector that is there when the page is done; `ignore` are parts of messages that are meant.
    """
    problems: list[str] = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            with no_errors(page, ignore):
                page.goto(url)
                page.wait_for_selector(ready)
            problems += [f"{theme} {width}: {problem}" for problem in violations(page)]
            problems += [f"{theme} {width}: too wide: {problem}" for problem in too_wide(page)]
    page.set_viewport_size({"width": NARROWEST, "height": 640})
    problems += [f"{NARROWEST}: too wide: {problem}" for problem in too_wide(page)]
    assert not problems, "\n".join([url, *problems])
