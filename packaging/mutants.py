"""
Break the code in small ways, one at a time, and print the breaks that no fast test notices.

Owns: which modules, which of their mutants, and which tests each of these has to face. Refuses to know: how code is
broken, which is cosmic-ray's business. It happens in copies of the tree, never in the tree itself.

A mutant faces the tests of `make quick` that reach its line, then all of its module's own test files, which may start
processes. A test that takes far too long has noticed it too: mutants make endless loops.
"""

# ruff: noqa: INP001 -- a package called "packaging" would hide the one that pytest imports
from __future__ import annotations

import argparse
import ast
import json
import os
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain, zip_longest
from pathlib import Path
from queue import SimpleQueue

from cosmic_ray import plugins
from cosmic_ray.ast import ast_nodes, get_ast_from_path
from cosmic_ray.mutating import mutate_and_test
from cosmic_ray.testing import run_tests
from cosmic_ray.work_item import MutationSpec, TestOutcome

HERE = Path(__file__)
ROOT = HERE.parent.parent
WORK = ROOT / "build" / "mutants"
AREAS = {"runtime": "runtime/lambda_bootstrap", "emulator": "dev/lambda_bootstrap_dev", "packaging": "packaging"}
SOURCES = ("runtime", "dev", "packaging")
PYTEST = [str(ROOT / ".venv" / "bin" / "python"), "-m", "pytest", "-qx", "--no-header", "-pno:cacheprovider"]
# For the same value on all that code compares with them, or for nothing that a test could see.
NOT_TRIED = re.compile(r"Comparison\w+_(Is|IsNot)$|Comparison\w+_Is_Eq$|Comparison\w+_IsNot_NotEq$|RemoveDecorator")
SURVIVED = TestOutcome.SURVIVED
SECONDS = 90  # for all tests of a mutant, which take one or two
# Own test files where the names do not say so.
OWN = {
    "runtime/lambda_bootstrap/__main__.py": ["tests/test_module.py"],
    "runtime/lambda_bootstrap/transport.py": ["tests/test_client.py"],
    "runtime/lambda_bootstrap/integrations/opentelemetry.py": ["tests/integrations/test_spans.py"],
    "runtime/lambda_bootstrap/integrations/urllib3.py": ["tests/test_client.py"],
    "runtime/lambda_bootstrap/web/response.py": ["tests/web/test_stream.py"],
    "dev/lambda_bootstrap_dev/__main__.py": ["tests/cli/test_run.py"],
    "dev/lambda_bootstrap_dev/cli/main.py": ["tests/cli/test_run.py"],
    "dev/lambda_bootstrap_dev/cli/output.py": ["tests/cli/test_run.py"],
    "dev/lambda_bootstrap_dev/cli/serve.py": ["tests/cli/test_run.py"],
    "dev/lambda_bootstrap_dev/cli/verb.py": ["tests/cli/test_run.py"],
    "dev/lambda_bootstrap_dev/emulator/function.py": ["tests/emulator/test_process.py"],
    "dev/lambda_bootstrap_dev/emulator/session.py": ["tests/cli/test_run.py"],
    "dev/lambda_bootstrap_dev/emulator/values.py": ["tests/emulator/test_rules.py", "tests/emulator/test_server.py"],
    "dev/lambda_bootstrap_dev/emulator/wire.py": ["tests/emulator/test_limits.py", "tests/emulator/test_server.py"],
    "dev/lambda_bootstrap_dev/testing.py": ["tests/emulator/test_testing.py"],
}


@dataclass
class Module:
    """A module, as a path from the root, its own test files, who reaches which line, and what came of its mutants."""

    path: str
    own: list[str]
    reached: dict[int, set[str]]
    mutants: list[MutationSpec]
    outcomes: Counter[str] = field(default_factory=Counter)
    is_green: bool | None = None  # unbroken, its own test files are

    def tests(self, mutant: MutationSpec) -> list[str]:
        """The tests that a mutant has to face: those of its lines, or of the whole module, and the module's own."""
        lines = range(mutant.start_pos[0], mutant.end_pos[0] + 1)
        near = set().union(*(self.reached.get(line, ()) for line in lines))
        far = near or set().union(*self.reached.values())
        return [*sorted(test for test in far if not test.startswith(tuple(self.own))), *self.own]


