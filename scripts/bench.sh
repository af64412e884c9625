#!/usr/bin/env bash
# Builds the product and measures it; bench/README.md says what and how.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh test
scripts/build.sh
exec bench/run "$@"
