# What the labs share; each reads this file first. For any POSIX shell.
set -u

# The top of the source tree, wherever the lab is called from.
top=$(cd -P "$(dirname "$0")/../.." && pwd)
# This lab's own folder and object. Both are removed at its end, and its processes are ended.
dir=$(mktemp -d)
name=lab-$(basename "$0" .sh)-$$
object=/dev/shm/$name
pids=

finish() {
    for pid in $pids; do
        kill -9 "$pid" 2>/dev/null
        # The shell reports processes that were killed, as those of a lab are.
        wait "$pid" 2>/dev/null
    done
    exec 9>&-
    rm -rf "$dir" "$object" "$object".*
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

say() { printf '%s\n' "$*"; }

# Ends the lab, which could not show its failure.
fail() {
    say "stopped: $*"
    exit 1
}

# needs COMMAND...: says all that is missing, before the first step.
needs() {
    missing=
    for command in mktemp sed "$@"; do
        command -v "$command" >/dev/null && continue
        case $command in
        shm) command="shm (cargo install --locked --path $top/crates/shm-cli)" ;;
        cc) command="cc, a C compiler (on Debian and Ubuntu: apt install gcc libc6-dev)" ;;
        esac
        missing="$missing
   $command"
    done
    [ -w /dev/shm ] || missing="$missing
   /dev/shm, a folder in which to make objects (Linux has it)"
    [ -r "$top/docs/lesson/writer.c" ] || missing="$missing
   the source tree: $top has no C programs"
    [ -z "$missing" ] || fail "this lab needs$missing"
}

# compile FILE.c [OPTION...]: builds the program of this name into $dir.
compile() {
    file=$1
    shift
    ${CC:-cc} -O2 -Wall "$@" -o "$dir/$(basename "$file" .c)" "$file" -pthread -lrt ||
        fail "the compiler refuses $file"
}

# The two C programs, as the tests use them: writer NAME, reader NAME.
compile_pair() {
    compile "$top/docs/lesson/writer.c"
    compile "$top/docs/lesson/reader.c"
}

# until_true COMMAND...: waits until the command succeeds. Gives up after two minutes, which no load
# explains.
until_true() {
    deadline=$(($(date +%s) + 120))
    until "$@"; do
        [ "$(date +%s)" -lt "$deadline" ] || fail "waited in vain until: $*"
        sleep 0.01
    done
}

# The flag, clr2send, is the integer at the start of the object, whose file is $1.
flag() { od -An -t d4 -N 4 "$1" 2>/dev/null | tr -d ' '; }
flag_is() { [ "$(flag "$1")" = "$2" ]; }
has_size() { [ "$(stat -L -c %s "$1" 2>/dev/null)" = "$2" ]; }
# has_line LINE FILE...: whether one of the files has it.
has_line() {
    line=$1
    shift
    grep -qF -- "$line" "$@" 2>/dev/null
}
is_gone() { ! [ -e "$1" ]; }
# Asleep in the kernel; the name in parentheses before the state may have blanks.
sleeps() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | grep -q '^S'; }
waits_in() { grep -q "$2" "/proc/$1/wchan" 2>/dev/null; }
has_ended() { ! kill -0 "$1" 2>/dev/null; }

# Starts the C writer; its standard input is what is written to descriptor 9. Once it sleeps, it has
# stored its first 0 and waits for a line.
start_writer() {
    rm -f "$dir/input"
    mkfifo "$dir/input"
    "$dir/writer" "$name" <"$dir/input" >/dev/null 9>&- &
    writer=$!
    pids="$pids $writer"
    exec 9>"$dir/input"
    until_true has_size "$object" 1028
    until_true sleeps "$writer"
}

# Starts a C reader that prints to the file $1, without keeping lines back in a buffer.
start_reader() {
    stdbuf -o0 "$dir/reader" "$name" >"$1" 9>&- &
    reader=$!
    pids="$pids $reader"
}
