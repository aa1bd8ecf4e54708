#!/bin/sh
# A writer starts again, and the old reader waits at an object without a name.
. "$(dirname "$0")/lab.sh"
needs cc shm stdbuf mkfifo od stat
compile_pair

say "1. A writer and a reader meet."
start_writer
start_reader "$dir/read"
until_true flag_is "$object" 1
before=$(stat -c %i "$object")

say "2. The writer ends and unlinks the name."
exec 9>&-
wait "$writer"
until_true is_gone "$object"
has_ended "$reader" && fail "the reader noticed"
say "   the reader still runs, and has noticed nothing"

say "3. The writer starts again and gets a line."
start_writer
echo hello >&9
after=$(stat -c %i "$object")
[ "$before" != "$after" ] || fail "the same object came back"
say "   the name now leads to another object"

say "4. Which process waits where?"
# The reader's descriptor still leads to the old object.
for old in /proc/"$reader"/fd/*; do
    case $(readlink "$old") in "$object"*) break ;; esac
done
case $(readlink "$old") in
"$object (deleted)") say "   the reader waits at the old object, flag $(flag "$old"): \"I am ready\"" ;;
*) fail "the reader's object is $(readlink "$old")" ;;
esac
say "   the writer waits at the new object, flag $(flag "$object"): \"no reader is ready\""
[ ! -s "$dir/read" ] || fail "the reader read something"
say "   neither will ever see the other"

say "5. A mailbox: shm reader --follow attaches to the next writer."
mailbox=$name.mailbox
shm reader --follow -c 2 "$mailbox" >"$dir/followed" &
follower=$!
pids="$pids $follower"
shm writer "$mailbox" -m before
shm writer "$mailbox" -m after
wait "$follower" || fail "shm reader exited with status $?"
say "   it has:" $(cat "$dir/followed")
