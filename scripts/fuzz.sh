#!/usr/bin/env bash
# Runs the fuzz targets of fuzz/ on what clients and other registries write, guided by coverage, two at a time.
#   scripts/fuzz.sh [SECONDS] [TARGET…]   so many seconds each, 60 when not said; all targets when none is named
# It wants no nightly toolchain: the coverage pass is LLVM's, which stable compilers take by name. (The address sanitizer is nightly's; we
# have no unsafe code that it would watch.) What was found before stays in target/fuzz/corpus and is gone on from. An input that fails is
# kept in target/fuzz/found: run the target with it, mend, make it a test.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
seconds=60
if [[ ${1:-} =~ ^[0-9]+$ ]]; then
  seconds=$1
  shift
fi
folder=${CARGO_TARGET_DIR:-$PWD/target}/fuzz
host=$(rustc -vV | sed -n 's/^host: //p')
mapfile -t targets < <(if [ $# -gt 0 ]; then printf '%s\n' "$@"; else basename -s .rs fuzz/targets/*.rs; fi)

# Every crate is measured, ours and what they read with: a JSON reader that is not would look the same to the fuzzer whatever it reads. With
# --target, programs of the build itself are not.
export RUSTFLAGS="-C passes=sancov-module -C codegen-units=1
  -C llvm-args=-sanitizer-coverage-level=4 -C llvm-args=-sanitizer-coverage-inline-8bit-counters -C llvm-args=-sanitizer-coverage-pc-table
  -C llvm-args=-sanitizer-coverage-trace-compares -C llvm-args=-simplifycfg-branch-fold-threshold=0"
RUSTFLAGS=$(tr -s '\n ' ' ' <<<"$RUSTFLAGS")
CARGO_TARGET_DIR=$folder cargo build --manifest-path fuzz/Cargo.toml --locked --release --target "$host" --bins --quiet || exit 1
mkdir -p "$folder/found"

run() {
  local target=$1 log="$folder/$1.log" options=() status
  mkdir -p "$folder/corpus/$target"
  [ ! -f "fuzz/words/$target.txt" ] || options+=("-dict=fuzz/words/$target.txt")
  [ ! -d "fuzz/corpus/$target" ] || options+=("fuzz/corpus/$target")
  "$folder/$host/release/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=8192 -print_final_stats=1 \
    -artifact_prefix="$folder/found/$target-" "$folder/corpus/$target" "${options[@]}" >"$log" 2>&1
  status=$?
  printf '%-10s %10s executions, %6s edges covered, %6s inputs kept: %s\n' "$target" \
    "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" "$(grep -o 'cov: [0-9]*' "$log" | tail -1 | cut -c6-)" \
    "$(find "$folder/corpus/$target" -type f | wc -l)" "$([ $status = 0 ] && echo well || echo "FAILED ($status)")"
  if [ $status != 0 ]; then
    grep -a -m 5 -E 'panicked at|assertion|left:|right:|ERROR' -A 1 "$log"
    grep -a 'Test unit written' "$log"
  fi
  return $status
}
export -f run
export folder host seconds

printf '%s\n' "${targets[@]}" | xargs -P 2 -I '{}' bash -c 'run {}'
status=$?
[ $status = 0 ] && echo 'Every target ran well.' || echo "What failed is in $folder/found"
exit $status
