"""Random numbers in copies of one process."""

from __future__ import annotations

import random
import ssl
import sys
from types import ModuleType

import pytest
from lambda_bootstrap.lifecycle.randomness import reseed


class TestReseed:
    """What is seeded anew."""

    def test_random(self) -> None:
        """After it, the same state of `random` leads to other numbers."""
        state = random.getstate()
        drawn = set()
        for _ in range(3):
            random.setstate(state)
            reseed()
            drawn.add(random.random())  # noqa: S311 - that is the test
        random.setstate(state)

        assert len(drawn) == 3

    def test_numpy(self) -> None:
        """So with numpy's global generator."""
        numpy = pytest.importorskip("numpy")
        state = numpy.random.get_state()
        drawn = set()
        for _ in range(3):
            numpy.random.set_state(state)
            reseed()
            drawn.add(float(numpy.random.rand()))
        numpy.random.set_state(state)

        assert len(drawn) == 3

    def test_only_what_is_there(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What the function has not imported stays so."""
        for name in ("random", "numpy.random", "_ssl"):
            monkeypatch.delitem(sys.modules, name, raising=False)
        reseed()

        assert {"random", "numpy.random", "_ssl"} & set(sys.modules) == set()

    def test_openssl(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """OpenSSL's generator, which TLS draws from, is given 64 bytes of the kernel's."""
        given: list[tuple[bytes, float]] = []
        module = ModuleType("_ssl")
        vars(module)["RAND_add"] = lambda data, entropy: given.append((data, entropy))
        monkeypatch.setitem(sys.modules, "_ssl", module)
        reseed()

        [(data, entropy)] = given
        assert (len(data), entropy) == (64, 64.0)
        assert hasattr(ssl, "RAND_add")
