//! The examples, as programs with peers in this process.

use std::io::Write as _;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use shm_mailbox::{Mailbox, Sender};
use test_support::{LIMIT, Name, Process, Signal, until};

/// Builds an example, which `cargo test` leaves out when it is asked for some tests alone.
fn build(example: &str) -> PathBuf {
    let cargo = env::var_os("CARGO").expect("cargo runs the tests");
    let mut build = Command::new(cargo);
    build.args([
        "build",
        "--quiet",
        "--package",
        "shm-tokio",
        "--example",
        example,
    ]);
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    Process::spawn(&mut build).finish().expect_code(0);
    let program = env::current_exe().expect("a test program");
    let profile = program.ancestors().nth(2).expect("PROFILE/deps/PROGRAM");
    profile.join("examples").join(example)
}

/// The names of five mailboxes that begin alike, whose objects are gone when this is dropped.
struct Tables(Name);

impl Tables {
    fn new() -> Self {
        Self(Name::new())
    }

    fn name(&self, table: usize) -> String {
        format!("{}-{table}", self.0.as_str())
    }

    fn sender(&self, table: usize) -> Sender {
        let options = Mailbox::options(self.name(table)).create(false);
        options.sender().expect("the example has made it")
    }
}

impl Drop for Tables {
    fn drop(&mut self) {
        for table in 0..5 {
            // Gone already, if the test was a success.
            let _ = fs::remove_file(format!("/dev/shm/{}", self.name(table)));
        }
    }
}

#[test]
fn tokio_serves_five_mailboxes_and_a_socket_until_ctrl_c() {
    let tables = Tables::new();
    let mut example = Command::new(build("event_loop"));
    let mut example = Process::spawn(example.arg(tables.0.as_str()));
    example.wait_for_output("an address", |text| text.ends_with(b"\n"));
    let text = String::from_utf8(example.output()).expect("a text");
    let address = text
        .trim_end()
        .strip_prefix("listening on ")
        .expect("an address");

    let expect = |text: &str| {
        example.wait_for_output(text, |output| {
            output.ends_with(format!("{text}\n").as_bytes())
        });
    };
    for round in 0..2 {
        for table in 0..5 {
            let mut sender = tables.sender(table);
            sender.send(format!("{round} teas")).expect("room");
            expect(&format!("table {table}: {round} teas"));
            sender.drain(LIMIT).expect("it acknowledges");
            // It goes over to the next one's object, which it makes.
            let id = sender.id();
            sender.close().expect("close");
            until("there is the next mailbox", || {
                let next = Mailbox::options(tables.name(table)).create(false).sender();
                next.is_ok_and(|next| next.id() != id && next.keep().is_ok())
            });
        }
        let mut client = TcpStream::connect(address).expect("it listens");
        writeln!(client, "hello {round}").expect("it reads");
        expect(&format!("client: hello {round}"));
    }
    example.signal(Signal::SIGINT);
    let ended = example.finish().expect_code(0).expect_quiet();
    assert!(ended.text().ends_with("closing\n"));
}

#[test]
fn async_io_waits_for_a_mailbox() {
    let name = Name::new();
    let mut example = Command::new(build("async_io"));
    let mut example = Process::spawn(example.arg(name.as_str()));
    example.wait_for_exactly(b"waiting\n");
    let mut sender = Mailbox::options(name.as_str())
        .create(false)
        .sender()
        .expect("attach");
    for number in 0..100 {
        sender.send(format!("order {number}")).expect("room");
        sender.drain(LIMIT).expect("it acknowledges");
    }
    sender.close().expect("close");
    let ended = example.finish().expect_code(1).expect_errors(&["Closed"]);
    let orders = (0..100).map(|number| format!("order {number}\n"));
    assert_eq!(
        ended.text(),
        format!("waiting\n{}", orders.collect::<String>())
    );
}

#[test]
fn mio_serves_five_mailboxes_until_their_senders_have_closed() {
    let tables = Tables::new();
    let mut example = Command::new(build("mio"));
    let mut example = Process::spawn(example.arg(tables.0.as_str()));
    example.wait_for_exactly(b"waiting\n");
    let mut senders: Vec<_> = (0..5).map(|table| tables.sender(table)).collect();
    for number in 0..20 {
        for sender in &mut senders {
            sender.send(format!("order {number}")).expect("room");
        }
        senders[number % 5].drain(LIMIT).expect("it acknowledges");
    }
    for sender in senders {
        sender.close().expect("close");
    }
    let text = example.finish().expect_code(0).expect_quiet().text();
    for table in 0..5 {
        let prefix = format!("table {table}: ");
        let found: Vec<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix(&prefix))
            .collect();
        let orders: Vec<_> = (0..20).map(|number| format!("order {number}")).collect();
        assert_eq!(found[..20], orders);
        assert!(found[20].contains("has closed"), "{}", found[20]);
        assert_eq!(found.len(), 21);
    }
}