def copy(folder: Path) -> None:
    """Copy the tree, without whatever git ignores."""
    listed = subprocess.run(
        ["git", "ls-files", "-zco", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    shutil.rmtree(folder, ignore_errors=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        target = folder / name
        if (ROOT / name).is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)
    (folder / ".cache").symlink_to(ROOT / ".cache")


def reach(folder: Path) -> dict[str, dict[int, set[str]]]:
    """Return which tests of `make quick` reach which lines; they run once for every state of code and tests."""
    every = sorted(path for source in (*SOURCES, "tests") for path in (folder / source).rglob("*.py"))
    code = [path for path in every if path.name != HERE.name]
    digest = sha256(b"".join(path.read_bytes() for path in code)).hexdigest()
    output = WORK / f"reach-{digest[:12]}.json"
    if not output.exists():
        print("Looking which test reaches which line ...", flush=True)
        coverage = [PYTEST[0], "-m", "coverage"]
        source = ",".join(SOURCES)
        plugins = ["-m", "pytest", "-qx", "-p", "tests.support.quick", "-p", "tests.support.reach"]
        subprocess.run([*coverage, "run", "--rcfile=/dev/null", f"--source={source}", *plugins], cwd=folder, check=True)
        report = [*coverage, "json", "--rcfile=/dev/null", "--quiet", "--show-contexts", "-o", str(output)]
        subprocess.run(report, cwd=folder, check=True)
    files = json.loads(output.read_text())["files"]
    return {
        name: {int(line): set(tests) - {""} for line, tests in file["contexts"].items()} for name, file in files.items()
    }


def own_tests(path: str) -> list[str]:
    """A module's test files by name: those of runtime/lambda_bootstrap/web/stream.py are tests/web/test_stream*.py."""
    area, home = next((area, home) for area, home in AREAS.items() if path.startswith(home + "/"))
    room = Path(path).relative_to(home).parent
    folder = ROOT / "tests" / ("packaging" if area == "packaging" else room)
    found = [folder / f"test_{Path(path).stem}.py", *folder.glob(f"test_{Path(path).stem}_*.py")]
    named = [str(file.relative_to(ROOT)) for file in found if file.is_file()]
    return list(dict.fromkeys(named + [name for name in OWN.get(path, ()) if (ROOT / name).is_file()]))


def untried(path: Path) -> set[int]:
    """The lines of a module that are for type checkers only."""
    lines: set[int] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            lines |= set(range(node.lineno, (node.body[-1].end_lineno or 0) + 1))
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "TYPE_CHECKING":
            lines.add(node.lineno)
    return lines


def annotated(path: Path) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """The places of annotations, which nobody evaluates: from, to."""
    found: list[tuple[tuple[int, int], tuple[int, int]]] = []
    for node in ast.walk(ast.parse(path.read_text())):
        for hint in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if isinstance(hint, ast.expr):
                end = hint.end_lineno or hint.lineno, hint.end_col_offset or 0
                found.append(((hint.lineno, hint.col_offset), end))
    return found


def mutants(path: str, limit: int, seed: int) -> list[MutationSpec]:
    """Choose mutants of a module: one of each kind for each place, and no more than *limit*."""
    skipped, hints = untried(ROOT / path), annotated(ROOT / path)
    places: dict[tuple[str, tuple[int, int]], list[MutationSpec]] = {}
    nodes = list(ast_nodes(get_ast_from_path(ROOT / path)))
    for name in plugins.operator_names():
        operator = plugins.get_operator(name)
        if NOT_TRIED.search(name) or operator.arguments():
            continue
        found = [place for node in nodes for place in operator().mutation_positions(node)]
        for occurrence, (start, end) in enumerate(found):
            if start[0] not in skipped and not any(first <= start < last for first, last in hints):
                kind = name.partition("_")[0]
                places.setdefault((kind, start), []).append(MutationSpec(path, name, occurrence, start, end))
    dice = random.Random(f"{seed} {path}")  # noqa: S311 - the same ones every time
    chosen = [dice.choice(choice) for choice in places.values()]
    return dice.sample(chosen, min(limit, len(chosen)))


def command(folder: Path, tests: list[str]) -> str:
    """Return the command that runs *tests* in *folder*, whose names may be too many for a command line."""
    listing = folder / "build" / "tests.txt"
    listing.parent.mkdir(exist_ok=True)
    listing.write_text("\n".join(tests))
    return shlex.join(["env", f"--chdir={folder}", *PYTEST, "--timeout=60", f"@{listing}"])


def face(module: Module, mutant: MutationSpec, folder: Path) -> str:
    """Have a mutant face its tests in *folder*; return what came of it, and what it changes if nobody notices."""
    where = f"{module.path}:{mutant.start_pos[0]}"
    if module.is_green is None:
        module.is_green = not module.own or run_tests(command(folder, module.own), 10 * SECONDS)[0] is SURVIVED
        if not module.is_green:
            print(f"{module.path}: its own tests fail as it is, so they say nothing", flush=True)
    if not module.is_green:
        return f"not tried {where}"
    here = MutationSpec(folder / module.path, mutant.operator_name, mutant.occurrence, mutant.start_pos, mutant.end_pos)
    result = mutate_and_test([here], command(folder, module.tests(mutant)), SECONDS)
    if result.test_outcome is TestOutcome.KILLED:
        outcome = "late" if result.output == "timeout" else "noticed"
        module.outcomes[outcome] += 1
        return f"{outcome:<9}{where}"
    if result.test_outcome is not SURVIVED:
        raise RuntimeError(f"{module.path}: {result.output}")
    module.outcomes["survived"] += 1
    changed = [line for line in (result.diff or "").splitlines() if re.match(r"[-+](?![-+])", line)]
    return "\n".join([f"survived {where}", *(f"         {line}" for line in changed)])


def run(modules: list[Module], jobs: int, minutes: float) -> None:
    """Have all mutants face their tests, a module's first before another's second, until the time is up."""
    turns = zip_longest(*([(module, mutant) for mutant in module.mutants] for module in modules))
    queue = [turn for turn in chain.from_iterable(turns) if turn is not None]
    folders: SimpleQueue[Path] = SimpleQueue()
    for number in range(jobs):
        folders.put(WORK / f"tree-{number}")
        copy(WORK / f"tree-{number}")
    end = time.monotonic() + minutes * 60

    def try_one(turn: tuple[Module, MutationSpec]) -> None:
        if time.monotonic() < end:
            folder = folders.get()
            try:
                print(face(*turn, folder), flush=True)
            finally:
                folders.put(folder)

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(try_one, queue))  # raises what one of them has raised


def print_table(modules: list[Module]) -> None:
    """Print a row for each module and each area: how many mutants, how many went unnoticed, and the percentage."""
    print(f"\n{'':<60}{'mutants':>8}{'survived':>10}{'late':>6}{'noticed':>9}")
    totals: dict[str, Counter[str]] = {}
    for module in modules:
        area = next(area for area, home in AREAS.items() if module.path.startswith(home + "/"))
        totals.setdefault(area, Counter()).update(module.outcomes)
    rows = [*((module.path, module.outcomes) for module in modules), *totals.items()]
    for name, outcomes in rows:
        if tried := outcomes.total():
            share = 100 * (tried - outcomes["survived"]) / tried
            print(f"{name:<60}{tried:>8}{outcomes['survived']:>10}{outcomes['late']:>6}{share:>8.1f}%")


def main() -> None:
    """Try the modules that the command line names."""
    parser = argparse.ArgumentParser(description="Break the code, and print what no test notices.")
    parser.add_argument("--limit", type=int, default=30, help="mutants of a module")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("modules", nargs="*", help="files or folders, from the root; default: all")
    given = parser.parse_args()
    paths = [ROOT / name for name in given.modules or AREAS.values()]
    files = sorted({file for path in paths for file in ([path] if path.is_file() else path.rglob("*.py"))})
    names = [str(file.relative_to(ROOT)) for file in files if "__pycache__" not in file.parts and file != HERE]
    if not names:
        sys.exit(f"make: MODULES is {' '.join(given.modules)}: there is no module of Python")
    signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background it is ignored, by tests' children too
    os.environ["CI"] = "1"  # so that Hypothesis does not look at the clock
    copy(WORK / "tree-0")
    reached = reach(WORK / "tree-0")
    chosen = [(name, mutants(name, given.limit, given.seed)) for name in names]
    modules = [Module(name, own_tests(name), reached.get(name, {}), some) for name, some in chosen if some]
    for module in [module for module in modules if not module.own and not any(module.reached.values())]:
        print(f"{module.path}: no fast test reaches it")
        module.outcomes["survived"] = len(module.mutants)
        module.mutants.clear()
    run(modules, given.jobs, given.minutes)
    print_table(modules)


if __name__ == "__main__":
    main()
