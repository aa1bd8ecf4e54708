# What the labs share; each of them reads this file first. For any POSIX shell.
set -u

# The top of the source tree, wherever the lab is called from.
top=$(cd -P "$(dirname "$0")/../.." && pwd)
# A folder and an object of this lab's own, gone at its end, as are the processes it has started.
dir=$(mktemp -d)
name=lab-$(basename "$0" .sh)-$$
object=/dev/shm/$name
pids=

finish() {
    for pid in $pids; do
        kill -9 "$pid" 2>/dev/null
        # Says nothing of processes that were killed: those of a lab are.
        wait "$pid" 2>/dev/null
    done
    exec 9>&-
    rm -rf "$dir" "$object" "$object".*
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

say() { printf '%s\n' "$*"; }

# Ends the lab, which has not shown what it was to show.
fail() {
    say "unexpected: $*"
    exit 1
}

# compile FILE.c [OPTION...]: builds the program of this name into $dir.
compile() {
    file=$1
    shift
    ${CC:-cc} -O2 -Wall "$@" -o "$dir/$(basename "$file" .c)" "$file" -pthread -lrt ||
        fail "the compiler refuses $file"
}

# The lesson's pair, as the tests use it: writer NAME, reader NAME.
compile_pair() {
    compile "$top/crates/shm-cli/tests/peers/writer.c"
    compile "$top/crates/shm-cli/tests/peers/reader.c"
}

# until_true COMMAND...: waits until the command succeeds, and fails when that takes ten seconds.
until_true() {
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        [ $tries -lt 1000 ] || fail "waited in vain until: $*"
        sleep 0.01
    done
}

# The flag of the lesson's structure, the integer at its start, in the file $1.
flag() { od -An -t d4 -N 4 "$1" 2>/dev/null | tr -d ' '; }
flag_is() { [ "$(flag "$1")" = "$2" ]; }
has_size() { [ "$(stat -L -c %s "$1" 2>/dev/null)" = "$2" ]; }
has_line() { grep -qF -- "$1" "$2" 2>/dev/null; }
is_gone() { ! [ -e "$1" ]; }
waits_in() { grep -q "$2" "/proc/$1/wchan" 2>/dev/null; }
has_ended() { ! kill -0 "$1" 2>/dev/null; }

# Starts the lesson's C writer; its standard input is what is written to descriptor 9.
start_writer() {
    rm -f "$dir/input"
    mkfifo "$dir/input"
    "$dir/writer" "$name" <"$dir/input" >/dev/null 9>&- &
    writer=$!
    pids="$pids $writer"
    exec 9>"$dir/input"
    until_true has_size "$object" 1028
}

# Starts a C reader that prints to the file $1, without keeping lines back in a buffer.
start_reader() {
    stdbuf -o0 "$dir/reader" "$name" >"$1" 9>&- &
    reader=$!
    pids="$pids $reader"
}
