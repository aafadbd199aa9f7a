"""Limits that are set and removed at once wait for each other, the first of them too."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connection, transaction

from impediments.actions.limits import ONE_AT_A_TIME, remove_limit, set_limit
from tests.cast import Cast
from tests.waiting import until

WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


def _waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("verb", [set_limit, remove_limit])
def test_each_waits_for_whoever_holds_them(cast: Cast, verb: Callable[..., object]) -> None:
    fields = {"hours": Decimal(4)} if verb is set_limit else {}

    def run() -> object:
        try:
            return verb(actor=cast.administrator, level=1, **fields)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(ONE_AT_A_TIME)
            other = pool.submit(run)
            until(_waits, what="it waits")
        other.result()
