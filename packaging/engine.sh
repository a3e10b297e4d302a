#!/usr/bin/env bash
# Makes sure that a container engine answers: on Debian as root by installing and starting one.
set -euo pipefail

log=/var/log/dockerd.log
patience=60 # seconds; a first start loads kernel modules and makes the storage

answers() { timeout 10 docker info >/dev/null 2>&1; }

if answers; then
    echo "A container engine answers: $(docker version --format '{{.Server.Version}}')."
    exit
fi

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "No container engine answers. Install Docker (docs.docker.com/engine/install) or start it, then try again." >&2
    exit 1
fi

if ! command -v docker >/dev/null || ! command -v dockerd >/dev/null || ! command -v iptables >/dev/null; then
    echo "Installing docker.io and iptables ..."
    export DEBIAN_FRONTEND=noninteractive
    # With what they recommend: the client, which newer Debians ship apart, and the parser without which a kernel that
    # has AppArmor starts no container.
    { apt-get -qq update && apt-get -qq install --yes docker.io iptables; } </dev/null >/dev/null
fi

# The package may have started it already, where there is an init system.
if ! answers; then
    # A session of its own and no descriptor of ours: neither a terminal's end nor a waiting pipe is tied to it.
    setsid --fork dockerd </dev/null >"$log" 2>&1
    for _ in $(seq "$patience"); do
        if answers; then break; fi
        sleep 1
    done
fi

if ! answers; then
    echo "dockerd did not answer within $patience seconds. The end of $log:" >&2
    tail -n 20 "$log" >&2
    exit 1
fi
echo "Started a container engine: $(docker version --format '{{.Server.Version}}'). Its output is in $log."
