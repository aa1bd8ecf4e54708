#!/bin/sh
# A writer starts again, and the reader that stayed waits at an object without a name.
. "$(dirname "$0")/lab.sh"
compile_pair

say "1. A writer and a reader meet."
start_writer
start_reader "$dir/read"
until_true flag_is "$object" 1
before=$(stat -c %i "$object")

say "2. The writer ends, as it should: its object loses the name."
exec 9>&-
wait "$writer"
until_true is_gone "$object"
has_ended "$reader" && fail "the reader noticed"
say "   the reader is still there, and notices nothing"

say "3. The writer starts again, and gets a line."
start_writer
echo hello >&9
after=$(stat -c %i "$object")
[ "$before" != "$after" ] || fail "the same object came back"
say "   there is an object of the same name, and it is another one"

say "4. Who waits for whom?"
# The reader's descriptor still leads to its object, whatever that is called by now.
for old in /proc/"$reader"/fd/*; do
    case $(readlink "$old") in "$object"*) break ;; esac
done
case $(readlink "$old") in
"$object (deleted)") say "   the reader: at the old object, flag $(flag "$old"): \"I am ready\"" ;;
*) fail "the reader's object is $(readlink "$old")" ;;
esac
say "   the writer: at the new object, flag $(flag "$object"): \"nobody is ready\""
[ ! -s "$dir/read" ] || fail "the reader read something"
say "   both wait for good, and the line is with neither"

say "5. The same in a mailbox: a reader that follows goes on with the next writer."
mailbox=$name.mailbox
shm reader --follow -c 2 "$mailbox" >"$dir/followed" &
follower=$!
pids="$pids $follower"
shm writer "$mailbox" -m before
shm writer "$mailbox" -m after
wait "$follower" || fail "shm reader ended with status $?"
say "   it has:" $(cat "$dir/followed")
