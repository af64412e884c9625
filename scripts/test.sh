#!/usr/bin/env bash
# Every test there is. The last line counts what passed and what failed; a check that fails (formatting, a lint, a build) counts as one.
#   scripts/test.sh [checks] [rust] [end2end] [image] [fuzz]   only these; all when none is named, fuzz where FUZZ_SECONDS says how long each target
#                                                              runs: that takes ten minutes more, or less where FUZZ_TARGETS names some
# What each step printed stays in target/test/.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
PATH=$PWD/target/tools/bin:$PATH
logs=$PWD/target/test
mkdir -p "$logs"
rm -f "$logs"/*.log "$logs"/*.json
passed=0
failed=0
broken=()
parts=" ${*:-checks rust end2end image ${FUZZ_SECONDS:+fuzz}} "
wants() { [[ $parts == *" $1 "* ]]; }

# Runs one step, shows and keeps what it prints, and remembers whether it failed.
step() {
  local name=$1 started=$SECONDS status
  shift
  printf '\n== %s\n' "$name"
  "$@" 2>&1 | tee "$logs/${name// /-}.log"
  status=${PIPESTATUS[0]}
  printf -- '-- %s: %s, %s s\n' "$name" "$([ "$status" = 0 ] && echo done || echo failed)" $((SECONDS - started))
  return "$status"
}
# A step that has no count of its own.
check() {
  if step "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); broken+=("$1"); fi
}
# A step without which the rest means nothing.
need() {
  step "$@" && return
  failed=$((failed + 1))
  broken+=("$1")
  finish
}
finish() {
  printf '\n'
  [ ${#broken[@]} -eq 0 ] || printf 'Failed: %s\n' "$(IFS=,; echo "${broken[*]}" | sed 's/,/, /g')"
  printf '%s passed, %s failed\n' "$passed" "$failed"
  [ "$failed" = 0 ] && [ ${#broken[@]} -eq 0 ] && [ "$passed" -gt 0 ]
  exit
}

# The packages that people's own code is in, as one set of features: what one command compiled, the next finds.
packages=(--package oci --package plan --package api --package registry --package embedded --package example --package catalogue --package service --package app --package server --package xtask)
features=(--features app/ssr)

# Adds the lines "test result: ok. 12 passed; 0 failed; …" of a log.
count_rust() {
  local sums
  sums=$(awk '/^test result:/ { for (i = 2; i <= NF; i++) { if ($i ~ /^passed/) p += $(i - 1); if ($i ~ /^failed/) f += $(i - 1) } } END { print p + 0, f + 0 }' "$1")
  passed=$((passed + ${sums% *}))
  failed=$((failed + ${sums#* }))
  [ "${sums#* }" != 0 ]
}
# Node's test runner: "# pass 12", "# fail 0".
count_node() {
  local sums
  sums=$(awk '/^# pass / { p += $3 } /^# fail / { f += $3 } END { print p + 0, f + 0 }' "$1")
  passed=$((passed + ${sums% *}))
  failed=$((failed + ${sums#* }))
  [ "${sums#* }" != 0 ]
}

# scripts/clients.sh: "12 passed, 0 failed, 3 not installed".
count_clients() {
  local sums
  sums=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed, [0-9]* not installed$/\1 \2/p' "$1" | tail -n 1)
  sums=${sums:-0 1}
  passed=$((passed + ${sums% *}))
  failed=$((failed + ${sums#* }))
  [ "${sums#* }" != 0 ]
}

need 'setup' scripts/setup.sh test
need 'site' cargo xtask site

if wants checks; then
  check 'format' cargo fmt --all --check
  check 'lints' cargo clippy "${packages[@]}" --package bench "${features[@]}" --all-targets -- --deny warnings
  # For this machine, not for WASM: its dependencies were looked at already, and no code of ours is for one of them alone.
  check 'lints of the front end' cargo clippy --package frontend --package app --features app/hydrate -- --deny warnings
  if cargo deny --version >/dev/null 2>&1; then
    # The lock file has crates of other systems, which no build here has fetched.
    cargo fetch --locked --quiet
    check 'licences and sources' cargo deny --offline check licenses bans sources
  else
    printf '\nLicences and sources are not checked: cargo-deny is not installed (cargo install --locked cargo-deny).\n'
  fi
fi

if wants rust; then
  if ! step 'rust tests' cargo test "${packages[@]}" "${features[@]}" --no-fail-fast; then
    broken+=('rust tests')
    count_rust "$logs/rust-tests.log" || failed=$((failed + 1))
  else
    count_rust "$logs/rust-tests.log"
  fi
  if command -v "${OCI_CONFORMANCE:-conformance}" >/dev/null 2>&1; then
    check 'OCI conformance' crates/embedded/tests/conformance.sh
  else
    printf '\nOCI conformance is not tested: go install github.com/opencontainers/distribution-spec/conformance@latest\n'
  fi
fi

if wants end2end; then
  if ! step 'example content' node --test --test-reporter tap scripts/lib/*.test.mjs; then
    broken+=('example content')
    count_node "$logs/example-content.log" || failed=$((failed + 1))
  else
    count_node "$logs/example-content.log"
  fi
  # The tests of the server have built it.
  wants rust || need 'server' cargo build --package server --bin supercargo
  if ! step 'clients' env SUPERCARGO=target/debug/supercargo scripts/clients.sh; then
    broken+=('clients')
    count_clients "$logs/clients.log" || failed=$((failed + 1))
  else
    count_clients "$logs/clients.log"
  fi
  (cd end2end && PLAYWRIGHT_JSON_OUTPUT_NAME="$logs/end2end.json" step 'browser tests' npx --no-install playwright test --reporter list,json)
  status=$?
  sums=$(node -e 'const { stats, errors } = JSON.parse(require("fs").readFileSync(process.argv[1])); console.log(stats.expected + stats.flaky, stats.unexpected, errors.length)' "$logs/end2end.json" 2>/dev/null || echo '0 0 1')
  read -r well badly outside <<<"$sums"
  passed=$((passed + well))
  failed=$((failed + badly))
  if [ "$status" != 0 ] || [ "$outside" != 0 ] || [ "$well" = 0 ]; then
    broken+=('browser tests')
    [ "$badly" != 0 ] || failed=$((failed + 1))
  fi
fi

if wants image; then
  if [ "$(id -u)" = 0 ] && command -v buildah >/dev/null 2>&1 && command -v musl-gcc >/dev/null 2>&1; then
    check 'image' scripts/image-test.sh
  else
    printf '\nThe container image is not tested: that needs root, buildah and musl-gcc.\n'
  fi
fi

if wants fuzz; then
  # Words, each the name of one.
  # shellcheck disable=SC2086
  check 'fuzz targets' scripts/fuzz.sh "${FUZZ_SECONDS:-60}" ${FUZZ_TARGETS:-}
fi

finish
