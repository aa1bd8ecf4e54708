#!/bin/sh
# manual.sh FOLDER: writes the manual pages of the header, section 3, into FOLDER.
#
# A comment that begins with `---- NAME: WHAT IT IS ----` begins the page NAME. Each declaration
# after it becomes a part of the page, with the comment before it; each function gets a page that
# leads there.
set -eu
folder=${1:?usage: manual.sh FOLDER}
header=$(dirname "$0")/include/shm_mailbox.h
mkdir -p "$folder"
rm -f "$folder"/*.3
awk -v folder="$folder" '
function escape(text) {
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    sub(/^[.\047]/, "\\\\\\&&", text)
    return text
}
# Names in backquotes are bold.
function prose(text,    out, parts, count, i) {
    count = split(text, parts, "`")
    out = ""
    for (i = 1; i <= count; i++)
        out = out (i % 2 ? "" : "\\fB") escape(parts[i]) (i % 2 ? "" : "\\fR")
    if (out ~ /^[.\047]/) out = "\\&" out
    return out
}
function finish() {
    if (page == "") return
    file = folder "/" page ".3"
    printf ".\\\" Made from shm_mailbox.h by manual.sh.\n" > file
    printf ".TH %s 3 \"\" \"shm\\-mailbox\" \"Library Functions\"\n", page > file
    printf ".SH NAME\n%s \\- %s\n", escape(page), escape(what) > file
    printf ".SH SYNOPSIS\n.nf\n#include <shm_mailbox.h>\n" > file
    if (synopsis != "") printf "\n%s", synopsis > file
    printf ".fi\n" > file
    printf ".SH DESCRIPTION\n%s", description > file
    printf ".SH SEE ALSO\n.BR shm_mailbox (3),\n.BR shm (1)\n" > file
    close(file)
}
# What a comment says, in paragraphs; lines that are indented stay as they are.
function said(    i, text, is_open, is_code) {
    text = ""; is_open = 0; is_code = 0
    for (i = 1; i <= lines; i++) {
        if (line[i] ~ /^    /) {
            if (!is_code) text = text ".PP\n.nf\n"
            is_code = 1
            text = text escape(line[i]) "\n"
            continue
        }
        if (is_code) { text = text ".fi\n"; is_code = 0; is_open = 0 }
        if (line[i] == "") { is_open = 0; continue }
        if (!is_open) text = text ".PP\n"
        is_open = 1
        text = text prose(line[i]) "\n"
    }
    if (is_code) text = text ".fi\n"
    return text
}
function begin_comment(text) { lines = 0; in_comment = 1; add(text) }
function add(text) {
    is_last = text ~ /\*\/$/
    sub(/ *\*\/$/, "", text)
    if (!is_last || text != "") line[++lines] = text
    if (is_last) { in_comment = 0; end_comment() }
}
function end_comment(    title) {
    if (line[1] !~ /^---- /) return
    finish()
    title = line[1]
    sub(/^---- /, "", title); sub(/ ----$/, "", title)
    page = title; sub(/: .*/, "", page)
    what = title; sub(/^[^:]*: /, "", what)
    line[1] = ""
    synopsis = ""
    description = said()
    lines = 0
}
in_comment { if ($0 == " */") $0 = "*/"; else sub(/^ \* ?/, ""); add($0); next }
/^\/\* / && !in_code { sub(/^\/\* /, ""); begin_comment($0); next }
/^#ifdef __cplusplus/ { if (page != "") { finish(); page = ""; exit } next }
page == "" || $0 == "" { next }
# A declaration: to its semicolon, or to the end of the macro or of the braces.
{
    code = code escape($0) "\n"
    if ($0 ~ /\{$/) depth = 1
    in_code = 1
    if ($0 ~ /^#define/ ? $0 !~ /\\$/ : (depth ? $0 ~ /^}/ : $0 ~ /[;}]$/)) {
        depth = 0; in_code = 0
        name = ""
        if (code ~ /\);\n$/) {
            name = code
            sub(/\(.*/, "", name); sub(/.*[ *]/, "", name)
            synopsis = synopsis code
            if (name != page)
                printf ".so man3/%s.3\n", page > (folder "/" name ".3")
            description = description ".SS " name "()\n" said()
        } else {
            description = description said() ".PP\n.nf\n" code ".fi\n"
        }
        lines = 0
        code = ""
    }
}
' "$header"
