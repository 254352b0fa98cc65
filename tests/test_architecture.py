"""What import-linter has no contract for; the rest of the house's rule stands in pyproject.toml."""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_conversation_imports_only_the_standard_library_and_knowledge() -> None:
    allowed = sys.stdlib_module_names | {"bot", "knowledge"}
    for path in (ROOT / "bot").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            strangers = [name for name in names if name.partition(".")[0] not in allowed]
            assert not strangers, f"{path.relative_to(ROOT)} imports {strangers}"
