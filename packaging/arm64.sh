#!/usr/bin/env bash
# Makes sure that this machine's kernel runs programs for arm64, in containers too: with QEMU, unless it is such a machine.
set -euo pipefail

formats=/proc/sys/fs/binfmt_misc
runs() { [ "$(uname -m)" = aarch64 ] || [ -e $formats/qemu-aarch64 ]; }

if runs; then
    exit
fi
packaging/tools.sh qemu-aarch64-static:qemu-user-static
# Where there is an init system, that was all.
if runs; then
    exit
fi
if [ ! -e $formats/register ]; then
    mount -t binfmt_misc binfmt_misc $formats
fi
# A 64-bit ELF file, whether executable or shared, for machine 183. F has the kernel open QEMU now: no container has it.
magic='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
printf '%s' ":qemu-aarch64:M::$magic:$mask:$(command -v qemu-aarch64-static):F" >$formats/register
