#!/bin/sh
# The image's entry point, with the contract of AWS's base images: the handler is the one argument. A function on a
# customer-managed runtime has no command; its handler stands in _HANDLER already.
if [ $# -gt 1 ] || [ -z "${1:-$_HANDLER}" ]; then
    echo "entrypoint requires the handler name to be the first argument" >&2
    exit 142
fi
export _HANDLER="${1:-$_HANDLER}"

# Lambda, SAM and a separate emulator name the Runtime API; a plain `docker run` does not, and gets AWS's emulator.
if [ -z "$AWS_LAMBDA_RUNTIME_API" ]; then
    exec /usr/local/bin/aws-lambda-rie /var/runtime/bootstrap
fi
exec /var/runtime/bootstrap
