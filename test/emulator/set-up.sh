#!/usr/bin/env bash
# Makes the emulator's kit in one folder: QEMU with the nitro-enclave machine (no Debian package has it, so it is built
# from Debian's source), vhost-device-vsock, firmware, and a kernel with its modules. All comes from the Debian mirror
# that this machine's apt knows, checked by apt's signatures; contents.txt in the kit says what was taken.
#
#   test/emulator/set-up.sh            into .sealroom/emulator, or where SEALROOM_EMULATOR says
#
# Needs Debian 12 on amd64 and root. Installs build tools, leaves apt as it was otherwise, and does nothing where a
# whole kit is: it is built beside, and moved into its place last.
set -euo pipefail

readonly KIT_VERSION="sealroom emulator kit 1"
readonly RELEASE=bookworm
readonly BACKPORTS=$RELEASE-backports
readonly KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
readonly FREE_MEGABYTES=3000
repository=$(cd "$(dirname "$0")/../.." && pwd)
kit=$(realpath -m "${SEALROOM_EMULATOR:-$repository/.sealroom/emulator}")
work=$kit.building
log=$kit.log

say() { printf '[%3d s] %s\n' "$SECONDS" "$1"; }

# fail WHAT DO: what could not be had, and what to do about it.
fail() {
  printf '\nThe emulator is not set up: %s.\n%s\n' "$1" "$2" >&2
  exit 1
}

# run WHAT DO COMMAND...: one step. Its output goes to the log, whose end is shown when it fails.
run() {
  local what=$1 remedy=$2
  shift 2
  say "$what"
  printf '\n== %s\n' "$what" >>"$log"
  # Not in a condition: there bash would go on after a command that failed.
  set +e
  (
    set -e
    "$@"
  ) >>"$log" 2>&1
  local status=$?
  set -e
  [ "$status" = 0 ] && return
  tail -n 25 "$log" >&2
  fail "failed at \"$what\" (the whole log: $log)" "$remedy"
}

is_whole() { [ "$(head -n 1 "$kit/contents.txt" 2>/dev/null)" = "$KIT_VERSION" ]; }

check_machine() {
  [ "$(id -u)" = 0 ] || fail "this is not root" "Run it as root: it installs Debian packages."
  local ID="" VERSION_CODENAME=""
  # shellcheck disable=SC1091
  [ ! -r /etc/os-release ] || . /etc/os-release
  [ "$ID $VERSION_CODENAME $(uname -m)" = "debian $RELEASE x86_64" ] ||
    fail "this is $ID $VERSION_CODENAME on $(uname -m)" "It is made for Debian 12 ($RELEASE) on x86_64; a container of that will do."
  if [ -e "$kit" ] && [ -n "$(ls -A "$kit")" ] && ! grep -qs '^sealroom emulator kit ' "$kit/contents.txt"; then
    fail "$kit exists and is no kit" "Set SEALROOM_EMULATOR to a folder that is empty or not there, or remove that one."
  fi
  mkdir -p "$(dirname "$kit")"
  local free
  free=$(df --output=avail -BM "$(dirname "$kit")" | tail -n 1 | tr -dc 0-9)
  [ "$free" -ge "$FREE_MEGABYTES" ] ||
    fail "$(dirname "$kit") has $free MB left" "Building takes $FREE_MEGABYTES MB for a while; set SEALROOM_EMULATOR to a folder with room."
}

# mirror_of SUITE: where this machine's apt gets that suite from, whatever its files are called and however written.
mirror_of() {
  apt-get update --print-uris 2>/dev/null | sed -n "s|^'\(.*\)/dists/$1/InRelease'.*|\1|p" | head -n 1
}

# apt of our own: other lists and caches, the machine's proxies and credentials.
own_apt() {
  local command=$1
  shift
  "$command" -o Dir::Etc::SourceList="$work/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::Etc::Preferences="$work/apt/preferences" -o Dir::Etc::PreferencesParts=/dev/null \
    -o Dir::State::Lists="$work/apt/lists" -o Dir::Cache="$work/apt/cache" \
    -o APT::Sandbox::User=root -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 "$@"
}

write_sources() {
  local main security
  main=$(mirror_of "$RELEASE")
  [ -n "$main" ] || fail "apt on this machine knows no mirror of Debian $RELEASE" \
    "Add one to /etc/apt/sources.list or to a file in /etc/apt/sources.list.d/, then \`apt-get update\`."
  security=$(mirror_of "$RELEASE-security")
  local signed=""
  [ ! -e "$KEYRING" ] || signed="[signed-by=$KEYRING] "
  mkdir -p "$work"/apt/{lists,cache/archives}/partial
  {
    echo "deb $signed$main $RELEASE main"
    echo "deb $signed$main $RELEASE-updates main"
    [ -z "$security" ] || echo "deb $signed$security $RELEASE-security main"
    echo "deb $signed$main $BACKPORTS main"
    echo "deb-src $signed$main trixie main"
    echo "deb $signed$main sid main"
  } >"$work/apt/sources.list"
  # Nothing is installed from sid, and from backports only what is asked for by name.
  printf 'Package: *\nPin: release n=sid\nPin-Priority: 1\n\nPackage: *\nPin: release n=%s\nPin-Priority: 100\n' \
    "$BACKPORTS" >"$work/apt/preferences"
}

