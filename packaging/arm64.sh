#!/usr/bin/env bash
# Fetches what runs arm64 programs on another machine, out of Debian's archive: QEMU for one program, and the C library
# of Debian bookworm. Into .cache/arm64; nothing is installed.
set -euo pipefail

folder=.cache/arm64
if [ -x "$folder/qemu" ] && [ -d "$folder/root" ]; then
    exit
fi
echo "Fetching QEMU and a C library for arm64 ..."
mkdir -p "$folder"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"
(cd "$scratch" && apt-get -qq -o APT::Sandbox::User= download qemu-user-static && dpkg-deb -x qemu-user-static_*.deb .)
mmdebstrap --quiet --mode=root --variant=extract --arch=arm64 --include=libc6 \
    --keyring=/usr/share/keyrings/debian-archive-keyring.gpg bookworm "$scratch/root.tar" </dev/null
rm -rf "$folder/root"
mkdir "$folder/root"
tar --extract --file "$scratch/root.tar" --directory "$folder/root" --exclude=./dev --exclude=./usr/share
cp "$scratch/usr/bin/qemu-aarch64-static" "$folder/qemu"
