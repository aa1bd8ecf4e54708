#!/bin/sh
# The pair with semaphores: what kill -9 does to it while the reader prints.
. "$(dirname "$0")/../labs/lab.sh"
needs cc mkfifo dd od
compile "$top/docs/lesson/semaphores.c"

# The value of a sem_t is its first four bytes; there are two of 32 bytes.
value() { od -An -t d4 -j "$1" -N 4 "$object" | tr -d ' '; }
is_full() { [ "$(value 32 2>/dev/null)" = 1 ]; }

say "1. The writer sends two lines, and the reader prints them."
printf 'one tea\ntwo scones\n' | "$dir/semaphores" writer "$name" &
pids="$pids $!"
until_true is_full
"$dir/semaphores" reader "$name" | sed 's/^/   /'
until_true is_gone "$object"

say "2. A second pair. kill -9 ends the reader while it prints to a full pipe."
mkfifo "$dir/input" "$dir/full"
"$dir/semaphores" writer "$name" <"$dir/input" &
writer=$!
pids="$pids $writer"
exec 9>"$dir/input" 8<>"$dir/full"
yes '' 2>/dev/null | dd of="$dir/full" oflag=nonblock bs=4096 iflag=fullblock 2>/dev/null
echo three >&9
until_true is_full
"$dir/semaphores" reader "$name" >"$dir/full" 8>&- 9>&- &
reader=$!
pids="$pids $reader"
until_true waits_in "$reader" pipe_write
kill -9 "$reader"
wait "$reader" 2>/dev/null
say "   empty is $(value 0), full is $(value 32)"

say "3. A new reader starts, and the writer gets another line."
echo four >&9
"$dir/semaphores" reader "$name" >"$dir/read" 8>&- 9>&- &
reader=$!
pids="$pids $reader"
until_true waits_in "$reader" futex
until_true waits_in "$writer" futex
say "   the writer waits for empty and the reader for full, which no process posts"
say "   the reader has $(wc -c <"$dir/read") bytes"
