"""
The fields of a class, as the class declares them.

Owns: names, keys and types of the fields of a dataclass, an attrs class, a `TypedDict` or a `NamedTuple`, and which
are required.
Refuses to know: how a field is decoded.
"""

from __future__ import annotations

import sys
import typing

from ..errors import InitError

if typing.TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def is_required(hint: Any, *, default: bool) -> bool:
    """Return whether a `TypedDict` requires this key. Its hint decides: the class cannot read strings."""
    own = {typing.Required: True, typing.NotRequired: False}
    return own.get(typing.get_origin(hint), default)


def dataclass_fields(kind: Any) -> list[tuple[str, str, str, bool]]:
    """Return for each field its name, its argument's name or "", its key, and whether it is required."""
    from dataclasses import MISSING

    return [
        (
            field.name,
            field.name if field.init else "",
            field.metadata.get("alias", field.name),
            field.default is MISSING and field.default_factory is MISSING,
        )
        for field in kind.__dataclass_fields__.values()
        if field._field_type is not sys.modules["dataclasses"]._FIELD_CLASSVAR  # noqa: SLF001 - `fields` hides InitVar
    ]


def attrs_fields(kind: Any) -> list[tuple[str, str, str, bool]]:
    """Return the same for a class made by attrs."""
    nothing = sys.modules["attr"].NOTHING
    return [
        (
            field.name,
            field.alias if field.init else "",
            field.metadata.get("alias", field.name),
            field.default is nothing,
        )
        for field in kind.__attrs_attrs__
    ]


def field_hints(kind: Any, annotation: Any) -> dict[str, Any]:
    """
    Return the types of a class's fields, with the type arguments of *annotation* filled in.

    Raises:
        InitError: a name cannot be resolved.
    """
    hints = resolve_hints(kind, {kind.__name__: kind}, f"{kind.__name__}: ")
    arguments = typing.get_args(annotation)
    if not arguments:
        return hints
    values = dict(zip(kind.__parameters__, arguments, strict=True))
    return {name: substitute(hint, values) for name, hint in hints.items()}


def resolve_hints(annotated: Any, names: Mapping[str, Any], where: str) -> dict[str, Any]:
    """
    Resolve the names in annotations.

    Args:
        annotated: an object with `__annotations__`.
        names: known beside those of its module.
        where: the beginning of the error's text.

    Raises:
        InitError: a name cannot be resolved.
    """
    try:
        return typing.get_type_hints(annotated, localns=dict(names), include_extras=True)
    except NameError as error:
        raise InitError("Runtime.InvalidHandler", f"{where}{not_there(error)}") from None
    except (SyntaxError, TypeError) as error:
        raise InitError("Runtime.InvalidHandler", f"{where}the annotation isn't a type: {error}") from None


def not_there(error: NameError) -> str:
    """Return what to do about a name in an annotation that cannot be resolved."""
    return (
        f"the annotation names {error.name or error}, which is not there at run time: "
        "import it outside of `if TYPE_CHECKING`"
    )


def substitute(hint: Any, values: dict[Any, Any]) -> Any:
    """Replace the type variables in *hint*."""
    if isinstance(hint, typing.TypeVar):
        return values.get(hint, hint)
    variables = getattr(hint, "__parameters__", ())
    return hint[tuple(values.get(variable, variable) for variable in variables)] if variables else hint


def strip_init_var(hint: Any) -> Any:
    """Return the type inside an `InitVar`, or *hint* itself."""
    return hint.type if type(hint).__name__ == "InitVar" else hint
