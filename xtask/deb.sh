#!/bin/sh
# deb.sh FOLDER [LIBRARIES]: makes the Debian packages libshm-mailbox0 and libshm-mailbox-dev, of
# the libraries in a folder or of those that it builds, puts them into FOLDER, and prints where.
set -eu
folder=${1:?usage: deb.sh FOLDER [LIBRARIES]}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
target=${CARGO_TARGET_DIR:-target}
built=${2:-$target/c}
cd "$(dirname "$0")/.."

[ $# -gt 1 ] || cargo build --quiet --profile c --package shm-c
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
DESTDIR=$scratch/c/debian xtask/install.sh /usr "$built"
# Where cargo-deb puts what is in usr/lib.
triplet=$(dpkg-architecture -qDEB_HOST_MULTIARCH)
sed -i "s|^libdir=.*|&/$triplet|" "$scratch/c/debian/usr/lib/pkgconfig/shm-mailbox.pc"

make() {
    CARGO_TARGET_DIR=$scratch cargo deb --quiet --package shm-c --profile c --no-build --offline \
        --multiarch same --output "$folder" "$@"
}
make --variant dev
package=$(make)
# What cargo-deb does not know of libraries: what this one needs, how programs that are linked with
# it will depend on it, and that the loader's cache has to know of it.
dpkg-deb -R "$package" "$scratch/package"
mkdir "$scratch/debian"
echo "Source: libshm-mailbox" >"$scratch/debian/control"
needs=$(cd "$scratch" && dpkg-shlibdeps -O package/usr/lib/*/libshm_mailbox.so.?.*)
control=$scratch/package/DEBIAN
sed -i "s/^Depends:.*/Depends: ${needs#shlibs:Depends=}/" "$control/control"
echo "libshm_mailbox 0 libshm-mailbox0 (>= 0.1.0)" >"$control/shlibs"
echo "activate-noawait ldconfig" >"$control/triggers"
dpkg-deb --root-owner-group -b "$scratch/package" "$package" >"$scratch/log"
echo "$package"
