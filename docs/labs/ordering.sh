#!/bin/sh
# What the processor and the compiler do where a fence or an atomic is missing.
. "$(dirname "$0")/lab.sh"
needs cc
compile "$top/docs/labs/ordering.c"

# Prints "seen" or "not seen": a rare event may not happen in this run.
run() { "$dir/ordering" "$1" || fail "ordering $1 ended with status $?"; }

say "1. Each side raises its flag, then loads the other's. Are both found down?"
found=$(run buffering)
[ "$found" = seen ] || found="not seen this time; run it again, on a machine that is not busy"
say "   without a fence: $found"
found=$(run fenced)
[ "$found" = "not seen" ] || fail "with a fence it must never happen: $found"
say "   with a fence: $found"

say "2. A message is stored, then a flag. Is the flag seen without the message?"
found=$(run passing)
case $(uname -m)$found in
x86_64seen) fail "x86-64 keeps stores in order, and loads: $found" ;;
esac
say "   on $(uname -m): $found"

say "3. A loop waits until a plain int becomes 0. Does it miss the change?"
say "   compiled with -O2: $(run hoisted)"
