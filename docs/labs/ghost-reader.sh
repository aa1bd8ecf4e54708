#!/bin/sh
# A killed reader leaves its request in the object, and the writer answers it.
. "$(dirname "$0")/lab.sh"
needs cc shm stdbuf mkfifo od stat
compile_pair

say "1. A writer, and a reader that asks for a message."
start_writer
start_reader "$dir/first"
until_true flag_is "$object" 1
say "   the flag is $(flag "$object"): a reader waits"

say "2. kill -9 ends the reader. Its request stays in the object."
kill -9 "$reader"
wait "$reader" 2>/dev/null
say "   the flag is $(flag "$object")"

say "3. The writer gets a line and answers the request."
echo one >&9
until_true flag_is "$object" 0
say "   the flag is $(flag "$object"): for the writer, the line is delivered"

say "4. A new reader starts, and the writer gets a second line."
start_reader "$dir/second"
until_true flag_is "$object" 1
echo two >&9
until_true has_line two "$dir/second"
say "   the new reader has: $(cat "$dir/second")"
[ "$(cat "$dir/first" "$dir/second")" = two ] || fail "\"one\" was not lost"
say "   neither reader has: one"

say "5. A mailbox: kill -9 ends the reader before the writer sends two lines."
mailbox=$name.mailbox
shm reader "$mailbox" >"$dir/third" &
reader=$!
pids="$pids $reader"
until_true test -s "/dev/shm/$mailbox"
kill -9 "$reader"
wait "$reader" 2>/dev/null
shm writer "$mailbox" -m one -m two &
pids="$pids $!"
say "   the new reader has:" $(shm reader "$mailbox")
