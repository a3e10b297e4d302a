#!/usr/bin/env bash
# Makes sure that the base image $1 for architecture $2 (x86_64, arm64) is there: from a registry, else made of Debian's
# own packages.
set -euo pipefail

image=$1
case $2 in
    x86_64) debian=amd64 ;;
    arm64) debian=arm64 ;;
    *) echo "ARCH is $2: it has to be x86_64 or arm64" >&2; exit 1 ;;
esac
# Debian's images for one architecture: arm64v8/debian:trixie-slim.
name=${image#a*64*/}
suite=${name#debian:}
suite=${suite%-slim}
# The day trixie came out. Any constant makes two builds from the same packages the same bytes.
export SOURCE_DATE_EPOCH=1754697600

if [ "$(docker image inspect --format '{{.Architecture}}' "$image" 2>/dev/null)" = $debian ]; then
    exit
fi

if ! docker info >/dev/null 2>&1; then
    echo "no container engine answers: make engine" >&2
    exit 1
fi

echo "Pulling $image ..."
if timeout 120 docker pull --quiet --platform linux/$debian "$image" >/dev/null 2>&1; then
    exit
fi

if [ "$name" != "debian:$suite-slim" ]; then
    echo "$image cannot be pulled, and only images like debian:trixie-slim can be built here" >&2
    exit 1
fi
if [ $debian = arm64 ]; then packaging/arm64.sh; fi
echo "No registry answers: building $image from Debian's packages ..."
packaging/tools.sh mmdebstrap:mmdebstrap mmdebstrap:debian-archive-keyring
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# What the published slim image leaves out. The options stay in the image, so packages added later are slim too.
options=('--aptopt=Acquire::Languages "none"' '--aptopt=APT::AutoRemove::SuggestsImportant "false"')
for path in /usr/share/{doc,groff,info,linda,lintian,locale,man}; do
    options+=("--dpkgopt=path-exclude=$path/*")
done
options+=('--dpkgopt=path-include=/usr/share/doc/*/copyright')
# A mirror that is a snapshot has a date that has passed, for sid.
if [ "$suite" = sid ]; then options+=('--aptopt=Acquire::Check-Valid-Until "false"'); fi

# Not its own test of the kernel, which takes one more package: arm64.sh has seen to that.
mmdebstrap --quiet --arch=$debian --skip=check/qemu --variant=minbase \
    --keyring=/usr/share/keyrings/debian-archive-keyring.gpg "${options[@]}" "$suite" "$scratch/base.tar" </dev/null
printf 'FROM scratch\nADD base.tar /\nCMD ["bash"]\n' >"$scratch/Dockerfile"
docker build --quiet --platform linux/$debian --tag "$image" "$scratch" >/dev/null
