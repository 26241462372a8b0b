import pytest

from tests.conftest import available
from tests.support import prometheus


@pytest.fixture(scope="session")
def promtool():
    return available(prometheus.promtool)
