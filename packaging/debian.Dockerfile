# The base of the image that `make test` tries functions in where our own interpreter is not compiled: Debian's Python.
FROM debian:trixie-slim
# Its version isn't pinned: this image tests our code, and is never shipped.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends python3 && rm -rf /var/lib/apt/lists/*
