#!/bin/sh
# What a missing fence, or an int that should have been atomic, lets the processor and the compiler do.
. "$(dirname "$0")/lab.sh"
compile "$top/docs/labs/ordering.c"

run() { "$dir/ordering" "$1" || fail "ordering $1 ended with status $?"; }

say "1. Each side raises its own flag, then looks at the other's: can both see the other's down?"
found=$(run buffering)
if [ "$(nproc)" -gt 1 ]; then
    [ "$found" = seen ] || fail "relaxed stores: $found"
    say "   without a fence: seen"
else
    say "   without a fence: $found, but there is only one processor to see it on"
fi
found=$(run fenced)
[ "$found" = "not seen" ] || fail "with a fence: $found"
say "   with a fence: $found"

say "2. One side writes a message, then a flag: can the other see the flag without the message?"
found=$(run passing)
case $(uname -m) in
x86_64)
    [ "$found" = "not seen" ] || fail "x86-64 keeps stores, and keeps loads, in order: $found"
    say "   on x86_64: $found, since its stores and its loads stay in order"
    ;;
*) say "   on $(uname -m): $found this time" ;;
esac

say "3. A loop waits for a plain int to become 0, and somebody sets it to 0: can it go on for ever?"
found=$(run hoisted)
[ "$found" = seen ] || fail "the compiler did not keep the value in a register: $found"
say "   compiled with -O2: $found"
