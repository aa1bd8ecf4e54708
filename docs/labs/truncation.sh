#!/bin/sh
# O_TRUNC removes the pages of a mapping in use, and the next access raises SIGBUS.
. "$(dirname "$0")/lab.sh"
needs cc shm stdbuf mkfifo od stat
compile_pair

say "1. A writer and a reader. The reader checks the flag ten times a second."
start_writer
start_reader "$dir/read"
until_true flag_is "$object" 1

say "2. A new writer opens the object with O_TRUNC. In a shell, that is :>"
: >"$object"
say "   the object has $(stat -c %s "$object") bytes, and both mappings are as long as before"

say "3. The reader checks the flag."
wait "$reader" 2>/dev/null
status=$?
[ $status -eq 135 ] || fail "the reader exited with status $status"
say "   it died of signal $((status - 128)) (SIG$(kill -l $((status - 128))))"

say "4. shm reader --classic checks the size, and handles a SIGBUS that still occurs:"
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
[ $status -eq 1 ] || fail "shm reader exited with status $status"
say "   it exits with status $status:"
sed "s/$name/NAME/; s/^/   /" "$dir/error"
