#!/bin/sh
# Packages each crate, and unpacks them into a workspace of their own: target/packages.
set -eu
crates="shm-sys shm-core shm-mailbox shm-tokio shm-cli shm-c"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
folder=$CARGO_TARGET_DIR/packages

# It builds nothing: the tests do.
cargo package --no-verify --allow-dirty --package 'shm-*'
# The packages use each other, and not what a registry may have under their names.
patches=
for crate in $crates; do
    # What an earlier run unpacked; what it built stays.
    rm -rf "$folder/$crate"
    mkdir -p "$folder/$crate"
    # With the present as the files' time: the packages have one and the same, by which cargo would
    # take what an earlier run built for up to date.
    tar --extract --gzip --touch --strip-components=1 --directory "$folder/$crate" \
        --file "$CARGO_TARGET_DIR/package/$crate-$version.crate"
    patches="$patches$crate = { path = \"$folder/$crate\" }
"
done
cat >"$folder/Cargo.toml" <<TOML
[workspace]
resolver = "3"
members = [$(printf '"%s", ' $crates)]

[patch.crates-io]
$patches
TOML
# The versions that everything else is tested with.
cp Cargo.lock "$folder"

# A program that depends on the mailbox.
mkdir -p "$folder/user/src"
echo 'fn main() {}' >"$folder/user/src/main.rs"
cat >"$folder/user/Cargo.toml" <<TOML
[package]
name = "user"
edition = "2024"

[workspace]

[dependencies]
shm-mailbox = "$version"

[patch.crates-io]
$patches
TOML
