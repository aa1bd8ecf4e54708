//! What sending and receiving one message costs through C and in Rust: `cargo bench -p shm-c`.
//!
//! Three programs take turns on one core: this one, which calls the Rust library, and `cost.c` with
//! the shared and with the static library. A figure is the median over the turns; a difference is
//! the median of the differences within each turn.

use std::env;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use shm_mailbox::{Mailbox, Message};

/// How often each program has its turn.
const TURNS: usize = 21;
/// Messages in a turn.
const COUNT: u32 = 1_000_000;
/// Bytes of a message.
const LENGTHS: [usize; 3] = [8, 64, 1024];

fn main() {
    let arguments: Vec<String> = env::args().collect();
    if let [_, mode, length] = &arguments[..]
        && mode == "rust"
    {
        println!("{:.3}", rust(length.parse().expect("a length")));
        return;
    }
    // As a test, each program runs once.
    let turns = if arguments.iter().any(|it| it == "--bench") {
        TURNS
    } else {
        1
    };
    let programs = programs();
    println!("ns for a send and a receive, medians of {turns} turns");
    println!(
        "{:>6} {:>8} {:>16} {:>16}",
        "bytes", "Rust", "shared", "static"
    );
    for length in LENGTHS {
        let mut rows: [Vec<f64>; 3] = Default::default();
        for _ in 0..turns {
            for (row, program) in rows.iter_mut().zip(&programs) {
                row.push(turn(program, length));
            }
        }
        let [rust, shared, fixed] = rows;
        let more = |c: &[f64]| {
            let differences = c.iter().zip(&rust).map(|(c, rust)| c - rust);
            median(differences.collect())
        };
        println!(
            "{length:>6} {:>8.1} {:>8.1} ({:+5.1}) {:>8.1} ({:+5.1})",
            median(rust.clone()),
            median(shared.clone()),
            more(&shared),
            median(fixed.clone()),
            more(&fixed),
        );
    }
}

/// The commands that print a figure for a length that is appended to them.
fn programs() -> [Vec<String>; 3] {
    let folder = build();
    let text = |path: PathBuf| path.display().to_string();
    let own = env::current_exe().expect("it has a path");
    let one = |program: &str| vec![text(folder.join(program))];
    [
        vec![text(own), "rust".into()],
        one("cost-shared"),
        one("cost-static"),
    ]
}

/// Builds the library as it is installed, and the C program with it; says in which folder.
fn build() -> PathBuf {
    let crate_root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = crate_root.join("../../xtask/install.sh");
    let folder = env::current_exe().expect("it has a path");
    let folder = folder.parent().expect("it is in a folder").join("cost");
    run(Command::new("sh").arg(script).arg(&folder));
    let source = crate_root.join("benches/cost.c");
    let library = folder.join("lib");
    for (program, how) in [
        ("cost-shared", "-lshm_mailbox"),
        ("cost-static", "-l:libshm_mailbox.a"),
    ] {
        let mut cc = Command::new("cc");
        cc.args(["-std=gnu11", "-O2", "-Wall", "-I"])
            .arg(folder.join("include"));
        cc.arg(&source)
            .arg("-o")
            .arg(folder.join(program))
            .arg("-L")
            .arg(&library);
        cc.arg(format!("-Wl,-rpath,{}", library.display())).arg(how);
        run(cc.args(["-lgcc_s", "-lpthread", "-ldl", "-lm"]));
    }
    folder
}

fn run(command: &mut Command) -> Vec<u8> {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    output.stdout
}

fn turn(program: &[String], length: usize) -> f64 {
    // On one core, so that none is moved.
    let mut command = Command::new("taskset");
    command
        .args(["-c", "1"])
        .args(program)
        .arg(length.to_string());
    if program.len() == 1 {
        command.arg(COUNT.to_string());
    }
    let printed = String::from_utf8(run(&mut command)).expect("a number");
    printed.trim().parse().expect("a number")
}

fn rust(length: usize) -> f64 {
    let (mut sender, mut receiver) = Mailbox::pair().expect("a mailbox");
    let mut message = Message::new();
    let bytes = [0; shm_mailbox::MAX_MESSAGE];
    let mut pass = |count: u32| {
        for _ in 0..count {
            sender.try_send(black_box(&bytes[..length])).expect("room");
            receiver.try_recv(&mut message).expect("a message");
            black_box(&message);
        }
    };
    pass(COUNT / 10);
    let begun = Instant::now();
    pass(COUNT);
    begun.elapsed().as_secs_f64() * 1e9 / f64::from(COUNT)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
