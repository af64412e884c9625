#!/usr/bin/env bash
# Runs the OCI conformance programme against the example registry, every workflow and switch on, and judges its junit file.
#
#   tests/conformance.sh [PROGRAMME]      else `conformance` of the PATH or of $OCI_CONFORMANCE
#
# go install github.com/opencontainers/distribution-spec/conformance@latest
set -euo pipefail
cd "$(dirname "$0")/../../.."
programme=${1:-${OCI_CONFORMANCE:-conformance}}
command -v "$programme" >/dev/null || { echo "skipped: there is no OCI conformance programme ($programme)"; exit 0; }
cargo build --quiet --package embedded --example registry
target=${CARGO_TARGET_DIR:-target}
work=$(mktemp -d)
SPARSE=1 "$target/debug/examples/registry" "$work/root" 0 >"$work/address" 2>"$work/log" &
server=$!
trap 'kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
for _ in $(seq 100); do [[ -s $work/address ]] && break; sleep 0.1; done
address=$(sed 's|http://||' "$work/address")

switches=()
for api in PING PULL PUSH REFERRER BLOBS_{ATOMIC,DELETE,DIGEST_HEADER,MOUNT_ANONYMOUS,UPLOAD_CANCEL} MANIFESTS_{ATOMIC,DELETE,DIGEST_HEADER,TAG_PARAM} \
  TAGS_{ATOMIC,DELETE,LIST}; do
  switches+=("OCI_API_$api=true")
done
for data in IMAGE INDEX INDEX_LIST SPARSE ARTIFACT SUBJECT SUBJECT_MISSING ARTIFACT_LIST SUBJECT_LIST DATA_FIELD NONDISTRIBUTABLE CUSTOM_FIELDS \
  NO_LAYERS EMPTY_BLOB SHA512; do
  switches+=("OCI_DATA_$data=true")
done
results=${RESULTS:-$work/results}
env "${switches[@]}" OCI_REGISTRY="$address" OCI_TLS=disabled OCI_VERSION=dev OCI_RESULTS_DIR="$results" "$programme" >"$work/out" 2>&1 || true
python3 - "$results/junit.xml" <<'PYTHON'
import sys, xml.etree.ElementTree as tree
cases = list(tree.parse(sys.argv[1]).getroot().iter('testcase'))
failed = [c for c in cases if c.find('failure') is not None or c.find('error') is not None]
skipped = [c for c in cases if c.find('skipped') is not None]
for kind, some in (('failed', failed), ('skipped', skipped)):
    for case in some:
        print(f'{kind}: {case.get("name")}')
print(f'OCI conformance (dev, everything on): {len(cases) - len(failed) - len(skipped)} passed, {len(failed)} failed, {len(skipped)} skipped')
# Too few is as bad as failed: a programme that could not begin fails nothing.
sys.exit(1 if failed or len(cases) < 700 else 0)
PYTHON
