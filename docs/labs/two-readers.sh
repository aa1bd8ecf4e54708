#!/bin/sh
# Two readers ask at the same time: both get one message, or neither does.
. "$(dirname "$0")/lab.sh"
needs cc shm stdbuf mkfifo dd od stat
compile_pair

say "1. Two readers ask. The first prints into a pipe that is full, so it is slow."
start_writer
mkfifo "$dir/slow"
exec 8<>"$dir/slow"
yes '' 2>/dev/null | dd of="$dir/slow" oflag=nonblock bs=4096 iflag=fullblock 2>/dev/null
start_reader "$dir/slow"
slow=$reader
until_true flag_is "$object" 1
start_reader "$dir/second"
quick=$reader
until_true flag_is "$object" 2
say "   the flag is $(flag "$object")"

say "2. The writer sends one line. Both readers see the flag at 0."
kill -STOP "$quick"
echo one >&9
until_true waits_in "$slow" pipe_write
say "   the flag is $(flag "$object")"
kill -CONT "$quick"
until_true has_line one "$dir/second"
cat "$dir/slow" >"$dir/first" 8>&- 9>&- &
pids="$pids $!"
until_true has_line one "$dir/first"
say "   the first reader has: $(tr -d '\n' <"$dir/first")"
say "   the second reader has: $(cat "$dir/second")"
exec 8>&-

say "3. A new pair. The first reader asks, and checks the answer late."
kill -9 "$slow" "$quick" "$writer"
wait "$slow" "$quick" "$writer" 2>/dev/null
rm -f "$object"
start_writer
start_reader "$dir/third"
late=$reader
until_true flag_is "$object" 1
kill -STOP "$late"
echo two >&9
until_true flag_is "$object" 0
say "   the writer has sent: two"
say "4. A second reader asks before the first one checks, so neither sees the flag at 0."
start_reader "$dir/fourth"
until_true flag_is "$object" 1
kill -CONT "$late"
# The flag stays above 0 until the next text has replaced this one.
echo three >&9
until_true has_line three "$dir/fourth" "$dir/third"
[ -z "$(grep -h two "$dir/third" "$dir/fourth")" ] || fail "\"two\" was received"
say "   the writer has sent: three"
say "   neither reader has: two"

say "5. A mailbox has one reader at a time. It refuses a second one:"
mailbox=$name.mailbox
shm reader --follow "$mailbox" >"$dir/fifth" &
only=$!
pids="$pids $only"
# A reader that has printed a message is the receiver.
shm writer --keep "$mailbox" -m here
until_true has_line here "$dir/fifth"
shm reader "$mailbox" 2>"$dir/error"
status=$?
[ $status -eq 4 ] || fail "the second reader exited with status $status"
sed "s/$mailbox/NAME/; s/process $only/process PID/; s/^/   /" "$dir/error"
say "   exit status $status"
