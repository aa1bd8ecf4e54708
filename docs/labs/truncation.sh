#!/bin/sh
# O_TRUNC takes the memory from under a living mapping, and the next touch is SIGBUS.
. "$(dirname "$0")/lab.sh"
compile_pair

say "1. A writer and a reader; the reader looks at the flag ten times a second."
start_writer
start_reader "$dir/read"
until_true flag_is "$object" 1

say "2. Somebody opens the object with O_TRUNC, as each new writer does; in a shell that is :>"
: >"$object"
say "   the object has $(stat -c %s "$object") bytes; both mappings are as long as before"

say "3. The reader looks."
wait "$reader" 2>/dev/null
status=$?
[ $status -eq 135 ] || fail "the reader ended with status $status"
say "   it was killed by signal $((status - 128)) (SIG$(kill -l $((status - 128))))"

say "4. A reader that asks for the size first, and has a handler for what is left"
rm -f "$object"
kill -9 "$writer"
wait "$writer" 2>/dev/null
start_writer
shm reader --classic "$name" 2>"$dir/error" &
reader=$!
pids="$pids $reader"
until_true flag_is "$object" 1
: >"$object"
wait "$reader"
status=$?
[ $status -eq 1 ] || fail "shm reader ended with status $status"
say "   ends with status $status and says:"
sed "s/$name/NAME/; s/^/   /" "$dir/error"
