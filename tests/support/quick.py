"""
What `make quick` runs: the tests that start no process, in under a minute.

Owns the list of those that do, and the check that it is whole: a test that starts a process after all fails, and says
so. Loaded by `pytest -p tests.support.quick` alone; everybody else runs everything.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# These fixtures start the runtime or the command line, or fetch something with pip.
FIXTURES = {"awslambdaric", "frameworks", "repository", "samples", "start"}
# Beginnings of test ids, from tests/ on.
STARTING = (
    "benchmarks/test_benchmarks.py::test_a_fault",
    "benchmarks/test_faults.py",
    "benchmarks/test_soak.py::test_leak",
    "benchmarks/test_soak.py::test_soak",
    "build/test_example.py",
    "build/test_image.py",
    "build/test_zip.py::test_help",
    "cli/test_http.py",
    "cli/test_given.py",
    "cli/test_debug.py",
    "cli/test_doctor.py",
    "cli/test_event_source.py",
    "cli/test_invoke.py::TestCalls",
    "cli/test_invoke.py::test_not_named",
    "cli/test_new.py::test_own_test",
    "cli/test_new.py::test_runs",
    "cli/test_run.py",
    "cli/test_page.py",
    "cli/test_serve.py",
    "diagnostics/test_timeout_dump.py::TestStacks::test_run_forever",
    "diagnostics/test_timeout_dump.py::TestStacks::test_without_threading",
    "docs/test_pages.py::test_blocks",
    "emulator/test_extensions.py::TestExternal",
    "emulator/test_extensions.py::TestRegister::test_closed",
    "emulator/test_invoke_api.py",
    "emulator/test_openapi.py::test_invoke",
    "emulator/test_openapi.py::test_runtime",
    "emulator/test_openapi.py::test_url",
    "emulator/test_process.py::test_dismissed",
    "emulator/test_testing.py",
    "emulator/test_url_port.py",
    "emulator/test_crowd.py",
    "events/test_models.py::test_lazy",
    "extensions/test_telemetry.py::test_records",
    "integrations/test_fast_json.py::test_chosen",
    "integrations/test_fast_json.py::test_events_variable",
    "integrations/test_fast_json.py::test_missing",
    "integrations/test_fast_json.py::test_start",
    "integrations/test_frameworks.py",
    "integrations/test_loggers.py",
    "integrations/test_offers.py::TestOffers::test_context",
    "integrations/test_offers.py::TestOffers::test_nothing_until_asked",
    "integrations/test_offers.py::TestOffers::test_patched",
    "integrations/test_offers.py::TestOffers::test_snapshot_hooks",
    "integrations/test_stdlib.py::TestDictConfig",
    "integrations/test_stdlib.py::TestSetUp::test_all_at_once",
    "integrations/test_threads_and_warnings.py::TestWarnings",
    "integrations/test_tools.py",
    "packaging/test_base.py",
    "packaging/test_sources.py::TestMain",
    "packaging/test_sources.py::test_age_is_dpkgs",
    "packaging/test_sources.py::test_python_version",
    "packaging/test_tree.py",
    "test_conformance.py",
    "test_conformance_kit.py",
    "test_context.py::TestClass::test_process_pool",
    "test_copies.py",
    "test_differential.py",
    "test_environ.py::test_child",
    "test_environ.py::test_module_with_a_name_of_pythons",
    "test_environ.py::test_os_that_comes_late",
    "test_examples.py",
    "test_hostile_",
    "test_log.py::TestFork",
    "test_main.py",
    "test_module.py",
    "test_parity.py",
    "test_profile.py",
    "test_settings.py::TestTable::test_page",
    "lifecycle/test_page.py",
    "lifecycle/test_shutdown.py",
    "lifecycle/test_signals.py",
    "lifecycle/test_sharing.py",
    "lifecycle/test_snapstart.py",
    "lifecycle/test_workers.py",
    "lifecycle/test_tasks.py",
    "packaging/test_matrix.py",
    "test_spare.py",
    "test_startup.py",
    "test_typing.py",
    "test_unit.py",
    "typed/test_conformance.py",
    "web/test_stream.py",
    "web/test_streaming.py",
    "web/test_tasks.py",
)
EVENTS = {"os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.system", "subprocess.Popen"}

TESTS = Path(__file__).parents[1]
started: set[str] = set()


def starts(item: pytest.Item) -> bool:
    """Whether a test starts a process, by its fixtures or by its id."""
    path = item.path.relative_to(TESTS).as_posix()
    test = f"{path}::{item.nodeid.partition('::')[2]}"
    return test.startswith(STARTING) or not FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))


def pytest_configure() -> None:
    """Watch for new processes, whoever starts them."""
    sys.addaudithook(lambda event, _: started.add(event) if event in EVENTS else None)


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out tests/integration, where nothing works without other programs."""
    return True if collection_path == TESTS / "integration" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests that start a process."""
    deselected = [item for item in items if starts(item)]
    items[:] = [item for item in items if not starts(item)]
    config.hook.pytest_deselected(items=deselected)


def pytest_runtest_logstart() -> None:
    """Forget what was started by nobody's test: while tests were collected, or by what runs them side by side."""
    started.clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> object:
    """Fail a test that has started a process, in a fixture or by itself."""
    result = yield
    if started:
        pytest.fail("this test starts a process: name it in tests/support/quick.py", pytrace=False)
    return result
