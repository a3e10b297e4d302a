"""
Write what a package is made of as a CycloneDX document, for scanners: they cannot see what is linked statically.

Owns: the names under which scanners know the parts. Refuses to know: how a package is made, and what is linked in:
interpreter.sh writes that down, in licences/PARTS. The document is the same for the same package: its serial number is
made of its contents, its date is that of the tree.
"""

# ruff: noqa: INP001 -- a package called "packaging" would hide the one that pytest imports
from __future__ import annotations

import argparse
import hashlib
import re
import zipfile
from datetime import UTC, datetime
from email.parser import HeaderParser
from pathlib import Path, PurePosixPath
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType, Pedigree
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

HERE = Path(__file__).parent
# By its name in licences/PARTS: the project's name, its CPE's vendor and product, its licence.
KNOWN = {
    "bzip2": ("bzip2", "bzip:bzip2", "bzip2-1.0.6"),
    "compiler-rt": ("zig-compiler-rt", "ziglang:zig", "MIT"),
    "expat": ("expat", "libexpat_project:libexpat", "MIT"),
    "glibc": ("glibc", "gnu:glibc", "LGPL-2.1-or-later WITH GCC-exception-2.0"),
    "hacl-star": ("hacl-star", "", "MIT"),
    "libffi": ("libffi", "libffi_project:libffi", "MIT"),
    "libmpdec": ("mpdecimal", "bytereef:mpdecimal", "BSD-2-Clause"),
    "mimalloc": ("mimalloc", "microsoft:mimalloc", "MIT"),
    "musl": ("musl", "musl-libc:musl", "MIT"),
    "openssl": ("openssl", "openssl:openssl", "Apache-2.0"),
    "sqlite3": ("sqlite", "sqlite:sqlite", "blessing"),
    "xz-utils": ("xz", "tukaani:xz", "0BSD"),
    "zlib": ("zlib", "zlib:zlib", "Zlib"),
}
CPYTHON = ("cpython", "python:python", "PSF-2.0")
PARTS = "lambda-bootstrap/licences/PARTS"


def of_part(row: str) -> Component:
    """
    A part that is linked in, by its row in PARTS: name, version, and of a tarball its digest and Debian's version.

    Debian's version tells which of upstream's faults are mended in it; a CPE has no place for that.
    """
    package, version, *rest = row.split()
    name, cpe, licence = CPYTHON if package.startswith("python") else KNOWN[package]
    digest, revision = rest or ("", "")
    return Component(
        name=name,
        version=version,
        bom_ref=name,
        licenses=[LicenseExpression(licence)],
        purl=PackageURL("generic", name=name, version=version),
        cpe=f"cpe:2.3:a:{cpe}:{version}:*:*:*:*:*:*:*" if cpe else None,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)] if digest else [],
        pedigree=Pedigree(notes=f"with the patches of Debian's {package} {revision}") if revision else None,
    )


def of_wheel(metadata: str) -> Component:
    """A part that came as a Python package, by its METADATA."""
    fields = HeaderParser().parsestr(metadata)
    name, version = fields["Name"], fields["Version"]
    expression, older = fields.get("License-Expression"), fields.get("License", "").strip()
    licence = LicenseExpression(expression) if expression else LicenseFactory().make_from_string(older)
    return Component(
        name=name,
        version=version,
        bom_ref=f"pypi:{name.lower()}",
        licenses=[licence] if expression or (older and "\n" not in older) else [],
        purl=PackageURL("pypi", name=re.sub(r"[-_.]+", "-", name).lower(), version=version),
    )


def of_certifi(listing: str) -> Component:
    """The authorities: of certifi's package only the one file is there."""
    version = re.findall(r"^certifi==(\S+)", listing, re.MULTILINE)[0]
    return of_wheel(f"Name: certifi\nVersion: {version}\nLicense-Expression: MPL-2.0\n")


def of_rie(arch: str) -> Component:
    """AWS's emulator, which only the image has, and which comes in the wheel that rie.py names."""
    version = re.findall(r"aws-sam-cli==(\S+)", (HERE / "rie.py").read_text())[0]
    file = f"aws-lambda-rie-{arch}"
    binary = (HERE.parent / ".cache" / "rie" / file).read_bytes()
    return Component(
        name="aws-lambda-rie",
        version=f"aws-sam-cli-{version}",
        bom_ref="aws-lambda-rie",
        type=ComponentType.APPLICATION,
        licenses=[LicenseExpression("Apache-2.0")],
        purl=PackageURL("pypi", name="aws-sam-cli", version=version, subpath=f"samcli/local/rapid/{file}"),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=hashlib.sha256(binary).hexdigest())],
    )


