import pytest

from tests.end_to_end.peers import PeerError, in_continuous_integration, node, peers_unavailable
from tests.end_to_end.teams_browser import browser_unavailable


@pytest.fixture(autouse=True, scope="session")
def peers_are_here() -> None:
    reason = peers_unavailable()
    if reason is not None:
        _skip(reason)


@pytest.fixture(scope="session")
def node_is_here() -> None:
    try:
        node()
    except PeerError as problem:
        _skip(str(problem))


@pytest.fixture(scope="session")
def browser_is_here() -> None:
    """In CI too it may be away, where it cannot be installed: .ci/run tries, and says why not."""
    reason = browser_unavailable()
    if reason is not None:
        pytest.skip(reason)


def _skip(reason: str) -> None:
    if in_continuous_integration():
        pytest.fail(reason)
    pytest.skip(reason)
