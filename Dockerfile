# The runtime as a container image, laid out as AWS's provided images are. `make image` builds it, and fetches first
# what is copied from build/ and .cache/.
ARG BASE_IMAGE=debian:trixie-slim

FROM ${BASE_IMAGE} AS python
# No versions (DL3008): security updates are wanted, and the archive drops a version when it has a newer one.
# hadolint ignore=DL3008
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends ca-certificates python3 tzdata \
    && apt-get clean \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/* /var/cache/ldconfig/* /var/log/*

FROM python AS files
ARG TARGETARCH
COPY .cache/rie/aws-lambda-rie-${TARGETARCH} /usr/local/bin/aws-lambda-rie
COPY packaging/lambda-entrypoint.sh /
COPY build/site-packages /var/runtime/site-packages
COPY bootstrap /var/runtime/
COPY runtime /var/runtime/runtime
# Lambda runs the image as a user of its own, read-only: every file must be readable, and byte code is made now or never.
# Unchecked, because neither a file's time nor its content changes any more. The interpreter is named outright: not
# looking for it along PATH saves one exec, about 1 ms of 20 at start.
RUN sed -i '1s|.*|#!/usr/bin/python3|' /var/runtime/bootstrap \
    && chmod -R u=rwX,go=rX /var/runtime \
    && chmod 0755 /var/runtime/bootstrap /lambda-entrypoint.sh /usr/local/bin/aws-lambda-rie \
    && python3 -m compileall -q --invalidation-mode unchecked-hash /var/runtime \
    && mkdir --mode=0755 /var/task

FROM python
# AWS's block, but for three differences. LANG: Debian's slim image has no en_US locale, C.UTF-8 is UTF-8 as well.
# PATH: /usr/sbin too, or a function's image could not `apt-get install`. LD_LIBRARY_PATH: Debian's own folders come
# first, as AWS's do there, so that a library in a function or layer is found but never replaces the interpreter's.
ENV LANG=C.UTF-8 \
    TZ=:/etc/localtime \
    PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin:/opt/bin \
    LD_LIBRARY_PATH=/lib/x86_64-linux-gnu:/lib/aarch64-linux-gnu:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib \
    LAMBDA_TASK_ROOT=/var/task \
    LAMBDA_RUNTIME_DIR=/var/runtime

COPY --from=files /usr/local/bin/aws-lambda-rie /usr/local/bin/
COPY --from=files /lambda-entrypoint.sh /
COPY --from=files /var/task /var/task
COPY --from=files /var/runtime /var/runtime

ARG BASE_IMAGE
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.title="lambda-bootstrap" \
    org.opencontainers.image.description="A custom Python runtime for AWS Lambda" \
    org.opencontainers.image.licenses="MIT" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}" \
    org.opencontainers.image.base.name="${BASE_IMAGE}"

# No USER: Lambda ignores it and brings its own, and `sam build` fails on an image that has one.
WORKDIR /var/task
ENTRYPOINT ["/lambda-entrypoint.sh"]
