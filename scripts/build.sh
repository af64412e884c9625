#!/usr/bin/env bash
# The product: the front end's files first, since the binary carries them.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh build
[ -x target/debug/xtask ] || echo 'Building the tool that makes the front end; then the front end; then the server.' >&2
cargo xtask site
cargo build --release --package server --bin supercargo "$@"
