#!/bin/sh
# A message with a byte 0 in it arrives without what follows that byte.
. "$(dirname "$0")/lab.sh"
needs cc shm stdbuf mkfifo od stat
compile_pair

say "1. The C pair, and a line of 11 bytes: left, a NUL, right, a newline."
start_writer
start_reader "$dir/read"
until_true flag_is "$object" 1
printf 'left\0right\n' >&9
# The reader asks again once it has printed the message.
until_true flag_is "$object" 1
until_true test -s "$dir/read"
say "   the reader has $(wc -c <"$dir/read") bytes: $(cat "$dir/read")"
[ "$(cat "$dir/read")" = left ] || fail "it was not cut at the NUL"

say "2. shm writer --classic uses the same layout, and refuses the line:"
kill -9 "$reader" "$writer"
wait "$reader" "$writer" 2>/dev/null
rm -f "$object"
printf 'left\0right\n' | shm writer --classic "$name" 2>"$dir/error"
status=$?
[ $status -eq 8 ] || fail "shm writer --classic exited with status $status"
sed "s/$name/NAME/; s/^/   /" "$dir/error"
say "   exit status $status"

say "3. In a mailbox a message has a length, and may contain any bytes:"
mailbox=$name.mailbox
printf 'left\0right\n' | shm writer --keep "$mailbox"
shm reader --json -c 1 "$mailbox" | sed 's/^/   /'
