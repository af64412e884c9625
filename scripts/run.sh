#!/usr/bin/env bash
# Builds the product and runs it beside $REGISTRY, or beside an example registry of its own. Ctrl-C ends both.
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

children=()
end() {
  trap - EXIT INT TERM
  [ ${#children[@]} -eq 0 ] || kill "${children[@]}" 2>/dev/null || true
  wait
}
trap end EXIT
trap 'exit 0' INT TERM

if [ -n "${REGISTRY:-}" ]; then
  export SUPERCARGO_REGISTRY=$REGISTRY
  # One folder an address, so that what is known of one registry is never taken for another's.
  data=$folder/data-$(printf %s "$REGISTRY" | cksum | cut -d ' ' -f 1)
else
  if ! scripts/setup.sh registry; then
    echo 'Give the registry to browse: REGISTRY=http://host:5000 make run' >&2
    exit 1
  fi
  port=5000
  # Something answers there already: any other will do.
  if (exec 3<>/dev/tcp/127.0.0.1/5000) 2>/dev/null; then port=0; fi
  secret=$(head -c 24 /dev/urandom | base64 | tr '+/' '-_')
  NOTIFY_SECRET=$secret scripts/example-registry --port "$port" --delete --storage "$folder/registry" \
    --notify "http://$listen/api/v1/notifications/local" >"$folder/registry.url" &
  children+=($!)
  until url=$(tail -n 1 "$folder/registry.url") && [ -n "$url" ]; do
    kill -0 "${children[0]}" 2>/dev/null || exit 1
    sleep 0.1
  done
  echo "The example registry is $url: docker push, or skopeo copy --dest-tls-verify=false, to it and watch." >&2
  export SUPERCARGO_REGISTRY=local=$url SUPERCARGO_REGISTRY_NOTIFICATION_SECRET=$secret
  data=$folder/data-example
fi

SUPERCARGO_LISTEN=$listen SUPERCARGO_DATA=$data "$binary" serve &
children+=($!)
echo "Open http://$listen/" >&2
wait -n "${children[@]}"
