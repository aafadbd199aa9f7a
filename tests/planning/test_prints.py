"""Boards drawn by a worker: asked for once, taken up again when the worker is killed, kept for a day, one's own."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pypdfium2 import PdfDocument

from core import jobs, live
from core.models import AuditEntry, JobState
from planning.actions import printing
from planning.actions.printing import ask_print
from planning.models import Print
from planning.rules import may_follow_print
from tests.cast import Cast
from tests.conftest import Worker
from tests.planning.cast import Planned, make_planned
from tests.waiting import until


@pytest.fixture
def plan(cast: Cast) -> Planned:
    made = make_planned(cast)
    made.need(made.card("Ledger split", made.heron, 3, key="PAY-2"), made.card("Refund API", made.falcon, 1))
    return made


def page(client: Client, cast: Cast, name: str = "pmo") -> str:
    client.force_login(cast.person(name))
    return client.get(reverse("plan-files", args=["pi-26-1"])).content.decode()


def test_from_the_button_to_the_file(client: Client, cast: Cast, plan: Planned) -> None:
    assert 'id="draw-pdf"' in page(client, cast)
    for _ in range(2):
        answer = client.post(reverse("plan-print", args=["pi-26-1"]), {"kind": "pdf"})
        assert answer.headers["Location"] == "/planning/pi-26-1/files/#out"
    # Asked twice while it waits: one job, one entry of the trail.
    row = Print.objects.get()
    assert (row.state, row.asked_by, AuditEntry.objects.filter(verb="had drawn").count()) == ("queued", cast.pmo, 1)
    waiting = page(client, cast)
    assert "Waiting for a worker" in waiting
    assert f'data-live="print:{row.pk}"' in waiting
    file = reverse("plan-print-file", args=["pi-26-1", row.pk])
    assert client.get(file).status_code == 404
    printing.draw(row.pk)
    answer = client.get(file)
    assert answer.headers["Content-Type"] == "application/pdf"
    assert 'filename="payments-train-pi-26-1.pdf"' in answer.headers["Content-Disposition"]
    document = PdfDocument(answer.content)
    assert len(document) == 1
    assert "Refund API" in document[0].get_textpage().get_text_bounded()
    there = page(client, cast)
    assert "Drawn on" in there
    assert "the plan was changed since" not in there
    assert 'data-live="print:' not in there
    plan.card("Later", plan.falcon, 2)
    assert "the plan was changed since" in page(client, cast)
    assert client.post(reverse("plan-print", args=["pi-26-1"]), {"kind": "doc"}).status_code == 404


def test_it_is_ones_own(client: Client, cast: Cast, plan: Planned) -> None:
    mine = ask_print(actor=cast.pmo, increment=plan.increment, kind="pdf")
    theirs = ask_print(actor=cast.viewer, increment=plan.increment, kind="pdf")
    assert mine != theirs
    printing.draw(mine.pk)
    client.force_login(cast.viewer)
    assert client.get(reverse("plan-print-file", args=["pi-26-1", mine.pk])).status_code == 404
    assert [may_follow_print(who, str(mine.pk)) for who in (cast.pmo, cast.viewer, None)] == [True, False, False]
    assert not live.may_listen(cast.pmo, "print:x")


def test_pages_are_told_sheet_by_sheet(cast: Cast, plan: Planned) -> None:
    for n in range(24):
        plan.card(f"Filler {n}", plan.falcon, 1)
    row = ask_print(actor=cast.pmo, increment=plan.increment, kind="pdf")
    topic = [f"print:{row.pk}"]
    printing.draw(row.pk)
    row.refresh_from_db()
    assert row.total > 1
    assert (row.done, len(PdfDocument(bytes(row.content)))) == (row.total, row.total)
    # One event as each sheet is begun, one at the end.
    assert len(live.since(topic, [0])) == row.total + 1


def test_a_new_picture_takes_the_place_of_the_old_and_goes_after_a_day(cast: Cast, plan: Planned) -> None:
    for _ in range(2):
        row = ask_print(actor=cast.pmo, increment=plan.increment, kind="png")
        printing.draw(row.pk)
    assert [bytes(one.content)[:4] for one in Print.objects.all()] == [b"\x89PNG"]
    printing.sweep()
    assert Print.objects.count() == 1
    Print.objects.update(finished_at=timezone.now() - timedelta(days=1, minutes=1))
    printing.sweep()
    assert not Print.objects.exists()


def test_what_kills_its_worker_again_and_again_is_given_up_in_words(client: Client, cast: Cast, plan: Planned) -> None:
    row = ask_print(actor=cast.pmo, increment=plan.increment, kind="pdf")
    Print.objects.update(state=JobState.RUNNING, attempts=3, lease_until=timezone.now() - timedelta(seconds=1))
    printing.draw(row.pk)
    row.refresh_from_db()
    assert (row.state, row.attempts) == (JobState.FAILED, 4)
    text = page(client, cast)
    assert "It was begun 3 times and not finished" in text
    assert 'id="draw-pdf"' in text


def test_a_plan_without_iterations_is_drawn_too(cast: Cast, plan: Planned) -> None:
    made = plan.increment
    empty = type(made).objects.create(train=made.train, slug="next", name="Next", seed=1)
    row = ask_print(actor=cast.pmo, increment=empty, kind="pdf")
    printing.draw(row.pk)
    row.refresh_from_db()
    assert (row.state, row.error) == (JobState.SUCCEEDED, "")


@pytest.mark.django_db(transaction=True)
def test_a_killed_workers_print_is_taken_up_again(cast: Cast, spawn_worker: Callable[[], Worker]) -> None:
    plan = make_planned(cast)
    for n in range(80):
        plan.card(f"Card {n}", plan.falcon if n % 2 else plan.heron, n % 6 + 1)
    worker = spawn_worker()
    row = ask_print(actor=cast.pmo, increment=plan.increment, kind="pdf")
    until(lambda: Print.objects.filter(pk=row.pk, state=JobState.RUNNING, total__gt=0).exists(), what="a worker at it")
    worker.kill()
    # While its lease lasts, nobody else takes it; then the next sweep hands it out.
    printing.draw(row.pk)
    row.refresh_from_db()
    assert (row.state, row.attempts) == (JobState.RUNNING, 1)
    Print.objects.filter(pk=row.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert jobs.hand_out(Print.objects.all()) == [row.pk]
    printing.draw(row.pk)
    row.refresh_from_db()
    assert (row.state, row.attempts) == (JobState.SUCCEEDED, 2)
    assert len(PdfDocument(bytes(row.content))) == row.total
