#!/usr/bin/env bash
# Draws the badges of README.md from Cargo.toml: rust.svg, licence.svg and system.svg.
#
#   docs/pictures/badges.sh           draws them again
#   docs/pictures/badges.sh --check   fails if Cargo.toml says something else today
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

value() { sed -n "s/^$1 = \"\(.*\)\"$/\1/p" ../../Cargo.toml; }

badge() { # badge FILE LABEL VALUE
    local left=$((${#2} * 7 + 14)) right=$((${#3} * 7 + 14)) drawn
    drawn=$(
        cat <<SVG
<svg xmlns="http://www.w3.org/2000/svg" width="$((left + right))" height="22" role="img">
<title>$2: $3</title>
<style>text { font: 12px ui-monospace, "DejaVu Sans Mono", Menlo, monospace; fill: #fff; }</style>
<rect width="$((left + right))" height="22" rx="4" fill="#2f6f9f"/>
<path d="M4 0H${left}V22H4a4 4 0 0 1-4-4V4a4 4 0 0 1 4-4z" fill="#4a5059"/>
<text x="7" y="15">$2</text><text x="$((left + 7))" y="15">$3</text>
</svg>
SVG
    )
    if [[ $check != --check ]]; then
        printf '%s\n' "$drawn" >"$1"
    elif [[ $drawn != "$(<"$1")" ]]; then
        echo "docs/pictures/$1 differs from Cargo.toml: run docs/pictures/badges.sh" >&2
        exit 1
    fi
}

check=${1-}
badge rust.svg rust "$(value rust-version)+"
badge licence.svg licence "$(value license)"
badge system.svg linux "x86-64, aarch64"
