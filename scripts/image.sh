#!/usr/bin/env bash
# The container image, from a static binary that is built here: no base image is pulled. deploy/Containerfile's last stage is what is built;
# its first stage is for those who build by the Containerfile alone.
#   TAG      the image's name [supercargo:dev]
#   BUILDER  docker, podman or buildah; the first that works when it is not given
set -euo pipefail
cd "$(dirname "$0")/.."
tag=${TAG:-supercargo:dev}
triple=x86_64-unknown-linux-musl
context=target/image

scripts/setup.sh image
cargo xtask site
CC_x86_64_unknown_linux_musl=musl-gcc cargo build --profile image --package server --bin supercargo --target "$triple"

rm -rf "$context"
mkdir -p "$context/root/var/lib/supercargo"
cp "target/$triple/image/supercargo" "$context/root/supercargo"
sed -n '/^FROM scratch/,$p' deploy/Containerfile | sed 's/--from=build //; s, /out/, root/,' >"$context/Containerfile"

works() { [ "${BUILDER:-$1}" = "$1" ] && command -v "$1" >/dev/null 2>&1 && "$1" info >/dev/null 2>&1; }
if works docker; then
  docker build --tag "$tag" --file "$context/Containerfile" "$context"
elif works podman; then
  podman build --format docker --tag "$tag" --file "$context/Containerfile" "$context"
elif works buildah; then
  # Root on a machine without user namespaces or overlay can still build this: nothing in it is run.
  options=()
  [ "$(id -u)" = 0 ] && options=(--storage-driver vfs)
  buildah "${options[@]}" build --isolation chroot --format docker --tag "$tag" --file "$context/Containerfile" "$context"
else
  echo 'There is no docker, podman or buildah that works here; the static binary is target/image/root/supercargo.' >&2
  exit 1
fi
printf '%s: %s bytes of binary\n' "$tag" "$(stat -c %s "$context/root/supercargo")"
