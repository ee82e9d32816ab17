#!/usr/bin/env bash
# Installs what libphi is built from. Run it as often as you like: it does only what is left to do.
#
#   cmake/install_dependencies.sh            install what is missing
#   cmake/install_dependencies.sh --tests    and what only tests want: other languages, windows, tools that look at the library
#   cmake/install_dependencies.sh --check    only say what is missing (exit status 1 if anything is)
#
# On Debian and its relatives most parts come from the machine's own packages. Two are newer than Debian 12 has them, and
# are taken from a newer Debian release through the mirror that this machine's apt is configured with:
#   oneDNN >= 3.7   built once, static, only what libphi uses (less than a third of its sources)
#   PCRE2 >= 10.44  built once, static, with JIT (newer Unicode tables; half a minute)
# They go to a cache outside the checkout: $PHI_DEPS_DIR, else $XDG_CACHE_HOME/libphi, else ~/.cache/libphi.
set -euo pipefail

packages=(git ca-certificates cmake ninja-build g++ pkg-config ccache dpkg-dev file xz-utils
  libeigen3-dev doctest-dev libbenchmark-dev nlohmann-json3-dev libutf8proc-dev libxxhash-dev libcli11-dev libspdlog-dev)
# The sanitizer presets that use clang ask for it here: "clang libclang-rt-dev libomp-dev".
read -ra extra_packages <<<"${PHI_EXTRA_PACKAGES:-}"
packages+=("${extra_packages[@]}")
# A test whose package is missing says so and is skipped.
test_packages=(
  abigail-tools zsh fish man-db
  doxygen mkdocs-material
  python3-numpy mypy python3-pip python3-setuptools python3-wheel
  nodejs rustc rustfmt cargo mono-mcs mono-runtime libmono-system-core4.0-cil
  libgtk-4-dev libsdl2-dev libsdl2-ttf-dev fonts-dejavu-core libsqlite3-dev xvfb xauth imagemagick)
command -v npm >/dev/null || test_packages+=(npm)   # a Node.js that is not Debian's brings its own, and the two collide
newer_suites=(trixie forky sid)

here=$(cd "$(dirname "$0")" && pwd)
deps_dir=${PHI_DEPS_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/libphi}
prefix=$deps_dir/prefix
work=$deps_dir/work
jobs=$(nproc)
onednn_recipe=share/doc/dnnl/built-for-libphi-2  # another number builds it anew on every machine
check_only=0
case "${1:-}" in
  --check) check_only=1 ;;
  --tests) packages+=("${test_packages[@]}") ;;
esac

say() { printf '%s\n' "libphi set-up: $*"; }
die() { printf '%s\n' "libphi set-up: $*" >&2; exit 1; }

# Runs a long command with its output in a log: on a terminal a line that counts steps, elsewhere one every half minute.
quietly() {
  local what=$1 log=$work/$1.log started=$SECONDS
  shift
  "$@" >"$log" 2>&1 &
  local pid=$! steps elapsed
  while kill -0 "$pid" 2>/dev/null; do
    sleep 1
    steps=$(tail -n 1 "$log" | grep -oE '^\[[0-9]+/[0-9]+\]' || true)
    elapsed=$((SECONDS - started))
    if [ -t 2 ]; then
      printf '\r%s %s %ss ' "$what" "$steps" "$elapsed" >&2
    elif ((elapsed > 0 && elapsed % 30 == 0)); then
      printf '%s %s %ss\n' "$what" "$steps" "$elapsed" >&2
    fi
  done
  [ ! -t 2 ] || printf '\n' >&2
  if ! wait "$pid"; then
    tail -n 40 "$log" >&2
    die "$what failed; the whole log is $log"
  fi
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "needs root for: $* (run it yourself, then start this script again)"
  fi
}

missing_packages() {
  local package
  for package in "${packages[@]}"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || printf '%s ' "$package"
  done
}

# apt, looking at a newer release through a state of its own; the machine's configuration stays as it is.
newer_apt() {
  local suite=$1
  shift
  local state=$work/apt-$suite
  if [ ! -f "$state/ready" ]; then
    local mirror
    mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Identifier: Packages' | grep -v security |
      awk '/\/debian\/ / {print $1; exit}')
    [ -n "$mirror" ] || die "apt has no Debian mirror configured (apt-get indextargets lists none)"
    mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
    local signed=/usr/share/keyrings/debian-archive-keyring.gpg
    printf 'deb [signed-by=%s] %s %s main\ndeb-src [signed-by=%s] %s %s main\n' \
      "$signed" "$mirror" "$suite" "$signed" "$mirror" "$suite" >"$state/sources.list"
    apt-get -q "${newer_options[@]/STATE/$state}" update >"$work/apt-$suite.log" 2>&1 || return 1
    touch "$state/ready"
  fi
  "$1" -q "${newer_options[@]/STATE/$state}" "${@:2}"
}
newer_options=(-o Dir::Etc::SourceList=STATE/sources.list -o Dir::Etc::SourceParts=/dev/null
  -o Dir::State::Lists=STATE/lists -o Dir::Cache=STATE/cache -o APT::Sandbox::User=root)

