# The runtime as a container image, laid out as AWS's provided images are. `make image` builds it, and builds or fetches
# first what is copied from build/ and .cache/. Nothing of the base is used but the C library: any base from glibc 2.26
# on will do.
ARG BASE_IMAGE=debian:trixie-slim
FROM ${BASE_IMAGE}

# AWS's block, but for three differences. LANG: slim images have no en_US locale, C.UTF-8 is UTF-8 as well. PATH:
# /usr/sbin too, or a function's image could not `apt-get install`. LD_LIBRARY_PATH: Debian's own folders come first, as
# AWS's do there, so that a library in a function or layer is found but never replaces the system's.
ENV LANG=C.UTF-8 \
    TZ=:/etc/localtime \
    PATH=/var/runtime/lambda-bootstrap/bin:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin:/opt/bin \
    LD_LIBRARY_PATH=/lib/x86_64-linux-gnu:/lib/aarch64-linux-gnu:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib \
    LAMBDA_TASK_ROOT=/var/task \
    LAMBDA_RUNTIME_DIR=/var/runtime

ARG ARCH=x86_64
ARG TREE=${ARCH}
COPY .cache/rie/aws-lambda-rie-${ARCH} /usr/local/bin/aws-lambda-rie
COPY .cache/rie/LICENSE /usr/local/share/licences/aws-lambda-rie.txt
COPY build/lambda-entrypoint.sh /lambda-entrypoint.sh
COPY build/tree/${TREE} /var/runtime

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
