#!/usr/bin/env bash
# Sees to it that the base image $1 is there: from a registry, else made of Debian's own packages.
set -euo pipefail

image=$1
suite=${image#debian:}
suite=${suite%-slim}
# The day trixie came out. Any constant makes two builds from the same packages the same bytes.
export SOURCE_DATE_EPOCH=1754697600

if docker image inspect "$image" >/dev/null 2>&1; then
    exit
fi

echo "Pulling $image ..."
if timeout 120 docker pull --quiet "$image" >/dev/null 2>&1; then
    exit
fi

if [ "$image" != "debian:$suite-slim" ]; then
    echo "$image cannot be pulled, and only images like debian:trixie-slim can be built here" >&2
    exit 1
fi
if ! command -v mmdebstrap >/dev/null; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "$image cannot be pulled; to build it, install mmdebstrap and debian-archive-keyring" >&2
        exit 1
    fi
    echo "Installing mmdebstrap ..."
    export DEBIAN_FRONTEND=noninteractive
    {
        apt-get -qq update
        apt-get -qq install --yes --no-install-recommends mmdebstrap debian-archive-keyring
    } </dev/null >/dev/null
fi

echo "No registry answers: building $image from Debian's packages ..."
archive=$(mktemp --suffix=.tar)
trap 'rm -f "$archive"' EXIT

# What the published slim image leaves out. The options stay in the image, so packages added later are slim too.
options=('--aptopt=Acquire::Languages "none"' '--aptopt=APT::AutoRemove::SuggestsImportant "false"')
for path in /usr/share/{doc,groff,info,linda,lintian,locale,man}; do
    options+=("--dpkgopt=path-exclude=$path/*")
done
options+=('--dpkgopt=path-include=/usr/share/doc/*/copyright')

mmdebstrap --quiet --variant=minbase --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
    "${options[@]}" "$suite" "$archive" </dev/null
docker import --change 'CMD ["bash"]' "$archive" "$image" >/dev/null
