//! Completions and manual pages: the ones in the source tree are what the program prints, and their
//! readers understand them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use test_support::shm::{printed, run, search_path};
use test_support::{Name, Process, Scratch, has};

/// The shells, and what the file of each is called where it looks for it.
const SHELLS: [(&str, &str); 3] = [("bash", "shm.bash"), ("zsh", "_shm"), ("fish", "shm.fish")];

/// A folder of the crate.
fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The manual pages of the crate.
fn pages() -> impl Iterator<Item = PathBuf> {
    let pages = fs::read_dir(folder("man")).expect("there are pages");
    pages.map(|page| page.expect("a file").path())
}

#[track_caller]
fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_manual_pages_are_those_of_the_program() {
    let stored: BTreeSet<_> = pages()
        .map(|path| path.file_name().expect("a name").to_owned())
        .collect();
    let mut named = BTreeSet::from(["shm.1".into()]);
    let main = printed(["man"]);
    assert_eq!(
        main,
        read(&folder("man/shm.1")),
        "cargo xtask manual writes them anew"
    );
    // The page of the program names all others.
    for line in main.lines().filter(|line| line.starts_with("shm\\-")) {
        let command = line["shm\\-".len()..].split('(').next().expect("a name");
        let page = format!("shm-{command}.1");
        let same = printed(["man", command]) == read(&folder("man").join(&page));
        assert!(same, "{page}: cargo xtask manual writes it anew");
        named.insert(page.into());
    }
    assert!(named.len() > 5, "{named:?}");
    assert_eq!(named, stored);
}

#[test]
fn the_completions_are_those_of_the_program() {
    for (shell, file) in SHELLS {
        let same = printed(["completions", shell]) == read(&folder("completions").join(file));
        assert!(same, "{file}: cargo xtask manual writes it anew");
    }
}

#[test]
fn all_pages_are_written_to_a_directory_at_once() {
    let directory = Scratch::new("shm-man");

    let path = directory.path().to_str().expect("UTF-8");
    let absent = run(["man", "--dir", path]);
    absent.expect_failure(1, &[path, "No such file", "next: "]);
    fs::create_dir(path).expect("it is new");
    printed(["man", "--dir", path]);
    let written = fs::read_dir(path).expect("it is there").count();
    let page = read(&directory.path().join("shm-writer.1"));
    assert_eq!(written, pages().count());
    assert_eq!(page, printed(["man", "writer"]));
}

#[test]
fn the_shells_and_man_understand_them() {
    let check = |program: &str, args: &[&str], file: &Path| {
        let mut process = Process::spawn(Command::new(program).args(args).arg(file));
        process.finish().expect_code(0).expect_quiet();
    };
    check("bash", &["-n"], &folder("completions/shm.bash"));
    for (program, file) in [("zsh", "_shm"), ("fish", "shm.fish")] {
        if has(program, program, &["--version"]) {
            // Reads it, and carries nothing out.
            check(program, &["-n"], &folder("completions").join(file));
        }
    }
    if has("man, as man-db has it", "man", &["--version"]) {
        for page in pages() {
            check("man", &["--warnings", "-E", "UTF-8", "-l", "-Tutf8"], &page);
        }
    }
}

/// A shell with `shm` on its `PATH`, in a folder that has files.
fn shell(shell: &str, args: &[&str]) -> Command {
    let mut command = Command::new(shell);
    command.args(args).env("PATH", search_path());
    command.env_remove("SHM_NAME").current_dir(folder("man"));
    command
}

/// The words that a command prints.
#[track_caller]
fn words(mut command: Command) -> Vec<String> {
    let text = Process::spawn(&mut command).finish().expect_quiet().text();
    text.split_whitespace().map(str::to_owned).collect()
}

/// What bash offers for the last of these words.
fn bash(line: &[&str]) -> Vec<String> {
    let [.., before, last] = line else {
        panic!("two words at the least: {line:?}");
    };
    let quoted: String = line.iter().map(|word| format!("'{word}' ")).collect();
    let script = format!(
        "source '{}'; COMP_WORDS=({quoted}); COMP_CWORD={}
        _shm shm '{last}' '{before}'; echo \"${{COMPREPLY[@]}}\"",
        folder("completions/shm.bash").display(),
        line.len() - 1,
    );
    words(shell("bash", &["-c", &script]))
}

