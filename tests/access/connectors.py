"""Sources, with their API."""

from typing import Any

from tests.access.people import KNOWN, MANAGE_FALCON, OF_FALCON, SOURCE, Row, post

RUN: dict[str, Any] = {**SOURCE, "run_id": "{run.pk}"}
ROUTES: dict[str, list[Row]] = {
    # sources
    "sources": [Row(KNOWN)],
    "source-choose": [Row(MANAGE_FALCON)],
    "source-add": [Row(MANAGE_FALCON, {"tool": "git"})],
    "source": [Row(OF_FALCON, SOURCE)],
    "source-settings": [Row(MANAGE_FALCON, SOURCE)],
    "source-mapping": [Row(MANAGE_FALCON, SOURCE)],
    "source-quality": [Row(OF_FALCON, SOURCE)],
    "source-sync": [post(MANAGE_FALCON, **SOURCE)],
    "source-pause": [post(MANAGE_FALCON, **SOURCE)],
    "source-resume": [post(MANAGE_FALCON, **SOURCE)],
    "source-delete": [Row(MANAGE_FALCON, SOURCE), post(MANAGE_FALCON, **SOURCE)],
    "source-run": [Row(OF_FALCON, RUN)],
    "source-run-progress": [Row(OF_FALCON, RUN)],
    "source-run-cancel": [post(MANAGE_FALCON, **RUN)],
    "api-source-list": [
        Row(KNOWN),
        post(MANAGE_FALCON, {"tool": "git", "name": "Books", "team": "falcon", "settings": {"url": "/srv/books.git"}}),
    ],
    "api-source-detail": [Row(OF_FALCON, SOURCE), Row(MANAGE_FALCON, SOURCE, "delete")],
    "api-source-quality": [Row(OF_FALCON, SOURCE)],
    "api-source-sync": [post(MANAGE_FALCON, **SOURCE)],
    "api-source-pause": [post(MANAGE_FALCON, **SOURCE)],
    "api-source-resume": [post(MANAGE_FALCON, **SOURCE)],
    "api-source-check": [Row(MANAGE_FALCON, SOURCE, "post", served=400)],
    "api-run-list": [Row(OF_FALCON, SOURCE)],
    "api-run-detail": [Row(OF_FALCON, {**SOURCE, "pk": "{run.pk}"})],
    "api-run-rejections": [Row(OF_FALCON, {**SOURCE, "pk": "{run.pk}"})],
    "api-run-cancel": [post(MANAGE_FALCON, **SOURCE, pk="{run.pk}")],
}
