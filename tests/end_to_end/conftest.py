import pytest

from tests.end_to_end.peers import in_continuous_integration, peers_unavailable


@pytest.fixture(autouse=True, scope="session")
def peers_are_here() -> None:
    reason = peers_unavailable()
    if reason is not None and in_continuous_integration():
        pytest.fail(reason)
    if reason is not None:
        pytest.skip(reason)
