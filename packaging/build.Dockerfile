# The image for the build stage of a function's Dockerfile: the runtime's, with pip and uv. Nobody ships it.
ARG IMAGE=lambda-bootstrap
FROM ${IMAGE}
# As root, into a folder that is no environment of uv's: neither is to complain. The function is read-only in Lambda, so
# byte code is made here; pip does that by itself.
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore \
    UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_PYTHON_DOWNLOADS=never \
    UV_SYSTEM_PYTHON=1
ARG ARCH=x86_64
COPY build/installers/${ARCH}/bin /usr/local/bin
ARG PYTHON=python3.13
COPY build/installers/${ARCH}/lib /var/runtime/lambda-bootstrap/lib/${PYTHON}/site-packages
