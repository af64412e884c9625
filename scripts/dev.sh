#!/usr/bin/env bash
# cargo-leptos watches and rebuilds, where it is installed; else one debug build is run.
set -euo pipefail
cd "$(dirname "$0")/.."
if cargo leptos --version >/dev/null 2>&1; then
  scripts/setup.sh build
  exec cargo leptos watch
fi
echo 'cargo-leptos is not installed (cargo install --locked cargo-leptos): running one debug build that does not watch.' >&2
PROFILE=dev exec scripts/run.sh
