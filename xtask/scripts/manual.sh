#!/bin/sh
# `cargo xtask manual`: writes the completions and manual pages in the source tree.
set -eu
crates/shm-c/manual.sh crates/shm-c/man
cargo build --quiet --package shm-cli
shm=$CARGO_TARGET_DIR/debug/shm
cd crates/shm-cli
# A page of a command that is no more goes, too.
rm -rf man completions
mkdir man completions
"$shm" man --dir man
"$shm" completions bash >completions/shm.bash
"$shm" completions zsh >completions/_shm
"$shm" completions fish >completions/shm.fish
