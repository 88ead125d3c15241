# Sourced by tools/run and tools/test: installs what is missing (saying so first) and builds the release preset.
set -eu
cd "$(dirname "$0")/.."

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "reckon: error: packages are missing; run this as root, install sudo, or install: $missing" >&2
    exit 3
  fi
}

install_packages() {
  missing=""
  for package in $(grep -v '^#' tools/packages.txt) "$@"; do
    dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -q '^installed$' || missing="$missing $package"
  done
  [ -z "$missing" ] && return 0
  echo "installing Debian packages:$missing"
  as_root apt-get update -qq
  # shellcheck disable=SC2086  # a list of words on purpose
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

# build PRESET [TARGET...]
build() {
  preset=$1
  shift
  [ -f "build/$preset/build.ninja" ] || cmake --preset "$preset" >/dev/null
  cmake --build "build/$preset" ${1:+--target "$@"}
}