/// What fish offers at the end of this line.
fn fish(line: &str) -> Vec<String> {
    let script = format!(
        "source '{}'; complete -C '{line}' | string split -f 1 \\t",
        folder("completions/shm.fish").display()
    );
    words(shell("fish", &["--no-config", "-c", &script]))
}

#[test]
fn bash_completes_commands_and_flags() {
    assert_eq!(bash(&["shm", "wri"]), ["writer"]);
    assert_eq!(bash(&["shm", "ls", "--st"]), ["--stale"]);
    assert_eq!(bash(&["shm", "writer", "--wait", "ad"]), ["adaptive"]);
    assert!(!bash(&["shm", "bench", ""]).contains(&"bench-peer".to_owned()));
}

/// The commands that take names of objects.
const TAKERS: [&str; 9] = [
    "writer", "reader", "ls", "stat", "peek", "tap", "top", "rm", "forget",
];

#[test]
fn bash_completes_names_of_objects_and_no_files() {
    let name = Name::new();
    name.fill(b"foreign");
    let begin = &name.as_str()[..name.as_str().len() - 1];
    for command in TAKERS {
        let offered = bash(&["shm", command, begin]);
        assert!(
            offered.contains(&name.as_str().to_owned()),
            "{command}: {offered:?}"
        );
        assert!(
            bash(&["shm", command, "shm-wri"]).is_empty(),
            "{command} offers a file"
        );
        assert!(bash(&["shm", command, ""]).contains(&name.as_str().to_owned()));
    }
    // The next word of a command that takes several, and after a flag.
    assert!(!bash(&["shm", "rm", "--force", begin]).is_empty());
    assert!(!bash(&["shm", "rm", "x", begin]).is_empty());
    assert_eq!(bash(&["shm", "man", "pe"]), ["peek"]);
    let script = folder("completions/shm.bash");
    assert!(
        !read(&script).contains("-o default"),
        "it falls back to files"
    );
}

#[test]
fn fish_completes_names_of_objects_and_no_files() {
    if !has("fish", "fish", &["--version"]) {
        return;
    }
    let name = Name::new();
    name.fill(b"foreign");
    let begin = &name.as_str()[..name.as_str().len() - 1];
    for command in TAKERS {
        let offered = fish(&format!("shm {command} {begin}"));
        assert!(
            offered.contains(&name.as_str().to_owned()),
            "{command}: {offered:?}"
        );
        assert!(
            fish(&format!("shm {command} shm-wri")).is_empty(),
            "{command} offers a file"
        );
    }
    assert_eq!(fish("shm man pe"), ["peek"]);
    assert_eq!(fish("shm completions fi"), ["fish"]);
    assert!(fish("shm doctor shm-wri").is_empty());
}

#[test]
fn zsh_completes_names_of_objects_and_no_files() {
    let script = read(&folder("completions/_shm"));
    // Each positional argument has its action at the end of its line.
    let names: Vec<_> = script
        .lines()
        .filter(|line| line.starts_with("':") || line.starts_with("'*:"))
        .filter(|line| line.ends_with(":_shm_objects' \\"))
        .collect();
    assert_eq!(names.len(), TAKERS.len(), "{names:?}");
    assert!(
        !script.contains(":_default") && !script.contains("_hosts"),
        "{script}"
    );
    let pages = script.lines().find(|line| line.starts_with("'::command"));
    assert!(
        pages.is_some_and(|line| line.contains("(writer reader")),
        "{pages:?}"
    );

    if !has("zsh", "zsh", &["--version"]) {
        return;
    }
    let name = Name::new();
    name.fill(b"foreign");
    // The function, with what zsh's own do of it.
    let script = format!(
        "compdef() {{ : }}; _call_program() {{ shift; \"$@\" }}; _wanted() {{ shift 3; \"$@\" }}
        compadd() {{ print -l ${{(P)2}} }}; source '{}'; _shm_objects",
        folder("completions/_shm").display()
    );
    let offered = words(shell("zsh", &["-f", "-c", &script]));
    assert!(offered.contains(&name.as_str().to_owned()), "{offered:?}");
}
