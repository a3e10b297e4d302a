# The Runtime API as an image, for tests of any runtime: `make emulator` builds it, and puts first what is copied here
# into build/emulator.
ARG BASE_IMAGE=debian:trixie-slim
FROM ${BASE_IMAGE}

# Debian has one Python a release.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3-minimal libpython3-stdlib \
    && rm -rf /var/lib/apt/lists/*
COPY build/emulator /opt/emulator

ENV LANG=C.UTF-8 PYTHONPATH=/opt/emulator PYTHONDONTWRITEBYTECODE=1
USER 65534:65534
WORKDIR /tmp
EXPOSE 9001
ENTRYPOINT ["python3", "-P", "-m", "lambda_bootstrap_dev", "serve"]
CMD ["0.0.0.0:9001"]