def texts(package: Path, pattern: str) -> list[str]:
    """What is in the files of a zip or a folder whose names end like *pattern*."""
    if package.is_dir():
        return [file.read_text() for file in sorted(package.rglob(pattern))]
    with zipfile.ZipFile(package) as archive:
        names = [name for name in archive.namelist() if PurePosixPath(name).match(pattern)]
        return [archive.read(name).decode() for name in sorted(names)]


def metadata(package: Path) -> list[str]:
    """The METADATA of every Python package in a zip or a folder."""
    return texts(package, "*.dist-info/METADATA")


def version() -> str:
    """Our own version, read from the package without importing it."""
    text = (HERE.parent / "runtime" / "lambda_bootstrap" / "__init__.py").read_text()
    return str(re.findall(r'^__version__ = "(.+?)"', text, re.MULTILINE)[0])


def linked(package: Path) -> list[Component]:
    """The parts that are linked into the interpreter of a package, and its launcher."""
    (parts,) = texts(package, PARTS)
    return [of_part(row) for row in parts.splitlines()]


def document(package: Path, arch: str, *, emulator: bool) -> str:
    """The document of a zip, a layer or the tree."""
    wheels = metadata(package)
    components = [*linked(package), *map(of_wheel, wheels), of_certifi((HERE / "interpreter.txt").read_text())]
    if emulator:
        components.append(of_rie(arch))
    whole = Component(
        name=f"lambda-bootstrap-{arch}",
        version=version(),
        bom_ref="lambda-bootstrap",
        type=ComponentType.APPLICATION,
        licenses=[LicenseExpression("MIT")],
    )
    return render(whole, components, f"{package.name} {arch}")


def of_interpreter(tree: Path, arch: str, number: str) -> str:
    """The document of the wheel *number* of the interpreter: all of the tree but the runtime, time zones included."""
    wheels = metadata(tree / "lambda-bootstrap" / "lib")
    components = [*linked(tree), *map(of_wheel, wheels), of_certifi((HERE / "interpreter.txt").read_text())]
    name = "lambda-bootstrap-python"
    whole = Component(
        name=name,
        version=number,
        bom_ref=name,
        licenses=[LicenseExpression("MIT")],  # of what joins the parts
        purl=PackageURL("pypi", name=name, version=number),
    )
    return render(whole, components, f"{name} {number} {arch}")


def of_pure_wheel(wheel: Path) -> str:
    """The document of a wheel that has nothing but our own modules."""
    (text,) = metadata(wheel)
    return render(of_wheel(text), [], wheel.name)


def render(whole: Component, components: list[Component], seed: str) -> str:
    """The document of *whole*, which is made of *components*; its serial number is made of *seed* and these."""
    bom = Bom(components=components)
    contents = "\n".join(sorted(f"{part.bom_ref.value} {part.version}" for part in components))
    bom.serial_number = uuid5(NAMESPACE_URL, hashlib.sha256(f"{seed}\n{contents}".encode()).hexdigest())
    bom.metadata.timestamp = datetime.fromtimestamp(1754697600, UTC)  # as in interpreter.sh
    bom.metadata.component = whole
    bom.register_dependency(whole, components)
    return JsonV1Dot6(bom).output_as_string(indent=2)


def main() -> None:
    """Write the document of what the command line names."""
    parser = argparse.ArgumentParser(description="Write a package's software bill of materials.")
    parser.add_argument("package", type=Path, help="a zip, the tree, or a wheel without an interpreter")
    parser.add_argument("arch", choices=("x86_64", "arm64", "any"))
    parser.add_argument("output", type=Path)
    parser.add_argument("--rie", action="store_true", help="AWS's emulator is in the package")
    parser.add_argument("--interpreter", metavar="VERSION", help="the package is the tree without the runtime")
    options = parser.parse_args()
    if options.interpreter:
        text = of_interpreter(options.package, options.arch, options.interpreter)
    elif options.arch == "any":
        text = of_pure_wheel(options.package)
    else:
        text = document(options.package, options.arch, emulator=options.rie)
    options.output.write_text(text + "\n")


if __name__ == "__main__":
    main()