# newest_source <package> <minimum version>: unpacks the package's source into $work/<package>.
newest_source() {
  local package=$1 minimum=$2 suite version
  [ -d "$work/$package" ] && return
  for suite in "${newer_suites[@]}"; do
    version=$(newer_apt "$suite" apt-cache showsrc "$package" 2>/dev/null | sed -n 's/^Version: //p' | sort -V | tail -n 1) || continue
    [ -n "$version" ] && dpkg --compare-versions "$version" ge "$minimum" || continue
    (cd "$work" && newer_apt "$suite" apt-get source --download-only "$package=$version" >"$package.fetch.log" 2>&1) || continue
    rm -rf "$work/$package.part"   # of a run that was interrupted
    (cd "$work" && dpkg-source --no-check -x "$package"_*.dsc "$package.part" >>"$package.fetch.log" 2>&1) || continue
    mv "$work/$package.part" "$work/$package"
    return
  done
  die "no source package $package >= $minimum in ${newer_suites[*]} (see $work/*.log); \
or install it yourself where CMake finds it"
}

# What is built of oneDNN, and how, says cmake/onednn.
install_onednn() {
  newest_source onednn 3.7
  say "building oneDNN's block kernels, once"
  cmake -S "$here/onednn" -B "$work/onednn-build" -G Ninja -DFETCHCONTENT_SOURCE_DIR_ONEDNN="$work/onednn" \
    -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib >"$work/onednn-configure.log" 2>&1 ||
    die "oneDNN does not configure; see $work/onednn-configure.log"
  quietly onednn-build cmake --build "$work/onednn-build" --parallel "$jobs" --target dnnl
  cmake --install "$work/onednn-build" >/dev/null
  touch "$prefix/$onednn_recipe"
  rm -rf "$work/onednn-build" "$work/onednn"
}

install_pcre2() {
  newest_source pcre2 10.44
  say "building PCRE2"
  cmake -S "$work/pcre2" -B "$work/pcre2-build" -G Ninja \
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_INSTALL_PREFIX="$prefix" \
    -DCMAKE_INSTALL_LIBDIR=lib -DBUILD_SHARED_LIBS=OFF -DBUILD_STATIC_LIBS=ON -DPCRE2_STATIC_PIC=ON \
    -DPCRE2_SUPPORT_JIT=ON -DPCRE2_BUILD_PCRE2GREP=OFF -DPCRE2_BUILD_TESTS=OFF >"$work/pcre2-configure.log" 2>&1 ||
    die "PCRE2 does not configure; see $work/pcre2-configure.log"
  quietly pcre2-build cmake --build "$work/pcre2-build" --parallel "$jobs"
  cmake --install "$work/pcre2-build" >/dev/null
  rm -rf "$work/pcre2-build" "$work/pcre2"
}

have_onednn() { [ -f "$prefix/lib/libdnnl.a" ] && [ -f "$prefix/$onednn_recipe" ]; }
have_pcre2() { [ -f "$prefix/lib/libpcre2-8.a" ] && [ -f "$prefix/include/pcre2.h" ]; }

if ! command -v apt-get >/dev/null; then
  say "this is no Debian; install these yourself: CMake >= 3.25, a C++20 compiler, Eigen 3.4, doctest, Google Benchmark,"
  say "nlohmann-json, CLI11, PCRE2, utf8proc, xxHash. CMake fetches and builds oneDNN when it is not found."
  exit 0
fi

missing=$(missing_packages)
if [ "$check_only" = 1 ]; then
  status=0
  [ -z "$missing" ] || { say "missing packages: $missing"; status=1; }
  for part in onednn pcre2; do
    "have_$part" || { say "missing in $prefix: $part"; status=1; }
  done
  exit $status
fi

mkdir -p "$work" "$prefix"
exec 9>"$work/lock"
flock 9   # two checkouts may start at once; the second waits and then finds everything done

if [ -n "$missing" ]; then
  say "installing packages: $missing"
  [ -n "$(find /var/lib/apt/lists -name '*_Packages*' -newermt '-1 day' 2>/dev/null | head -n 1)" ] ||
    as_root apt-get -q update >"$work/apt-update.log" 2>&1 ||
    { tail -n 4 "$work/apt-update.log" >&2; die "apt-get update failed ($work/apt-update.log)"; }
  # shellcheck disable=SC2086
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing >"$work/apt-install.log" 2>&1 ||
    { tail -n 4 "$work/apt-install.log" >&2
      die "apt-get install failed ($work/apt-install.log). Where root is another's: sudo apt install $missing"; }
fi
have_pcre2 || install_pcre2
have_onednn || install_onednn
say "ready ($prefix)"
