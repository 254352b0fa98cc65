import pytest

from tests.end_to_end.peers import PeerError, in_continuous_integration, node, peers_unavailable


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


def _skip(reason: str) -> None:
    if in_continuous_integration():
        pytest.fail(reason)
    pytest.skip(reason)
