"""What the tests show of each feature on each platform, read from their marks without running them.

A test says what it shows: `@pytest.mark.shows("mention", "follow_up")`, with the keys of tests/parity.py. Of which
platform stands in its file's name, else in the mark: `@pytest.mark.shows("one_community", on=("slack", "teams"))`.
"""

import ast
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

TESTS = Path(__file__).parent
MARK = "shows"
_ENDS_EARLY = frozenset({"skip", "skipif", "xfail", "importorskip"})


class Platform(StrEnum):
    SLACK = "slack"
    TEAMS = "teams"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """What people can do, in their words. `forbids` says why a platform has no such thing, `limits` where it ends."""

    key: str
    people_can: str
    forbids: Mapping[Platform, str] = field(default_factory=dict)
    limits: Mapping[Platform, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One mark of a test: what the test shows. An end-to-end one speaks with a program that plays the platform."""

    test: str
    path: str
    keys: Sequence[str]
    platforms: Sequence[str]
    is_run: bool = True

    @property
    def is_end_to_end(self) -> bool:
        return self.path.startswith("tests/end_to_end/")


Awaited = Mapping[Platform, Collection[str]]
"""By platform, the keys of features whose test is still to come."""


def read_proofs(tests: Path = TESTS) -> Sequence[Proof]:
    """Of every test that has a mark, in the order of files and lines. ValueError where a mark cannot be read."""
    found: list[Proof] = []
    for path in sorted(tests.rglob("test_*.py")):
        source = path.read_text(encoding="utf-8")
        if f"mark.{MARK}" in source:
            found += proofs_in(source, path.relative_to(tests.parent).as_posix())
    return found


def proofs_in(source: str, path: str) -> Iterator[Proof]:
    module = ast.parse(source)
    functions = [each for each in module.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
    marked = {function.name: _marks(function) for function in functions}
    elsewhere = _count(module, _is_mark) - sum(len(marks) for marks in marked.values())
    strangers = [name for name, marks in marked.items() if marks and not name.startswith("test_")]
    if elsewhere or strangers:
        raise ValueError(f"{path}: only a test of its own, at the top of its module, shows something. {strangers}")
    is_module_run = not any(_count(each, _is_early_end) for each in module.body if each not in functions)
    for function in functions:
        is_run = is_module_run and not _count(function, _is_early_end)
        for mark in marked[function.name]:
            keys, platforms = tuple(_keys(mark, path)), tuple(_platforms(mark, path))
            yield Proof(test=function.name, path=path, keys=keys, platforms=platforms, is_run=is_run)


def faults(features: Collection[Feature], proofs: Collection[Proof], awaited: Awaited) -> Iterator[str]:
    """What does not hold between the list and the tests, each in a sentence."""
    known = {each.key: each for each in features}
    if len(known) != len(features):
        yield "Two features have one key."
    for proof in proofs:
        yield from _faults_of(proof, known)
    for platform in Platform:
        shown = {key for proof in proofs if platform in proof.platforms for key in proof.keys}
        missing = known.keys() - shown - {key for key, each in known.items() if platform in each.forbids}
        waits = set(awaited.get(platform, ()))
        yield from (f"No test shows “{key}” in {platform.title()}." for key in sorted(missing - waits))
        yield from (f"Take “{key}” out of AWAITED of {platform.title()}." for key in sorted(waits - missing))


def _faults_of(proof: Proof, known: Mapping[str, Feature]) -> Iterator[str]:
    if not proof.is_run:
        yield f"{proof.test} shows nothing while it may be skipped or fail."
    if not proof.keys or not proof.platforms:
        yield f"{proof.test} names no feature, or no platform: its file's name has none, so say on=…"
    yield from (f"{proof.test} shows “{key}”, which is no feature." for key in proof.keys if key not in known)
    for key in proof.keys:
        for platform in known[key].forbids if key in known else ():
            if platform in proof.platforms:
                yield f"{proof.test} shows “{key}”, which {platform.title()} is said to forbid."


def _marks(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.Call]:
    return [each for each in function.decorator_list if isinstance(each, ast.Call) and _is_mark(each.func)]


def _is_mark(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and ast.unparse(node) == f"pytest.mark.{MARK}"


def _is_early_end(node: ast.AST) -> bool:
    """Also where it stands in a parameter, or in a helper's call within the test."""
    return isinstance(node, ast.Attribute) and node.attr in _ENDS_EARLY and ast.unparse(node).startswith("pytest.")


def _count(tree: ast.AST, wanted: Callable[[ast.AST], bool]) -> int:
    return sum(map(wanted, ast.walk(tree)))


def _keys(mark: ast.Call, path: str) -> Sequence[str]:
    keys = [each.value for each in mark.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    if len(keys) != len(mark.args):
        raise ValueError(f"{path}:{mark.lineno}: a feature's key stands in the mark as it is.")
    return keys


def _platforms(mark: ast.Call, path: str) -> Sequence[str]:
    for keyword in mark.keywords:
        named = ast.literal_eval(keyword.value)
        platforms = (named,) if isinstance(named, str) else tuple(named)
        if keyword.arg != "on" or not set(platforms) <= set(Platform):
            raise ValueError(f"{path}:{mark.lineno}: on= names platforms, of {', '.join(Platform)}.")
        return platforms
    name = path.rpartition("/")[2]
    return [platform for platform in Platform if f"_{platform}" in name]
