#!/usr/bin/env bash
# Builds the product and runs it beside $REGISTRY, or as a registry with example content. Ctrl-C ends it.
#   REGISTRY  the registry's address, as http://host:5000
#   LISTEN    where Supercargo listens [127.0.0.1:5080]
#   PROFILE   release or dev [release]
set -euo pipefail
cd "$(dirname "$0")/.."
listen=${LISTEN:-127.0.0.1:5080}
folder=$PWD/target/run
mkdir -p "$folder"

scripts/setup.sh run
if [ "${PROFILE:-release}" = dev ]; then
  cargo xtask site --dev
  cargo build --package server --bin supercargo
  binary=target/debug/supercargo
else
  scripts/build.sh
  binary=target/release/supercargo
fi

if [ -n "${REGISTRY:-}" ]; then
  export SUPERCARGO_REGISTRY=$REGISTRY
  # One folder an address, so that what is known of one registry is never taken for another's.
  data=$folder/data-$(printf %s "$REGISTRY" | cksum | cut -d ' ' -f 1)
else
  data=$folder/data
fi
export SUPERCARGO_LISTEN=$listen SUPERCARGO_DATA=$data
if [ -z "${REGISTRY:-}" ]; then
  "$binary" demo --if-empty
  echo "It is a registry: docker push, or skopeo copy --dest-tls-verify=false, to $listen and watch." >&2
fi
echo "Open http://$listen/" >&2
exec "$binary" serve
