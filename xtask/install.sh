#!/bin/sh
# install.sh PREFIX [FOLDER]: builds the C library, or takes it from FOLDER, and lays it out below
# PREFIX: lib/, include/, lib/pkgconfig/ and share/man/man3/. With DESTDIR in the environment the
# files go below that, and name PREFIX.
set -eu
prefix=${1:?usage: install.sh PREFIX [FOLDER]}
case $prefix in /*) ;; *) prefix=$PWD/$prefix ;; esac
built=${2:-}
cd "$(dirname "$0")/.."

if [ -z "$built" ]; then
    cargo build --quiet --profile c --package shm-c
    built=${CARGO_TARGET_DIR:-target}/c
fi
version=$(sed -n '/^\[workspace.package\]/,/^$/s/^version = "\(.*\)"/\1/p' Cargo.toml)
soname=$(readelf -d "$built/libshm_mailbox_c.so" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p')
from=crates/shm-c
to=${DESTDIR:-}$prefix

mkdir -p "$to/lib/pkgconfig" "$to/include" "$to/share/man/man3"
real=libshm_mailbox.so.$version
install -m 755 "$built/libshm_mailbox_c.so" "$to/lib/$real"
install -m 644 "$built/libshm_mailbox_c.a" "$to/lib/libshm_mailbox.a"
# The standard library comes with symbols that no program needs.
strip --strip-unneeded "$to/lib/$real"
strip --strip-debug "$to/lib/libshm_mailbox.a"
ln -sf "$real" "$to/lib/$soname"
ln -sf "$soname" "$to/lib/libshm_mailbox.so"
install -m 644 $from/include/shm_mailbox.h "$to/include"
install -m 644 $from/man/*.3 "$to/share/man/man3"
sed "s|@PREFIX@|$prefix|; s|@LIBDIR@|\${prefix}/lib|; s|@VERSION@|$version|" \
    $from/shm-mailbox.pc.in >"$to/lib/pkgconfig/shm-mailbox.pc"
