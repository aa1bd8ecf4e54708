#!/bin/sh
# A message that has a byte 0 in it arrives without what comes after.
. "$(dirname "$0")/lab.sh"
compile_pair

say "1. The lesson's pair, and a line of 11 bytes: left, a NUL, right, a newline."
start_writer
start_reader "$dir/read"
until_true flag_is "$object" 1
printf 'left\0right\n' >&9
# The next request of the reader says that it has printed the message.
until_true flag_is "$object" 1
until_true test -s "$dir/read"
say "   the reader has $(wc -c <"$dir/read") bytes: $(cat "$dir/read")"
[ "$(cat "$dir/read")" = left ] || fail "it was not cut at the NUL"

say "2. With --classic, which speaks the same layout, it is refused instead:"
kill -9 "$reader" "$writer"
wait "$reader" "$writer" 2>/dev/null
rm -f "$object"
printf 'left\0right\n' | shm writer --classic "$name" 2>"$dir/error"
status=$?
[ $status -eq 8 ] || fail "shm writer --classic ended with status $status"
sed "s/$name/NAME/; s/^/   /" "$dir/error"
say "   exit status $status"

say "3. In a mailbox a message has a length, and its bytes may be any:"
mailbox=$name.mailbox
printf 'left\0right\n' | shm writer --keep "$mailbox"
shm reader --json -c 1 "$mailbox" | sed 's/^/   /'
