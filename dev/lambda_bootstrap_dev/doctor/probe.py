"""
Runs in the function's Python: imports the handler as the runtime does, and writes down what there is.

`python -X importtime probe.py BOOTSTRAP HANDLER OUTPUT`. Nothing is imported before the function that the runtime
wouldn't have imported too, as its import would then cost the function nothing. Without a handler, only what the Python
is gets written.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MARK = "lambda-bootstrap: "
BOOTSTRAP, HANDLER, OUTPUT = sys.argv[1:]


def mark(word: str) -> None:
    """Write a line between those of the imports."""
    os.write(2, f"\n{MARK}{word}\n".encode())


HERE = os.getcwd()  # noqa: PTH109 - pathlib is an import


def describe(error: BaseException) -> dict[str, str]:
    """What stands in the way: its type and message, and the last place outside of the runtime."""
    from traceback import extract_tb  # noqa: PLC0415 - the function comes first

    frames = [frame for frame in extract_tb(error.__traceback__) if frame.filename.startswith(HERE)]
    place = f" ({os.path.relpath(frames[-1].filename)}, line {frames[-1].lineno})" if frames else ""
    kind = getattr(error, "error_type", None)
    return {"type": kind or type(error).__name__, "message": f"{error}{'' if kind else place}"}


def load() -> BaseException | None:
    """Import the function; return what stands in the way."""
    from lambda_bootstrap import loader  # type: ignore[import-not-found,unused-ignore] # noqa: PLC0415 - the next line's

    module, _, _ = HANDLER.rpartition(".")
    loader.process_pth(sys.path[:1])
    try:
        mark("begin")
        try:
            loader.find_module(module)
        finally:
            mark("end")
        loader.load(HANDLER)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever a function raises
        return error
    return None


def step_aside() -> list[str]:
    """Take the function's folder off the path, and its modules out of the place of Python's own; return the path."""
    path = sys.path[:]
    sys.path[:] = [entry for entry in path if entry != HERE]
    for name in sys.stdlib_module_names & sys.modules.keys():
        file = getattr(sys.modules[name], "__file__", None) or ""
        if file.startswith((f"{HERE}/{name}.", f"{HERE}/{name}/")):
            del sys.modules[name]
    return path


def installed(folders: list[str], before: set[str]) -> dict[str, dict[str, object]]:
    """The distributions in *folders*: version, place, size, and which of their modules are new since *before*."""
    from importlib.metadata import distributions  # noqa: PLC0415 - the function comes first

    found = {}
    for each in distributions(path=folders):
        files = each.files or []
        tops = {file.parts[0].partition(".")[0] for file in files if file.parts and file.parts[0] != ".."}
        sizes = (os.stat(path).st_size for file in files if os.path.isfile(path := str(each.locate_file(file))))  # noqa: PTH113, PTH116 - pathlib is an import
        place = str(each.locate_file(""))
        imported = sorted(top for top in tops if top in sys.modules and top not in before)
        if each.name and each.name not in found:
            size = sum(sizes) if imported else 0
            found[each.name] = {"version": each.version, "place": place, "tops": sorted(tops), "size": size}
            found[each.name]["imported"] = imported
    return found


def main() -> None:
    """Write down what there is."""
    sys.path[0] = HERE
    from _frozen_importlib import module_from_spec  # type: ignore[import-not-found,unused-ignore] # noqa: PLC0415 - as in `bootstrap`
    from _frozen_importlib_external import spec_from_file_location  # type: ignore[import-not-found,unused-ignore] # noqa: PLC0415 - as in `bootstrap`

    home = os.path.dirname(BOOTSTRAP)  # noqa: PTH120 - pathlib is an import
    beside = f"{home}/runtime/lambda_bootstrap/__init__.py"
    file = beside if os.path.exists(beside) else f"{home}/__init__.py"  # noqa: PTH110 - pathlib is an import
    spec: Any = spec_from_file_location("lambda_bootstrap", file)
    sys.modules["lambda_bootstrap"] = package = module_from_spec(spec)
    spec.loader.exec_module(package)
    before = set(sys.modules)
    error = load() if HANDLER else None
    loaded = sorted({name.partition(".")[0] for name in sys.modules})
    path = step_aside()

    import json  # noqa: PLC0415 - the function comes first
    from importlib.machinery import EXTENSION_SUFFIXES  # noqa: PLC0415 - the function comes first

    facts = {
        "error": describe(error) if error else None,
        "stdlib": sorted(sys.stdlib_module_names),
        "loaded": loaded,
        "suffixes": EXTENSION_SUFFIXES,
        "cache_tag": sys.implementation.cache_tag,
        "installed": installed(path, before),
    }
    with open(OUTPUT, "w", encoding="utf-8") as output:  # noqa: PTH123 - pathlib is an import
        json.dump(facts, output)


if __name__ == "__main__":
    main()
