//! A wrong argument is answered with what is expected, in the words of whoever typed it.

use test_support::shm::{printed, run};

/// Command lines, `''` for an empty word, and what is said of them.
const WRONG: &str = r#"
    | Usage
wrter | writer
writer --no-such-flag | --no-such-flag
writer one two | two
writer '' | the name is empty
writer a/b | byte 2 of name "a/b" is a slash
writer .. | ..
writer x --slots 3 | expected a power of two from 1 to 65536
writer x --slots 0 | expected a power of two from 1 to 65536
writer x --slots -1 | expected a power of two from 1 to 65536
writer x --mode rw | expected an octal number from 0600 to 0777
writer x --mode 9 | expected an octal number from 0600 to 0777
writer x --wait patiently | patiently
writer x --wait poll --interval 5 | expected a duration like 50us, 100ms or 2s
writer x --wait poll --interval 0s | longer than 0
writer x --raw -0 | --raw
writer x --keep --drain 1s | --keep
writer x --drain -1s | expected a duration like 50us, 100ms or 2s
writer x --drain 1M | minutes are written like 1m
writer x --drain 9999999d | expected at most a year
writer x --group 99999999999 | expected a name of /etc/group, or a number from 0 to 4294967294
writer x --group -1 | expected a name of /etc/group, or a number from 0 to 4294967294
writer x --group no-such-group | expected a name of /etc/group, or a number from 0 to 4294967294
reader x -c many | expected a number of messages, 1 or more
reader x -c 0 | expected a number of messages, 1 or more
reader x -c -1 | expected a number of messages, 1 or more
reader x --timeout -1s | expected a duration like 50us, 100ms or 2s
reader x --timeout soon | expected a duration like 50us, 100ms or 2s
reader x --timeout 5 | expected a duration like 50us, 100ms or 2s
ls [a- | GLOB
ls a[b | character 2 of the pattern is wrong
ls /a[b | character 3 of the pattern is wrong
ls --all --stale | --stale
ls -o colour | name, kind, slots, queued, sent, received, writer, reader, owner, mode, size
stat /a/b | byte 3 of name "/a/b" is a slash
tap x -c 0 | expected a number of messages, 1 or more
tap x --from never | never
tap x --timeout soon | expected a duration like 50us, 100ms or 2s
tap x --json --length-delimited | --length-delimited
top --interval 0s | longer than 0
top -n 0 | expected a number, 1 or more
top [a- | GLOB
rm | NAME
rm --stale x | --stale
rm a/b | a/b
doctor x | x
completions tcsh | tcsh
man bench-peer | writer, reader, ls, stat, peek, tap, top, rm, forget, doctor, bridge, bench, completions, man
bench --wait patiently | patiently
bench --interval 5 | expected a duration like 50us, 100ms or 2s
bench --interval -1ms | expected a duration like 50us, 100ms or 2s
bench --duration -1s | expected a duration like 50us, 100ms or 2s
bench --duration 1ns | expected at least 1ms
bench --duration 999us | expected at least 1ms
bench --size 9 | expected 10 to 1024 bytes
bench --size 1025 | expected 10 to 1024 bytes
bench --slots 3 | expected a power of two from 1 to 65536
bench --pin elsewhere | elsewhere
bench --json --csv | one of --json and --csv
bench --no-original --classic | --classic
"#;

#[test]
fn a_wrong_command_line_ends_with_2_and_is_told_what_is_expected() {
    for line in WRONG.trim_matches('\n').lines() {
        let (args, expected) = line.split_once(" | ").expect("both");
        let args = args.split_whitespace().map(|arg| arg.trim_matches('\''));
        let ended = run(args).expect_code(2).expect_output(b"");
        // Wherever the lines are broken.
        let words: Vec<_> = ended.errors.split_whitespace().collect();
        let told = words.join(" ");
        assert!(told.contains(expected), "{line}: {told}");
    }
}

#[test]
fn the_command_speaks_of_writers_and_readers() {
    let commands = "writer reader ls stat peek tap top rm forget doctor bench completions man";
    let mut pages = vec![vec!["--help"]];
    for command in commands.split(' ') {
        pages.push(vec![command, "--help"]);
        pages.push(vec!["man", command]);
    }
    for page in pages {
        let text = printed(&page).to_lowercase();
        // The options of a bus are called as the library's.
        let text = text.replace("-senders", "").replace("-receivers", "");
        for word in ["sender", "receiver"] {
            assert!(!text.contains(word), "{page:?}: {word}");
        }
    }
}
