"""
Advice for a function that cannot be imported or called: what may be wrong, and what to do.

Owns: similar names, the line of an import, and the machine that an extension was built for.
Refuses to know: how it is reported. Each `of_` function returns the end of a message, or "".

Imported only after a failure.
"""

from __future__ import annotations

import sys
from _imp import extension_suffixes  # `importlib.machinery` is one more import
from posix import confstr, getcwd, listdir, uname  # built in: `os` is a file, which a function may have too

from ..traces import describe, frames, search_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

# e_machine of an ELF header (System V ABI), and the machine's name in `uname`.
MACHINES = {0x3E: "x86_64", 0xB7: "aarch64", 0x28: "arm", 0x03: "i686"}
MOST_NAMES = 10
# What AWS's managed Python runtime brings along and this one doesn't, by the name of the import: what pip calls it.
MANAGED = {
    **{name: name for name in ("awslambdaric", "boto3", "botocore", "jmespath", "s3transfer", "simplejson", "six")},
    "dateutil": "python-dateutil",
}


def of_module(dotted: str) -> str:
    """Return advice for a missing module: similar names, and the folders that were searched."""
    *package, name = dotted.split(".")
    folders = ["/".join([path, *package]) for path in search_path()]
    found = [entry.removesuffix(".py") for entry in entries(folders[:1]) if entry.endswith(".py") or "." not in entry]
    return f"{near(name, found)}; working directory {getcwd()}, search path {':'.join(search_path())}"


def of_attribute(owner: object, name: str) -> str:
    """Return advice for a name that a module or class doesn't define: similar names, and the names that it defines."""
    try:
        defined = [each for each in vars(owner) if not each.startswith("_") and callable(getattr(owner, each, None))]
    except TypeError:
        return ""
    listed = ", ".join(defined[:MOST_NAMES]) + (", ..." if len(defined) > MOST_NAMES else "")
    return f"{near(name, defined)}; it defines {listed or 'nothing that can be called'}"


def of_import(error: ImportError) -> str:
    """Return advice for an import that failed in the function: its line, and the fault of an extension module."""
    places = list(frames(error.__traceback__))
    where = f" (line {places[-1].line} of {places[-1].path}: {places[-1].source})" if places else ""
    return where + next((advice for each in chain(error) if (advice := of_managed(each) or of_extension(each))), "")


def of_missing(error: ImportError) -> str:
    """Return advice for an import that failed in an invocation, where the error itself tells the place."""
    return next((advice for each in chain(error) if (advice := of_managed(each))), "")


def of_managed(error: ImportError) -> str:
    """Return advice for a module that AWS's managed runtime has, so that functions are packed without it."""
    top = describe(error.name).partition(".")[0]
    if not isinstance(error, ModuleNotFoundError) or top not in MANAGED:
        return ""
    return (
        f"; AWS's managed runtime brings {top} along, this one doesn't: put it into the package"
        f" (pip install --target . {MANAGED[top]})"
    )


def of_decorator(handler: str, parameters: list[str]) -> str:
    """Return a warning: a decorator passes on an event and a context, and the function inside it takes *parameters*."""
    return (
        f"handler '{handler}' is under a decorator that takes any arguments, so it is called with an event and a "
        f"context; the function inside takes ({', '.join(parameters)}): give it both parameters"
    )


def chain(error: Any) -> Iterator[ImportError]:
    """Yield *error* and the import errors that led to it, as packages often raise an ImportError of their own."""
    for _ in range(MOST_NAMES):
        if issubclass(type(error), ImportError):
            yield error
        error = None if error is None else error.__cause__ or error.__context__


def of_extension(error: ImportError) -> str:
    """Return advice for an extension module built for another Python, machine or C library."""
    version, machine = f"{sys.version_info[0]}.{sys.version_info[1]}", uname().machine
    file, name = ("" if text is None else describe(text) for text in (error.path, error.name))
    if ".so" in file:
        built = built_for(file)
        wanted = needed_glibc(describe(error))
        if wanted:
            return f"; {file} was built for a newer C library (glibc {wanted}){fetch(file, version, machine)}"
        if built and built != machine:
            return f"; {file} was built for {built}, this is {machine}{fetch(file, version, machine)}"
        return ""
    _, is_from, rest = describe(error).partition("cannot import name '")
    # What cannot be imported from a module may be a submodule. Or the module is a folder with stubs, as pydantic_core's
    # is, which becomes a namespace where the extension of that name is for another Python.
    asked = [f"{name}.{rest.partition(chr(39))[0]}", name] if is_from else [name]
    return next((advice for each in asked if (advice := of_others(each, version, machine))), "")


def of_others(missing: str, version: str, machine: str) -> str:
    """Return advice for a module that is there as an extension for other Pythons only."""
    *package, name = missing.split(".")
    found = list(entries("/".join([path, *package]) for path in search_path()))
    others = [entry for entry in found if entry.startswith(f"{name}.") and entry.endswith(".so")]
    fits = {f"{name}.py", *(name + suffix for suffix in extension_suffixes())}
    if not others or not fits.isdisjoint(found):
        return ""
    this = extension_suffixes()[0].strip(".").removesuffix(".so")
    tags = ", ".join(entry.removeprefix(f"{name}.").removesuffix(".so") for entry in others)
    return f"; there is {name} for {tags}, this is {this}{fetch(missing, version, machine)}"


def fetch(where: str, version: str, machine: str) -> str:
    """Return the command that fetches the right wheel."""
    folder = next((path for path in search_path() if path and where.startswith(f"{path}/")), "")
    top = where.removeprefix(f"{folder}/").replace("/", ".").partition(".")[0]
    # pip takes the wheels of the platforms that are named and of no earlier ones: numpy's newest are of the second.
    platforms = f"--platform manylinux2014_{machine}" + f" --platform manylinux_2_28_{machine}" * (glibc() >= (2, 28))
    return (
        f": pip install --target . --only-binary=:all: {platforms} "
        f"--python-version {version} {top.strip('_').replace('_', '-')}"
    )


def glibc() -> tuple[int, ...]:
    """Return the version of the C library; of any other one, (0,)."""
    try:
        name, _, version = (confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
        return tuple(map(int, version.split("."))) if name == "glibc" else (0,)
    except (ValueError, OSError):
        return (0,)


def built_for(path: str) -> str:
    """Return the machine that an ELF file was built for; "" for any other file."""
    try:
        with open(path, "rb") as file:
            head = file.read(20)
    except OSError:
        return ""
    if head[:4] != b"\x7fELF":
        return ""
    return MACHINES.get(int.from_bytes(head[18:20], "little"), "another machine")


def needed_glibc(message: str) -> str:
    """Return the version of glibc that the dynamic linker asks for."""
    _, found, rest = message.partition("`GLIBC_")
    return rest.partition("'")[0] if found else ""


def near(name: str, names: Iterable[str]) -> str:
    """Return a suggestion of the name that was probably meant."""
    try:
        from difflib import get_close_matches

        close = get_close_matches(name, list(names), 1, 0.6)
    except Exception:  # a function with a `types.py` of its own breaks most of the standard library
        close = []
    return f"; did you mean '{close[0]}'?" if close else ""


def entries(folders: Iterable[str]) -> Iterator[str]:
    """Yield the names of the files in *folders*."""
    for folder in folders:
        try:
            yield from listdir(folder or ".")
        except OSError:
            continue
