"""
The functions of a project, as it says itself.

Owns: the table in pyproject.toml, and what a wrong entry is called.
Refuses to know: how a function is run; SAM templates are read elsewhere.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .function_url import Cors, Url
from .inputs import check_names
from .session import find_function

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from .function import Function

TABLE = "tool.lambda-bootstrap.functions"
TEMPLATES = ("template.yaml", "template.yml")


@dataclass(frozen=True)
class Entry:
    """A function of a project; `about` is what to say of it."""

    function: Function
    variables: Mapping[str, str] = field(default_factory=dict)
    url: Url = field(default_factory=Url)
    about: tuple[str, ...] = ()


def find_functions(folder: Path) -> list[Entry]:
    """
    Find the functions of the project in *folder*: those of pyproject.toml, or else of the SAM template.

    Raises:
        UsageError: there are none, or an entry is wrong.
    """
    file = folder / "pyproject.toml"
    table = read_toml(file).get("tool", {}).get("lambda-bootstrap", {})
    if "functions" in table:
        return list(of_table(table["functions"], file))
    if "handler" in table:
        return [Entry(find_function(str(folder / table["handler"])))]
    for name in TEMPLATES:
        if (folder / name).is_file():
            from .sam import of_template  # noqa: PLC0415 - it takes what is here

            return list(of_template(folder / name))
    raise UsageError(
        "no function is named: write app.handler, or name functions in pyproject.toml, as in"
        f' [{TABLE}.orders] handler = "orders/app.handler", or in template.yaml'
    )


def find_entries(handler: str | None, folder: Path) -> list[Entry]:
    """
    Find the function that *handler* names, or without one those of the project in *folder*.

    Raises:
        UsageError: there is no such function, or none at all.
    """
    return find_functions(folder) if handler is None else [Entry(find_function(handler))]


def find_entry(handler: str | None, folder: Path) -> Entry:
    """
    Find the function that *handler* names, or the only one of the project in *folder*.

    Raises:
        UsageError: there is no such function, or the project has several.
    """
    first, *others = find_entries(handler, folder)
    if others:
        handlers = ", ".join(entry.function.handler for entry in (first, *others))
        raise UsageError(f"the project has several functions: name one, of {handlers}")
    return first


def read_toml(file: Path) -> dict[str, Any]:
    """
    Read a TOML file; one that isn't there is empty.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} cannot be read: {error}") from error


def is_texts(value: object) -> bool:
    """Whether a value is a list of texts."""
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def is_number(value: object) -> bool:
    """Whether a value is a number above zero."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0


def is_text(value: object) -> bool:
    """Whether a value is a text."""
    return isinstance(value, str)


def is_table(value: object) -> bool:
    """Whether a value is a table."""
    return isinstance(value, dict)


def is_variables(value: object) -> bool:
    """Whether a value is a table of texts."""
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())


Checks = dict[str, tuple["Callable[[object], bool]", str]]
KEYS: Checks = {
    "handler": (is_text, "a text like 'orders/app.handler'"),
    "timeout": (is_number, "a number of seconds"),
    "memory": (is_number, "a number of MB"),
    "environment": (is_variables, "a table of texts"),
    "url": (is_table, "a table, as in url = {}"),
}
URL_KEYS: Checks = {
    "invoke-mode": (lambda value: value in {"BUFFERED", "RESPONSE_STREAM"}, "'BUFFERED' or 'RESPONSE_STREAM'"),
    "cors": (is_table, "a table"),
}
CORS_KEYS: Checks = {
    **dict.fromkeys(
        ("allow-origins", "allow-methods", "allow-headers", "expose-headers"), (is_texts, "a list of texts")
    ),
    "allow-credentials": (lambda value: isinstance(value, bool), "true or false"),
    "max-age": (is_number, "a number of seconds"),
}


def check(table: Mapping[str, Any], checks: Checks, where: str) -> None:
    """
    Check the keys of a table, and their values.

    Raises:
        UsageError: one is wrong.
    """
    for key, value in table.items():
        if key not in checks:
            near = get_close_matches(key, checks, 1)
            raise UsageError(f"{where} has no {key!r}; it has {', '.join(near or checks)}")
        is_right, what = checks[key]
        if not is_right(value):
            raise UsageError(f"{where}: {key} has to be {what}, not {value!r}")


def of_table(functions: Any, file: Path) -> Iterator[Entry]:
    """Yield the functions of pyproject.toml."""
    if not isinstance(functions, dict):
        raise UsageError(f"{file}: [{TABLE}] has to be a table of functions")
    check(functions, dict.fromkeys(functions, (is_table, "a table")), f"{file}: [{TABLE}]")
    for name, table in functions.items():
        where = f"{file}: [{TABLE}.{name}]"
        check(table, KEYS, where)
        check(table.get("url", {}), URL_KEYS, f"{where}: url")
        if "handler" not in table:
            raise UsageError(f"{where} has no handler")
        variables = table.get("environment", {})
        check_names(variables, where)
        function = find_function(str(file.parent / table["handler"]))
        given = {key: table[key] for key in ("timeout", "memory") if key in table}
        url = table.get("url", {})
        cors = url.get("cors")
        if cors is not None:
            check(cors, CORS_KEYS, f"{where}: cors")
            cors = Cors(**{key.replace("-", "_"): as_tuple(value) for key, value in cors.items()})
        yield Entry(replace(function, name=name, **given), variables, Url(url.get("invoke-mode", ""), cors))


def as_tuple(value: Any) -> Any:
    """A list as a tuple, anything else as it is."""
    return tuple(value) if isinstance(value, list) else value
