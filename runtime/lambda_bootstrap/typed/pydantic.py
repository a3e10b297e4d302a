"""
Models of pydantic, decoded by pydantic.

Owns: how pydantic's errors read in our words, with a path through the payload.
Refuses to know: pydantic, unless the function has imported it.
"""

from __future__ import annotations

import sys

from .. import codec
from ..errors import InitError
from .decoder import mismatch_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def payload_decoder(annotation: Any, *, is_strict: bool) -> Callable[[bytes], Any]:
    """
    Return a function that decodes JSON into an instance of the model *annotation*.

    It raises Mismatch, or FunctionError if the payload isn't JSON.

    Raises:
        InitError: *is_strict*, and this pydantic cannot refuse unknown fields.
        NameError: the model names a class that is not there at run time.
    """
    pydantic = sys.modules["pydantic"]
    adapter = pydantic.TypeAdapter(annotation)
    if not getattr(adapter, "pydantic_complete", True):
        adapter.rebuild(raise_errors=True)
    validate, invalid = adapter.validate_json, pydantic.ValidationError
    options = {"extra": "forbid"} if is_strict else {}
    if not options.keys() <= validate.__kwdefaults__.keys():
        message = f"strict needs pydantic 2.12 or newer for {annotation.__name__}, and this is {pydantic.VERSION}"
        raise InitError("Runtime.InvalidHandler", message)

    def decode(payload: bytes) -> Any:
        try:
            return validate(payload, **options)
        except invalid as error:
            first = error.errors(include_url=False, include_context=False)[0]
        value = codec.decode(payload)
        *steps, last = first["loc"] or ("",)
        if first["type"] == "missing":
            raise mismatch_at(value, steps, f'missing field "{last}"')
        if first["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
            raise mismatch_at(value, steps, f'unknown field "{last}"')
        raise mismatch_at(value, [*steps, last], first["msg"])

    return decode
