"""What the pages say is so: their code runs, and what they name exists."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

import click
import lambda_bootstrap
import pytest
from lambda_bootstrap import events, settings
from lambda_bootstrap.context import Context
from lambda_bootstrap_dev.cli.main import program

from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOCS = ROOT / "docs"
SITE = sorted(DOCS.rglob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *SITE]
# Each of these folders of the repository may be the beginning of a path in a page.
FOLDERS = ("benchmarks", "dev", "docs", "examples", "packaging", "runtime", "tests")
FLAGS = re.MULTILINE | re.DOTALL
FENCE = re.compile(r"^(```|~~~).*?^\1", FLAGS)


def name_of(page: Path) -> str:
    """A page's path in the repository."""
    return page.relative_to(ROOT).as_posix()


# Of these, the blocks are run; CONTRIBUTING has pieces of our own code.
RUN = [page for page in PAGES if "```" in page.read_text(encoding="utf-8") and page.name != "CONTRIBUTING.md"]

every_page = pytest.mark.parametrize("page", PAGES, ids=name_of)


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def code(page: Path) -> Iterator[str]:
    """The code of a page: each block, and each piece between backticks."""
    yield from (match.group() for match in FENCE.finditer(page.read_text(encoding="utf-8")))
    yield from re.findall(r"(?<!`)`([^`]+)`", prose(page))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", RUN, ids=name_of)
def test_blocks(page: Path, python: Path, folder: Path, python_image: str) -> None:
    """The blocks of a page run, one after the other, in a folder that has nothing but the wheels."""
    path = f"{python.parent}:{os.environ['PATH']}"
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"PATH": path}
    if python_image:
        environ["PYTHON_IMAGE"] = python_image
    command = [str(python), str(ROOT / "tests" / "docs" / "page.py"), str(page)]
    result = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=500)

    assert result.returncode == 0, result.stdout + result.stderr


@every_page
def test_skips(page: Path) -> None:
    """A block that isn't run says why."""
    skips = re.findall(r"<!-- skip: (.*?) -->", page.read_text(encoding="utf-8"))

    assert [skip for skip in skips if not re.fullmatch(r'next (if\(.+, reason=)?".+"\)?', skip)] == []


@every_page
def test_links(page: Path) -> None:
    """Every relative link leads to a file, and to a heading in it if it names one."""
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        assert not anchor or anchor in anchors(found), target


@pytest.mark.parametrize("page", SITE, ids=name_of)
def test_no_way_out(page: Path) -> None:
    """A page of the site links to no file beside the site, where its readers could not follow."""
    targets = [target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", prose(page))]
    inside = [target for target in targets if target and not target.startswith("https://")]

    assert [target for target in inside if DOCS not in (page.parent / target).resolve().parents] == []


@every_page
def test_paths(page: Path) -> None:
    """Every path of the repository that a page names exists."""
    for text in code(page):
        for path in re.findall(rf"(?<![\w/.-])(?:{'|'.join(FOLDERS)})/[\w./-]*\w", text):
            module = ROOT / path.rpartition(".")[0]  # of a handler's name
            assert (ROOT / path).exists() or module.with_suffix(".py").exists(), path


def test_where_to_add() -> None:
    """Every file that CONTRIBUTING names is there: in the repository, in the package, or beside one of its row."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    places = [ROOT, ROOT / "runtime" / "lambda_bootstrap", *(ROOT / "dev" / "lambda_bootstrap_dev").iterdir()]
    named = re.findall(r"`([\w./]+\.(?:py|md|yml))`", text)

    assert len(named) > 20
    assert [name for name in named if not any((place / name).exists() for place in places)] == []


@every_page
def test_targets(page: Path) -> None:
    """Every target of make that a page names is explained in the Makefile."""
    targets = set(re.findall(r"^([a-z0-9-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {word for text in code(page) for word in re.findall(r"(?:^|[\n$] ?)make ([a-z][a-z0-9-]*)", text)}

    assert named - targets == set()


@every_page
def test_variables(page: Path) -> None:
    """Every variable of ours that a page names is read."""
    named = set(re.findall(r"\bBOOTSTRAP_[A-Z_]+\b", page.read_text(encoding="utf-8")))

    assert named - {setting.name for setting in settings.TABLE} == set()


@every_page
def test_public_names(page: Path) -> None:
    """Every name that a page imports from the package, or with a dot, is there."""
    for text in code(page):
        for names in re.findall(r"from lambda_bootstrap import ([\w, ]+)", text):
            assert set(names.split(", ")) <= {*lambda_bootstrap.__all__, "__version__"}, names


def options(command: click.Command) -> set[str]:
    """The options of a verb, and of the verbs below it."""
    if isinstance(command, click.Group):
        return set().union(*map(options, command.commands.values()))
    return {name for parameter in command.params for name in parameter.opts if name.startswith("--")}


def test_command_line() -> None:
    """The page of the command line has every verb with its options, and no others."""
    text = (DOCS / "reference" / "cli.md").read_text(encoding="utf-8")
    named = set(re.findall(r"--[a-z][a-z-]*", text))

    assert set(re.findall(r"^## lambda-bootstrap (\w+)$", text, re.MULTILINE)) == set(program.commands)
    assert named == {"--help", "--version"}.union(*map(options, program.commands.values()))


@pytest.mark.parametrize("verb", sorted(program.commands))
@every_page
def test_options(page: Path, verb: str) -> None:
    """Every option that a page gives to a verb of the command line exists."""
    for text in code(page):
        for line in re.findall(rf"lambda-bootstrap {verb}\b(.*)", text):
            assert set(re.findall(r"--[a-z-]+", line)) <= options(program.commands[verb]), line


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("events", set(events.__all__)),
        ("context", {name for name in (*Context.__annotations__, *vars(Context)) if name[0] != "_"}),
        ("hooks", {name for name in lambda_bootstrap.__all__ if name.startswith(("on_", "before_"))}),
    ],
)
def test_reference(page: str, names: set[str]) -> None:
    """A page of the reference has every public name of its subject."""
    text = (DOCS / "reference" / f"{page}.md").read_text(encoding="utf-8")

    assert {name for name in names if not re.search(rf"`{name}\b", text)} == set()


def test_index() -> None:
    """Every page of the site stands in its index."""
    text = (DOCS / "README.md").read_text(encoding="utf-8")

    pages = [page.relative_to(DOCS).as_posix() for page in SITE if page != DOCS / "README.md"]

    assert [page for page in pages if f"({page})" not in text] == []


def test_dockerfile() -> None:
    """The tutorial's Dockerfile, which is built and run, is what the guides to deploying and migration have."""
    (tutorial,), (deploy,) = (
        re.findall(
            r'^```dockerfile title="[\w/]*Dockerfile"\n(.*?)^```', (DOCS / page).read_text(encoding="utf-8"), FLAGS
        )
        for page in ("tutorial.md", "guides/deploy.md")
    )
    migration = re.findall(r"^```diff\n(.*?)^```", (DOCS / "guides/migration.md").read_text(encoding="utf-8"), FLAGS)
    after = "".join(line[1:] for line in migration[0].splitlines(keepends=True) if line[0] != "-")

    assert tutorial == deploy == after


def test_readme_is_short() -> None:
    """The README has at most 90 lines and 700 words."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")

    assert len(text.splitlines()) <= 90
    assert len(text.split()) <= 700