install_tools() {
  DEBIAN_FRONTEND=noninteractive own_apt apt-get install -y -q --no-install-recommends \
    build-essential pkg-config ninja-build xz-utils python3 python3-venv python3-tomli python3-distutils \
    libglib2.0-dev libgnutls28-dev libcbor-dev libfdt-dev zlib1g-dev \
    "meson/$BACKPORTS" "python3-pycotap/$BACKPORTS"
}

download_packages() {
  local kernel package
  kernel=$(own_apt apt-cache depends "linux-image-cloud-amd64/$BACKPORTS" |
    sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n 1)
  [ -n "$kernel" ] || return 1
  mkdir -p "$work/debs" "$work/kit/root"
  (cd "$work/debs" && own_apt apt-get -q download vhost-device-vsock/sid \
    "seabios/$BACKPORTS" "qemu-system-data/$BACKPORTS" "$kernel/$BACKPORTS")
  for package in "$work"/debs/*.deb; do dpkg -x "$package" "$work/kit/root"; done
}

# Debian's tarball leaves out the firmware blobs that its build would unpack.
unpack_source() {
  mkdir -p "$work/source"
  cd "$work/source"
  own_apt apt-get -q source --download-only qemu/trixie
  tar xf qemu_*.orig.tar.xz --strip-components=1 --exclude='*/roms/*'
  sed -i 's/unpack_edk2_blobs = bzip2.found()/unpack_edk2_blobs = false/' meson.build
  printf 'CONFIG_NITRO_ENCLAVE=y\nCONFIG_MICROVM=y\n' >configs/devices/x86_64-softmmu/nitro.mak
  mkdir -p build
}

# One machine, no KVM, nothing else. Debian's Python by name: another one may come first in PATH.
configure_qemu() {
  cd "$work/source/build"
  ../configure --python=/usr/bin/python3 --target-list=x86_64-softmmu --without-default-features \
    --without-default-devices --with-devices-x86_64=nitro --enable-system --enable-tcg --enable-fdt=system \
    --enable-gnutls --enable-libcbor --enable-vhost-user --disable-kvm --disable-user --disable-tools \
    --disable-docs --disable-werror --disable-download --disable-install-blobs --disable-debug-info
}

build_qemu() {
  local bin=$work/kit/root/usr/bin
  ninja -C "$work/source/build" qemu-system-x86_64
  cp "$work/source/build/qemu-system-x86_64" "$bin/"
  gcc -O2 -Wall -Werror -o "$bin/tsc-khz" "$repository/test/emulator/tsc-khz.c"
}

# All that a boot will need answers before the kit counts as one.
check_kit() {
  local root=$work/kit/root file
  "$root/usr/bin/qemu-system-x86_64" -M help | grep -q '^nitro-enclave '
  "$root/usr/bin/vhost-device-vsock" --version
  "$root/usr/bin/tsc-khz"
  for file in boot/vmlinuz-* usr/share/seabios/bios-microvm.bin usr/share/qemu/linuxboot_dma.bin \
    lib/modules/*/kernel/drivers/misc/nsm.ko.xz; do
    # shellcheck disable=SC2086
    ls $root/$file
  done
}

record() {
  local file sum
  {
    echo "$KIT_VERSION"
    for file in "$work"/debs/*.deb; do
      sum=$(sha256sum "$file" | cut -d ' ' -f 1)
      echo "package $(dpkg-deb -W --showformat '${Package} ${Version}' "$file") $sum"
    done
    for file in "$work"/source/qemu_*.orig.tar.xz; do
      echo "source $(basename "$file") $(sha256sum "$file" | cut -d ' ' -f 1)"
    done
    for file in qemu-system-x86_64 tsc-khz; do
      sum=$(sha256sum "$work/kit/root/usr/bin/$file" | cut -d ' ' -f 1)
      echo "built $file by gcc $(gcc -dumpfullversion) $sum"
    done
  } >"$work/contents.txt"
  mv "$work/contents.txt" "$work/kit/"
}

if is_whole; then
  echo "The emulator is set up: $kit"
  exit 0
fi
check_machine
exec 9>"$kit.lock"
flock -n 9 || {
  say "another set-up is at work; waiting for it"
  flock 9
}
if is_whole; then
  echo "The emulator is set up: $kit"
  exit 0
fi
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
rm -rf "$work"
mkdir -p "$work"
: >"$log"
say "setting up the emulator in $kit (about 4 minutes on 2 cores)"
write_sources
readonly NETWORK="Is the mirror in the log reachable from here? \`apt-get update\` should work first."
run "reading package lists" "$NETWORK" own_apt apt-get -q update
run "installing build tools" "$NETWORK See also whether \`dpkg --audit\` finds a broken package." install_tools
run "fetching kernel, vsock device and firmware" "$NETWORK" download_packages
run "fetching QEMU's source" "$NETWORK" unpack_source
run "configuring QEMU" "The log names what is missing." configure_qemu
run "building QEMU" "The log names the file; short of memory, fewer cores help (taskset)." build_qemu
run "checking the kit" "The log's last line is what did not answer." check_kit
record
rm -rf "$kit"
mv "$work/kit" "$kit"
cat "$kit/contents.txt"
rm -f "$log"
say "done: $kit"
