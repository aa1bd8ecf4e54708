//! Every message once, in order, whatever happens to the bridges and to the cable.

use std::env;
use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use test_support::{LIMIT, Process, Scratch, Signal, is_torture, until};

use super::cable::Cable;

const PORT: u16 = 7448;
const NAME: &str = "orders";

/// The command `shm`, as the workspace builds it, unless the environment names another.
fn shm() -> String {
    env::var("CARGO_BIN_EXE_shm").unwrap_or_else(|_| {
        let built = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/debug/shm");
        assert!(
            Path::new(built).exists(),
            "cargo build --package shm-cli makes it"
        );
        built.to_owned()
    })
}

fn start_in(cable: &Cable) -> Process {
    let mut command = cable.far.command(env!("CARGO_BIN_EXE_shm-bridge"));
    let listen = format!("tcp/{}:{PORT}", cable.far.address);
    let process = Process::spawn(command.args(["in", NAME, "--allow-remote", "--listen", &listen]));
    process.wait_for_error("takes messages at");
    process
}

fn start_out(cable: &Cable) -> Process {
    let mut command = cable.near.command(env!("CARGO_BIN_EXE_shm-bridge"));
    let connect = format!("tcp/{}:{PORT}", cable.far.address);
    Process::spawn(command.args(["out", NAME, "--allow-remote", "--connect", &connect]))
}

#[derive(Clone, Copy, Debug)]
enum Blow {
    KillIn,
    KillOut,
    Cut,
}

#[test]
fn a_writer_and_a_reader_on_two_hosts_lose_and_double_nothing() {
    let (count, kills, cuts, longest) = match is_torture() {
        true => (1_000_000, 100, 20, 4000),
        false => (40_000, 8, 2, 1500),
    };
    let Some(cable) = Cable::lay() else {
        return;
    };
    let lines: String = (1..=count).map(|number| format!("{number}\n")).collect();
    let folder = Scratch::folder("hosts");
    let path = folder.path().join("output");
    let output = File::create(&path).expect("a file");
    let mut reader = cable.far.command(shm());
    reader
        .args(["reader", "--follow", NAME])
        .stdin(Stdio::null())
        .stdout(output);
    let mut reader = Process::spawn_as_is(reader.stderr(Stdio::piped()));
    let mut far = start_in(&cable);
    let mut writer = cable.near.command(shm());
    let mut writer = Process::spawn(writer.args(["writer", NAME]));
    writer.feed(lines.clone().into_bytes());
    let mut near = start_out(&cable);

    let mut random = fastrand::Rng::with_seed(1 << 20 | count);
    let mut blows = vec![Blow::Cut; cuts];
    blows.extend((0..kills).map(|kill| [Blow::KillIn, Blow::KillOut][kill % 2]));
    random.shuffle(&mut blows);
    let begun = Instant::now();
    let arrived = || std::fs::metadata(&path).map_or(0, |file| file.len());
    let total = lines.len() as u64;
    for (number, blow) in (1..).zip(&blows) {
        // After some progress, so that each fault meets working bridges.
        let next = total * number / (blows.len() as u64 + 1);
        until("messages arrive", || arrived() >= next);
        thread::sleep(Duration::from_micros(random.u64(..3000)));
        match blow {
            Blow::KillIn => {
                far.kill();
                far = start_in(&cable);
            }
            Blow::KillOut => {
                near.kill();
                near = start_out(&cable);
            }
            Blow::Cut => {
                cable.set("down");
                thread::sleep(Duration::from_millis(random.u64(300..longest)));
                cable.set("up");
            }
        }
    }
    writer.wait().expect_code(0);
    near.wait().expect_code(0);
    until("all has arrived", || arrived() >= total);
    // Another message would arrive at once.
    far.signal(Signal::SIGTERM);
    far.wait().expect_signal(Signal::SIGTERM);
    reader.signal(Signal::SIGTERM);
    reader.wait().expect_signal(Signal::SIGTERM);
    let found = std::fs::read_to_string(&path).expect("it is text");
    let mut pairs = found.lines().zip(lines.lines());
    if let Some((found, expected)) = pairs.find(|(found, expected)| found != expected) {
        panic!("message {found} came instead of {expected}");
    }
    assert_eq!(
        found.len(),
        lines.len(),
        "more or fewer came than were sent"
    );
    assert!(begun.elapsed() < LIMIT * 4, "it took {:?}", begun.elapsed());
    println!(
        "two hosts: {count} messages, {kills} kills, {cuts} cuts, 0 lost, 0 doubled, 0 reordered, \
         {:.0} s",
        begun.elapsed().as_secs_f64()
    );
}
