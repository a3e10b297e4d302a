"""
Finds the handler by its name, and imports the function.

Owns: the handler string, what is wrong with one that leads nowhere, the `.pth` files of the function's folders, which
imports of the function are lazy, and how often garbage is looked for meanwhile.
Refuses to know: what a handler takes, events, invocations, where an error is reported.
"""

from __future__ import annotations

import gc
import sys
from posix import listdir  # built in: `os` is a file, which a function may have too

from .codec import DEFAULTS
from .errors import InitError
from .signature import Handler, adapt, instance, raw
from .spare import with_spare
from .traces import describe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType
    from typing import Any

    from .codec import Options

RARELY = 100_000  # objects
OURS = "lambda_bootstrap.pth"  # by which a plain `python3` in our image finds what `bootstrap` knows


def process_pth(folders: list[str]) -> None:
    """Process the `.pth` files in *folders*, as AWS's managed Python runtime does."""
    for folder in folders:
        try:
            names = listdir(folder)
        except OSError:  # not there, or not for us
            continue
        if any(name.endswith(".pth") and name != OURS for name in names):
            __import__("site").addsitedir(folder)


def set_lazy_imports(mode: str) -> None:
    """Have *mode* decide which imports are lazy, as `sys.set_lazy_imports`, which is new in Python 3.15."""
    sys.set_lazy_imports(mode)  # type: ignore[attr-defined]
    if mode == "all" and sys.get_lazy_imports_filter() is None:  # type: ignore[attr-defined]
        # What protobuf generates imports modules for what they register, and uses no name of theirs.
        sys.set_lazy_imports_filter(lambda module, *_: not str(module).endswith("_pb2"))  # type: ignore[attr-defined]


def load(name: str, options: Options = DEFAULTS, http: Sequence[str] = ()) -> Handler:
    """
    Import the handler called *name*: `app.handler`, `pkg/app.handler`, `pkg.mod.handler`, `app.Class.method`.

    *options* and *http* are as for `signature.adapt`.

    Raises:
        InitError: there is no such handler, or it cannot be called; types and texts are awslambdaric's.
        BaseException: whatever the function's module raises while it is imported.
    """
    if not name.strip():
        raise InitError("Runtime.MalformedHandlerName", "Handler not set: name it as argument, or in _HANDLER")
    module_name, _, attribute = name.rpartition(".")
    if not (module_name and attribute):
        raise InitError("Runtime.MalformedHandlerName", f"Bad handler '{name}': it has to be like 'app.handler'")
    top = module_name.replace("/", ".").partition(".")[0]
    if top in sys.builtin_module_names:
        raise InitError("Runtime.BuiltInModuleConflict", f"Cannot use built-in module {top} as a handler module")
    module, attributes = import_calmly(module_name)
    return adapt(find_handler(module, [*attributes, attribute], name), name, options, http=http)


def import_calmly(name: str) -> tuple[ModuleType, list[str]]:
    """
    Do as `find_module`, and look for garbage rarely meanwhile: what an import makes stays, but for a hundredth.

    Afterwards all that there is counts as old, as if it had been looked at. What the function sets itself stays set.
    """
    usual = gc.get_threshold()
    calm = (usual[0] and max(usual[0], RARELY), *usual[1:])  # 0 is for never
    gc.set_threshold(*calm)
    gc.enable()  # off since `bootstrap` began
    try:
        return find_module(name)
    finally:
        if gc.get_threshold() == calm:
            gc.set_threshold(*usual)
        if not gc.get_freeze_count():
            gc.freeze()
            gc.unfreeze()


def find_module(name: str) -> tuple[ModuleType, list[str]]:
    """Import the module that *name* starts with; return it and the attributes that follow: `app.Class` is in `app`."""
    parts = name.replace("/", ".").split(".")
    if not all(parts):
        raise _unimportable(
            name, ImportError("a module is named from the function's folder, with one '.' or '/' between names")
        )
    missing: ImportError | None = None  # of the longest name; the shorter ones fail alike
    for end in range(len(parts), 0, -1):
        dotted = ".".join(parts[:end])
        try:
            __import__(dotted)
        except ImportError as error:
            missing = missing or error
            if not (isinstance(error, ModuleNotFoundError) and f"{dotted}.".startswith(f"{describe(error.name)}.")):
                raise _unimportable(name, error, with_spare(_open_advice).of_import(error)) from error
        except SyntaxError as error:
            text = "" if error.text is None else describe(error.text)
            place = f'  File "{describe(error.filename)}" Line {describe(error.lineno)}\n    {text}'
            raise InitError(
                "Runtime.UserCodeSyntaxError", f"Syntax error in module '{name}': {describe(error)}", [place]
            ) from error
        else:
            if missing is None or hasattr(sys.modules[dotted], parts[end]):
                return sys.modules[dotted], parts[end:]
            break
    assert missing is not None
    raise _unimportable(name, missing, with_spare(_open_advice).of_module(".".join(parts))) from missing


def find_handler(module: ModuleType, attributes: list[str], name: str) -> Any:
    """Follow *attributes* from *module*. A method that needs an instance of its class gets one."""
    found: Any = module
    for attribute in attributes:
        owner = found
        try:
            found = getattr(owner, attribute)
        except AttributeError:
            missing = f"Handler '{'.'.join(attributes)}' missing on module '{describe(module.__name__)}'"
            raise InitError(
                "Runtime.HandlerNotFound", f"{missing}{with_spare(_open_advice).of_attribute(owner, attribute)}"
            ) from None
        if isinstance(owner, type) and _needs_instance(raw(owner, attribute)):
            found = getattr(instance(owner, name), attribute)
    return found


def _needs_instance(raw: Any) -> bool:
    """Return whether a class's attribute is a method of its instances."""
    return callable(raw) and hasattr(type(raw), "__get__") and not isinstance(raw, (staticmethod, classmethod))


def _unimportable(name: str, error: ImportError, advice: str = "") -> InitError:
    return InitError("Runtime.ImportModuleError", f"Unable to import module '{name}': {describe(error)}{advice}")


def _open_advice() -> Any:
    from .diagnostics import advice

    return advice
