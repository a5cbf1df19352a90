"""What must stay true of the repository itself."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ENGINES = ("platform", "form_engine", "flow_engine", "web")
BUSINESS = re.compile(
    r"\b(leas(?:e|es|ing)|lessees?|landlords?|rent(?:s|al|als)?|repairs?|contracts?|payments?|bills?|invoices?|deposits?)\b"
    r"|押金|租金|租约|租客|房东|报修|合同|账单|付款|缴费",
    re.IGNORECASE,
)
MEANT_OTHERWISE = {
    "platform/formloom/outbox/": "lease",  # how long a worker holds a piece of work
    "platform/formloom/models/work.py": "lease",
    "form_engine/formula/numerals.py": "bills",  # the central bank's rule for writing amounts
    "web/client/formula/vectors.test.ts": "payment",  # the form of the vectors that both sides share
    "web/headers.py": "payment",  # a power of browsers that pages do without
}
"""Where such a word is no business word, and which: paths by their beginning."""


def tracked(*suffixes: str) -> list[Path]:
    """The repository's files with one of these endings."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listing.split("\0") if name.endswith(suffixes) and (ROOT / name).is_file()]


def test_pythons_own_platform_module_stays_itself() -> None:
    """The kernel's folder has the name of a standard module; as a plain source root it must not shadow it."""
    assert not (ROOT / "platform" / "__init__.py").exists()
    code = "import uuid, sqlalchemy, platform; assert platform.python_version(), platform"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_python_locks_carry_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    assert "://" not in text
    pinned = re.findall(r"^[a-z0-9][^\n]*==[^\n]*(?:\n    [^\n]*)*", text, re.MULTILINE)
    assert len(pinned) > 40
    assert all("--hash=sha256:" in entry for entry in pinned)


def test_what_is_imported_is_declared_and_what_is_declared_is_imported() -> None:
    own = {"formloom", "form_engine", "flow_engine", "apps", "web", "migrations"}
    names = {
        name.split(".")[0]
        for path in tracked(".py")
        if path.relative_to(ROOT).parts[0] in {"platform", *own, "wsgi.py"}
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom) and not getattr(node, "level", 0)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names])
    }
    bringing = packages_distributions()
    imported = {bringing[name][0].lower().replace("_", "-") for name in names - own - sys.stdlib_module_names}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = {re.split(r"[\[<>=]", line)[0] for line in project["dependencies"]}
    assert declared - imported == set()
    assert imported - declared == set()


def test_the_node_lock_carries_integrity_and_no_address() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"]
    assert not [name for name, entry in packages.items() if "resolved" in entry]
    # What is bundled comes inside of the package around it, and under that one's hash.
    own = [entry for name, entry in packages.items() if name and not (entry.get("link") or entry.get("inBundle"))]
    assert all("integrity" in entry for entry in own)


def business_words(name: str, line: str) -> set[str]:
    excepted = {word for path, word in MEANT_OTHERWISE.items() if name.startswith(path)}
    return {found[0].lower() for found in BUSINESS.finditer(line)} - excepted


def test_no_business_word_in_the_engines() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in tracked(".py", ".ts", ".svelte", ".html", ".sql", ".css", ".json")
        if path.relative_to(ROOT).parts[0] in ENGINES
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if business_words(path.relative_to(ROOT).as_posix(), line)
    ]
    assert found == []


def test_no_python_in_an_app_bundle() -> None:
    bundles = [manifest.parent for manifest in (ROOT / "apps").glob("*/app.json")]
    assert bundles
    assert [path for bundle in bundles for path in bundle.rglob("*") if path.is_file() and path.suffix != ".json"] == []


def test_files_stay_small() -> None:
    """Past 400 lines a file is really two (migrations are frozen history, catalogues and locks are not code)."""
    large = [
        str(path.relative_to(ROOT))
        for path in tracked(".py", ".ts", ".svelte", ".css", ".html", ".sql")
        if path.relative_to(ROOT).parts[0] != "migrations" and len(path.read_text("utf-8").splitlines()) > 400
    ]
    assert large == []
