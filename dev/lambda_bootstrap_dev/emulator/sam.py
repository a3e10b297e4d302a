"""
The functions of a SAM template.

Owns: what of a template counts here, and that CloudFormation's own values do no harm.
Refuses to know: how a function is run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from ..errors import UsageError
from .function import Function
from .function_url import Cors, Url
from .inputs import check_names
from .projects import Entry, is_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FUNCTIONS = ("AWS::Serverless::Function", "AWS::Lambda::Function")
RUNTIMES = ("python", "provided", "custom")


@dataclass(frozen=True)
class Intrinsic:
    """A value that only CloudFormation knows, such as `!Ref Table`."""

    text: str


class Loader(yaml.SafeLoader):
    """Takes any tag of CloudFormation's as it stands."""


def keep(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> Intrinsic:
    """Make an intrinsic of a value with a tag; yaml calls this."""
    value = loader.construct_scalar(node) if isinstance(node, yaml.ScalarNode) else ""
    return Intrinsic(f"!{tag} {value}".strip())


Loader.add_multi_constructor("!", keep)


def read_template(file: Path) -> dict[str, Any]:
    """
    Read a template; what only CloudFormation knows becomes an `Intrinsic`.

    Raises:
        UsageError: it cannot be read, or isn't a template.
    """
    try:
        template = yaml.load(file.read_text(encoding="utf-8"), Loader)  # noqa: S506 - it is a safe one
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UsageError(f"{file} cannot be read: {error}") from error
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
        raise UsageError(f"{file} isn't a template: it has no Resources")
    return template


def of_template(file: Path) -> Iterator[Entry]:
    """Yield the functions of a SAM template; `!Ref` of a parameter with a default is its default."""
    template = read_template(file)
    defaults = {
        name: parameter["Default"]
        for name, parameter in (template.get("Parameters") or {}).items()
        if isinstance(parameter, dict) and "Default" in parameter
    }
    common = (template.get("Globals") or {}).get("Function") or {}
    found = False
    for name, resource in template["Resources"].items():
        if not isinstance(resource, dict) or resource.get("Type") not in FUNCTIONS:
            continue
        own = resource.get("Properties") or {}
        properties = {key: resolve(value, defaults) for key, value in (common | own).items()}
        properties["Environment"] = {
            variable: resolve(value, defaults)
            for part in (common, own)
            for variable, value in ((part.get("Environment") or {}).get("Variables") or {}).items()
        }
        if not str(properties.get("Runtime", "python")).startswith(RUNTIMES):
            continue
        found = True
        yield of_resource(name, properties, file)
    if not found:
        raise UsageError(f"{file} has no function that is Python's")


def of_resource(name: str, properties: Mapping[str, Any], file: Path) -> Entry:
    """Return the function of a resource with these properties."""
    handler = properties.get("Handler")
    if not isinstance(handler, str):
        raise UsageError(f"{file}: {name} has no Handler that is a text, as in Handler: app.handler")
    code = properties.get("CodeUri") or properties.get("Code")
    folder = file.parent / code if isinstance(code, str) else file.parent
    if not folder.is_dir() and not is_package(str(code)):
        raise UsageError(f"{file}: {name} has its code in {str(folder)!r}, and there is no such folder")
    if not folder.is_dir():
        folder = file.parent  # what the package is built from
    given = properties.get("FunctionName")
    numbers = {ours: properties.get(theirs) for ours, theirs in (("timeout", "Timeout"), ("memory", "MemorySize"))}
    function = Function(
        name=given if isinstance(given, str) else name,
        handler=handler,
        task_root=str(folder.resolve()),
        **{key: value for key, value in numbers.items() if is_number(value)},  # type: ignore[arg-type]
    )
    variables = {key: as_text(value) for key, value in properties["Environment"].items()}
    unknown = [key for key, value in variables.items() if value is None]
    about = (f"{function.name}: not set, as only CloudFormation knows them: {', '.join(unknown)}",) if unknown else ()
    known = {key: value for key, value in variables.items() if value is not None}
    check_names(known, f"{file}: {name}")
    return Entry(function, known, of_url(properties.get("FunctionUrlConfig")), about)


def is_package(code: str) -> bool:
    """Whether the place of a function's code is that of a package, here or in S3."""
    return "://" in code or code.endswith((".zip", ".jar"))


def resolve(value: Any, defaults: Mapping[str, Any]) -> Any:
    """The default of the parameter that a value refers to; any other value as it is."""
    if isinstance(value, dict) and list(value) == ["Ref"]:
        value = Intrinsic(f"!Ref {value['Ref']}")
    if isinstance(value, Intrinsic) and value.text.startswith("!Ref "):
        return defaults.get(value.text.removeprefix("!Ref "), value)
    return value


def as_text(value: Any) -> str | None:
    """The text of a variable; None if only CloudFormation knows it."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (str, int, float)) else None


def of_url(config: Any) -> Url:
    """The settings of a Function URL in a template."""
    if not isinstance(config, dict):
        return Url()
    mode, cors = config.get("InvokeMode"), config.get("Cors")
    if not isinstance(cors, dict):
        return Url(mode if isinstance(mode, str) else "")
    lists = {
        ours: tuple(map(str, cors[theirs]))
        for ours, theirs in (
            ("allow_origins", "AllowOrigins"),
            ("allow_methods", "AllowMethods"),
            ("allow_headers", "AllowHeaders"),
            ("expose_headers", "ExposeHeaders"),
        )
        if isinstance(cors.get(theirs), list)
    }
    age = cors.get("MaxAge")
    seconds = age if isinstance(age, int) else 0
    made = Cors(**lists, allow_credentials=cors.get("AllowCredentials") is True, max_age=seconds)
    return Url(mode if isinstance(mode, str) else "", made)
