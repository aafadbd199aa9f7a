import pytest

from tests.cast import Cast
from tests.funding.scenarios.cast import Plan, make_plan


@pytest.fixture
def plan(cast: Cast) -> Plan:
    return make_plan(cast)
