"""A board on paper: A3, strings at their cards, on one sheet or cut between rows."""

import io
import json
from collections.abc import Callable

import pypdfium2
import pytest
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from planning.models import Card
from tests.browser.pages import no_errors
from tests.browser.plan_pages import NO_STREAM, ready
from tests.cast import make_cast
from tests.planning.cast import make_planned

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# By string the ends that lie on a sheet of paper, each with how far it is from its card's edge, in px.
ENDS = """() => {
    const strings = JSON.parse(document.getElementById("plan-strings").textContent);
    const found = {};
    document.querySelectorAll(".plan-page").forEach((page) => {
        const svg = page.querySelector(".plan-strings");
        for (const one of strings) {
            const line = svg.querySelector(`[data-string="${one.id}"] .line`);
            for (const [end, card, edge, at] of [
                ["provider", one.provider, "right", 0], ["consumer", one.consumer, "left", line.getTotalLength()],
            ]) {
                const there = page.querySelector(`[data-card="${card}"]`);
                if (!there) continue;
                const point = line.getPointAtLength(at).matrixTransform(line.getScreenCTM());
                const box = there.getBoundingClientRect();
                const isBeside = point.y > box.top && point.y < box.bottom;
                found[`${one.id} ${end}`] = isBeside ? Math.abs(point.x - box[edge]) : 999;
            }
        }
    });
    return found;
}"""


def test_a_large_board_is_printed_with_its_strings(as_person: Callable[..., Page], live_server: LiveServer) -> None:
    cast = make_cast()
    plan = make_planned(cast)
    lanes = (plan.falcon, plan.heron, plan.kite, plan.bank)
    for lane in lanes:
        made = (Card(lane=lane, title=f"{lane} {n}", rank=n) for n in range(16))
        for card in made:
            card.increment, card.iteration = plan.increment, plan.iterations[0]
            card.save()
    ends = [plan.card(f"End {lane}", lane, 4) for lane in lanes]
    needs = [plan.need(ends[0], ends[3]), plan.need(ends[2], ends[1]), plan.need(ends[3], ends[2])]
    page = as_person(cast.pmo)
    with no_errors(page, NO_STREAM):
        ready(page, f"{live_server.url}/planning/pi-26-1/board/")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.locator(".plan-page").count() > 1
        # Each row stands on one sheet, and each sheet has the names of the columns.
        rows = page.locator(".plan-page [data-lane]").evaluate_all("(rows) => rows.map((row) => row.dataset.name)")
        assert rows == ["Falcon", "Heron", "Kite", "Bank", "Milestones"]
        assert page.locator(".plan-page thead").count() == page.locator(".plan-page").count()
        found = page.evaluate(ENDS)
        assert sorted(found) == sorted(f"{need.pk} {end}" for need in needs for end in ("provider", "consumer"))
        assert max(found.values()) < 2, json.dumps(found)
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.locator(".plan-page").count() == 0
        paper = pypdfium2.PdfDocument(io.BytesIO(page.pdf(prefer_css_page_size=True)))
        assert {tuple(round(side * 25.4 / 72) for side in sheet.get_size()) for sheet in paper} == {(420, 297)}
        words = paper[1].get_textpage().get_text_range()
        assert "PI 26.1, sheet 2 of" in words
        assert "Iteration 1" in words
