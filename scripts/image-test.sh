#!/usr/bin/env bash
# Builds the container image with buildah and starts it as a container would be: from the image's own root, read-only but for its volume, as
# the image's user. Needs root, since it mounts.
set -euo pipefail
cd "$(dirname "$0")/.."
export TAG=supercargo:test BUILDER=buildah
scripts/image.sh

store=(buildah --storage-driver vfs)
container=$("${store[@]}" from --pull-never "$TAG")
registry=
server=
folder=$(mktemp -d)
end() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  [ -z "$registry" ] || kill "$registry" 2>/dev/null || true
  wait
  "${store[@]}" rm "$container" >/dev/null
  rm -rf "$folder"
}
trap end EXIT
image=$("${store[@]}" mount "$container")
failed() { printf '%s\n' "$*" >&2; exit 1; }

bytes=$(du --bytes --summarize "$image" | cut -f 1)
[ "$bytes" -le $((25 * 1024 * 1024)) ] || failed "The image holds $bytes bytes, more than 25 MB."
user=$("${store[@]}" inspect --format '{{.OCIv1.Config.User}}' "$container")
[ "$user" = 65532:65532 ] || failed "The image runs as $user."

scripts/example-registry --port 0 --no-fill --storage "$folder/registry" >"$folder/url" &
registry=$!
until [ -s "$folder/url" ]; do kill -0 "$registry" && sleep 0.1; done

port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })')
env --ignore-environment PATH="$PATH" SUPERCARGO_LISTEN="0.0.0.0:$port" SUPERCARGO_DATA=/var/lib/supercargo SUPERCARGO_REGISTRY="local=$(cat "$folder/url")" \
  unshare --mount sh -ec '
    mount --bind "$1" "$1"
    mount -o remount,bind,ro "$1"
    mount -t tmpfs -o "uid=65532,gid=65532,mode=0755" volume "$1/var/lib/supercargo"
    exec chroot --userspec=65532:65532 "$1" /supercargo serve
  ' sh "$image" &
server=$!
for try in $(seq 100); do
  kill -0 "$server" 2>/dev/null || failed 'The server in the image ended at once.'
  curl --silent --fail --output /dev/null "http://127.0.0.1:$port/readyz" && break
  [ "$try" -lt 100 ] || failed 'The server in the image does not become ready.'
  sleep 0.1
done
curl --silent --fail "http://127.0.0.1:$port/" | grep -q '<title>.*Supercargo' || failed 'The page of the image’s server is not the catalogue.'
SUPERCARGO_LISTEN="0.0.0.0:$port" chroot --userspec=65532:65532 "$image" /supercargo healthcheck || failed 'The health check fails.'
printf 'The image holds %s bytes, runs read-only as %s and is browsed.\n' "$bytes" "$user"
