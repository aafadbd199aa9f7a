"""The components as templates use them."""

from decimal import Decimal

from django import forms
from django.core.paginator import Paginator
from django.template import Context, Template
from django.test import RequestFactory

from core.templatetags.ui import Choice, Entry


def render(text: str, path: str = "/flow/?scope=team:falcon&page=3", **context: object) -> str:
    request = RequestFactory().get(path)
    return Template("{% load ui %}" + text).render(Context({"request": request, **context}))


def test_a_widget_says_question_answer_and_ways() -> None:
    shown = render(
        '{% widget "How long?" answer="85 % within 11 days" why="/why/" csv="/csv/" as_of="14 Feb" stale=True'
        ' freshness="last sync 3 d ago" size="w8" %}<b>{{ inside }}</b>{% endwidget %}',
        inside="<i>",
    )
    assert 'class="widget w8"' in shown
    assert "<h2>How long?</h2>" in shown
    assert "<b>&lt;i&gt;</b>" in shown
    assert 'class="stale">last sync 3 d ago' in shown
    assert 'href="/why/"' in shown
    assert "Rows" not in shown


def test_a_picker_keeps_the_rest_of_the_address_and_drops_the_page() -> None:
    choices = [Choice("Heron", {"scope": "team:heron"}), Choice("All", {"scope": None}, current=True)]
    shown = render('{% picker "Scope" "Falcon" choices=choices %}', "/flow/?from=2026-01-01&page=3", choices=choices)
    assert 'href="?from=2026-01-01&amp;scope=team%3Aheron"' in shown
    assert 'href="?from=2026-01-01" aria-current="true"' in shown


def test_a_picker_form_carries_the_other_parameters() -> None:
    fields = [Entry("as_of", "As of", "2026-02-14")]
    shown = render('{% picker "As of" "now" fields=fields %}', "/flow/?scope=a&as_of=2025-01-01&page=2", fields=fields)
    assert '<input type="hidden" name="scope" value="a">' in shown
    assert 'name="as_of" value="2026-02-14"' in shown
    assert 'value="2025-01-01"' not in shown
    assert 'name="page"' not in shown


def test_a_pager_says_which_of_how_many() -> None:
    page = Paginator(range(1234), 50).page(2)
    shown = render('{% pager page "item" %}', "/items/?q=x&page=2", page=page)
    assert "51 to 100 of 1,234 items" in shown
    assert 'href="?q=x&amp;page=1"' in shown
    assert 'href="?q=x&amp;page=3"' in shown
    assert "1 item" in render('{% pager page "item" %}', page=Paginator([1], 50).page(1))


def test_a_column_sorts_up_then_down() -> None:
    assert 'href="?sort=age"' in render('{% sort "Age" "age" %}', "/items/")
    up = render('{% sort "Age" "age" %}', "/items/?sort=age")
    assert 'aria-sort="ascending"' in up
    assert 'href="?sort=-age"' in up
    assert 'href="?sort=age"' in render('{% sort "Age" "age" %}', "/items/?sort=-age")


def test_a_bar_stays_inside_its_frame() -> None:
    assert 'width="56.67" height="8"' in render('{% bar 340 600 mark=300 label="x" %}')
    assert 'x="50.00"' in render('{% bar 340 600 mark=300 label="x" %}')
    assert 'width="100.00"' in render("{% bar 9 3 %}")
    assert 'width="0.00"' in render("{% bar 9 0 %}")


def test_crumbs_end_with_text() -> None:
    shown = render('{% crumbs "Flow" "/flow/" team "" %}', team="<Falcon>")
    assert '<a href="/flow/">Flow</a>' in shown
    assert "<li>&lt;Falcon&gt;</li>" in shown


def test_money_has_cents_only_below_a_thousand() -> None:
    said = [render("{{ one|amount }}", one=Decimal(one)) for one in ("14477.64", "-1000.5", "999.5", "12")]
    assert said == ["14,478", "\u22121,000", "999.50", "12"]


def test_a_number_field_shows_whole_amounts_without_zeros() -> None:
    class Ask(forms.Form):
        cost = forms.DecimalField()

    assert 'value="620000"' in str(Ask({"cost": "620000.00"})["cost"])
    assert 'value="0.50"' in str(Ask({"cost": "0.50"})["cost"])
    assert 'value="abc"' in str(Ask({"cost": "abc"})["cost"])
