#!/bin/sh
# A reader that was killed leaves its request behind, and the next message goes to a ghost.
. "$(dirname "$0")/lab.sh"
compile_pair

say "1. A writer, and a reader that asks for a message."
start_writer
start_reader "$dir/first"
until_true flag_is "$object" 1
say "   the flag is $(flag "$object"): a reader waits"

say "2. The reader is killed. The flag cannot know."
kill -9 "$reader"
wait "$reader" 2>/dev/null
say "   the flag is $(flag "$object")"

say "3. The writer gets a line, and hands it over."
echo one >&9
until_true flag_is "$object" 0
say "   the flag is $(flag "$object"): taken, says the layout"

say "4. A new reader comes, and the writer gets a second line."
start_reader "$dir/second"
until_true flag_is "$object" 1
echo two >&9
until_true has_line two "$dir/second"
say "   the new reader has: $(cat "$dir/second")"
[ "$(cat "$dir/first" "$dir/second")" = two ] || fail "\"one\" was not lost"
say "   nobody has: one"

say "5. The same in a mailbox: the reader is killed before the writer starts to send."
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
