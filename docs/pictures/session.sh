#!/usr/bin/env bash
# Records session.svg: two terminals in which the real `shm` runs, and a `kill -9` in between.
#
#   docs/pictures/session.sh           records it again, with the shm that comes first on PATH
#   docs/pictures/session.sh --check   fails if the programs print something else today
set -euo pipefail
picture=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/session.svg

for tool in script shm; do
    command -v "$tool" >/dev/null || { echo "skipped: needs $tool"; exit 0; }
done
if [[ -e /dev/shm/orders ]]; then
    echo "an object is called \"orders\" already: shm rm orders" >&2
    exit 1
fi

folder=$(mktemp -d)
terminals=()
finish() {
    kill "${terminals[@]}" 2>"$folder/unneeded" || true # Only those of a recording that failed.
    wait 2>"$folder/unneeded"
    shm rm orders >"$folder/unneeded" 2>&1 || true
    rm -r "$folder"
}
typing=()
for terminal in 1 2; do
    mkfifo "$folder/typed.$terminal"
    env -i PATH="$PATH" HOME="$folder" TERM=dumb LC_ALL=C.UTF-8 PS1='$ ' \
        script --quiet --flush --echo always --command 'bash --norc --noprofile --noediting -i' \
        "$folder/shown.$terminal" <"$folder/typed.$terminal" >"$folder/unneeded" 2>&1 &
    terminals+=($!)
    exec {descriptor}>"$folder/typed.$terminal"
    typing[terminal]=$descriptor
done
trap finish EXIT

# What a person would see in a terminal, without the first and the last line of the recording.
shown() { tr -d '\r' <"$folder/shown.$1" | sed '/^Script \(started\|done\)/d'; }

# Waits until a terminal shows a pattern.
await() { # await TERMINAL PATTERN
    for ((tries = 0; tries < 400; tries++)); do
        if shown "$1" 2>"$folder/unneeded" | grep -qzP "$2"; then return; fi
        sleep 0.05
    done
    echo "terminal $1 never showed $2, but:" >&2
    shown "$1" >&2
    exit 1
}

# Types a command, and waits for what it has to show.
steps=()
type() { # type TERMINAL COMMAND PATTERN
    await "$1" '(^|\n)\$ $'
    printf '%s\n' "$2" >&"${typing[$1]}"
    steps+=("$1")
    await "$1" "$3"
}

type 1 "shm writer -m 'one tea' -m 'two scones' orders" 'orders\n'
for ((tries = 0; tries < 400; tries++)); do
    if [[ $(shm ls --no-headings -o queued orders 2>&1) =~ ^\ *2$ ]]; then break; fi
    sleep 0.05
done
type 2 "shm ls -o name,queued,writer orders" 'alive [0-9]+\n'
pid=$(shown 2 | grep -oP 'alive \K[0-9]+')
type 2 "kill -9 $pid" 'kill.*\n\$ $'
await 1 'Killed\n\$ $'
type 2 'shm reader --follow -c 3 orders' 'two scones\n$'
type 1 "shm writer -m 'three jams' orders" 'jams. orders\n\$ $'
await 2 'three jams\n\$ $'

for terminal in 1 2; do printf 'exit\n' >&"${typing[$terminal]}"; done
wait

# Both terminals as lines: which terminal, the number of the step or nothing, and the text.
for terminal in 1 2; do
    shown "$terminal" | sed '/^\$ exit$/,$d' >"$folder/lines.$terminal"
done
{
    declare -A next=()
    for terminal in 1 2; do
        numbers=()
        for ((step = 0; step < ${#steps[@]}; step++)); do
            [[ ${steps[step]} != "$terminal" ]] || numbers+=("$((step + 1))")
        done
        next[$terminal]=0
        while IFS= read -r line; do
            number=
            if [[ $line == '$ '* ]]; then
                number=${numbers[${next[$terminal]}]}
                next[$terminal]=$((next[$terminal] + 1))
            fi
            printf '%s\t%s\t%s\n' "$terminal" "$number" "$line"
        done <"$folder/lines.$terminal"
    done
} >"$folder/session"

# The same colours by day and by night: a terminal brings its own background.
awk -F '\t' '
function text(it) { gsub("&", "\\&amp;", it); gsub("<", "\\&lt;", it); return it }
{ if (!($1 in count)) { order[++terminals] = $1 } lines[$1, ++count[$1]] = $3; steps[$1, count[$1]] = $2 }
END {
    height = 12
    for (t = 1; t <= terminals; t++) height += 66 + 23 * count[order[t]]
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 560 %d\"", height
    printf " width=\"560\" height=\"%d\" role=\"img\">\n", height
    print "<title>Two terminals: a writer is killed, and its messages arrive</title>"
    print "<style>"
    print "text { font: 15px ui-monospace, \"DejaVu Sans Mono\", Menlo, Consolas, monospace;"
    print "  fill: #d5dae1; white-space: pre; }"
    print ".frame { fill: #171b22; stroke: #6e7681; } .title, .prompt { fill: #98a3b0; }"
    print ".typed { fill: #ffffff; font-weight: bold; } .kill { fill: #ff8f87; font-weight: bold; }"
    print ".step { fill: #2f6f9f; } .number { fill: #ffffff; font-size: 13px; text-anchor: middle; }"
    print "</style>"
    top = 8
    for (t = 1; t <= terminals; t++) {
        name = order[t]
        printf "<rect class=\"frame\" x=\"4\" y=\"%d\" width=\"552\" height=\"%d\" rx=\"8\"/>\n", \
            top, 54 + 23 * count[name]
        printf "<text class=\"title\" x=\"48\" y=\"%d\">Terminal %s</text>\n", top + 27, name
        for (i = 1; i <= count[name]; i++) {
            y = top + 32 + 23 * i
            line = lines[name, i]
            if (steps[name, i] != "") {
                printf "<circle class=\"step\" cx=\"26\" cy=\"%d\" r=\"10\"/>", y - 5
                printf "<text class=\"number\" x=\"26\" y=\"%d\">%s</text>\n", y, steps[name, i]
                typed = substr(line, 3)
                class = typed ~ /^kill/ ? "kill" : "typed"
                printf "<text x=\"48\" y=\"%d\"><tspan class=\"prompt\">$ </tspan>", y
                printf "<tspan class=\"%s\">%s</tspan></text>\n", class, text(typed)
            } else {
                class = line == "Killed" ? "kill" : "output"
                printf "<text class=\"%s\" x=\"48\" y=\"%d\">%s</text>\n", class, y, text(line)
            }
        }
        top += 66 + 23 * count[name]
    }
    print "</svg>"
}' "$folder/session" >"$folder/session.svg"

if [[ ${1-} == --check ]]; then
    # A process has another number each time, of another length.
    masked() { sed -E 's/(kill -9|alive) [0-9]+/\1 PID/; s/─+/─/' "$1"; }
    if ! diff <(masked "$picture") <(masked "$folder/session.svg"); then
        echo "docs/pictures/session.svg shows something else than shm prints: record it again" >&2
        exit 1
    fi
    echo "docs/pictures/session.svg shows what shm prints"
else
    cp "$folder/session.svg" "$picture"
fi
