#!/usr/bin/env bash
# Round trips of real clients against our own registry, freshly started over an empty folder: a table of what each did, checked by asking the
# registry itself, and the count. Status 1 when a step failed; what is not on PATH is listed and is no failure.
#   scripts/clients.sh [docker] [containerd] [podman] [buildah] [skopeo] [crane] [regctl] [oras] [helm] [cosign]     all when none is named
# SUPERCARGO names the program; else it is target/release/supercargo, else target/debug/supercargo.
set -euo pipefail
exec node "$(dirname "$0")/lib/clients/main.mjs" "$@"
