#!/bin/sh
# Two readers count the flag up to 2, one message sets it to 0, and both take it for theirs.
. "$(dirname "$0")/lab.sh"
compile_pair

say "1. A writer and two readers; the output of the first is a pipe that is full, so it is slow."
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

say "2. The writer gets one line. The slow reader sees it, and is still printing when the other looks."
kill -STOP "$quick"
echo one >&9
until_true waits_in "$slow" pipe_write
say "   the flag is $(flag "$object")"
kill -CONT "$quick"
until_true has_line one "$dir/second"

say "3. Now the first comes to its end, too."
cat "$dir/slow" >"$dir/first" 8>&- 9>&- &
pids="$pids $!"
until_true has_line one "$dir/first"
say "   the writer has sent: one"
say "   the first reader has: $(tr -d '\n' <"$dir/first")"
say "   the second reader has: $(cat "$dir/second")"
exec 8>&-

say "4. A mailbox has one reader at a time. A second one is refused:"
mailbox=$name.mailbox
shm reader --follow "$mailbox" >"$dir/third" &
only=$!
pids="$pids $only"
# When it has printed a message, it has surely taken the role.
shm writer --keep "$mailbox" -m here
until_true has_line here "$dir/third"
shm reader "$mailbox" 2>"$dir/error"
status=$?
[ $status -eq 4 ] || fail "the second reader ended with status $status"
sed "s/$mailbox/NAME/; s/process $only/process PID/; s/^/   /" "$dir/error"
say "   exit status $status"
