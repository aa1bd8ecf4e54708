//! Objects that are taken, foreign, of the other layout, somebody else's, or that do not fit into
//! `/dev/shm`, in both layouts.

use test_support::shm::{
    PublicProgram, attached_reader, attached_writer, classic_reader, classic_writer, reader,
    with_small_dev_shm, writer,
};
use test_support::{Name, Process, has_mount_namespaces, has_other_users};

use super::LAYOUTS;

#[test]
fn a_second_writer_or_reader_is_told_who_the_first_is() {
    for layout in LAYOUTS {
        let name = Name::new();
        let mut first_writer = attached_writer(&name, layout);
        let mut first_reader = match layout {
            [] => attached_reader(&name, &[]),
            _ => classic_reader(&name),
        };
        let request = name.flag();
        let told = format!("a reader, process {}", first_reader.pid());
        reader(&name, &[]).wait_for_failure(4, &[name.as_str(), &told]);
        let told = format!("a writer, process {}", first_writer.pid());
        writer(&name, layout).wait_for_failure(4, &[name.as_str(), &told]);
        assert_eq!(name.flag(), request, "it is the first reader's");
        first_writer.send("to the first\n");
        first_writer.finish().expect_code(0);
        first_reader.wait_for_success(b"to the first\n");
    }
}

#[test]
fn a_foreign_object_is_refused_and_not_touched() {
    let mut other_version = vec![0; 20480];
    other_version[..16].copy_from_slice(b"shm-mbox\x63\0\0\0\x01\0\0\0");
    let sizes = [1027, 1029, 4096, 20480].map(|size| vec![7; size]);
    for contents in sizes
        .into_iter()
        .chain([b"foreign".to_vec(), other_version])
    {
        for layout in LAYOUTS {
            let name = Name::new();
            name.fill(&contents);
            for end in [writer, reader] {
                end(&name, layout).wait_for_failure(7, &[name.as_str()]);
            }
            assert_eq!(name.bytes(), contents);
        }
    }
}

#[test]
fn the_two_layouts_refuse_each_other() {
    let name = Name::new();
    let _classic = classic_writer(&name, &[]);
    writer(&name, &["-m", "x"]).wait_for_failure(7, &[name.as_str(), "classic"]);

    let name = Name::new();
    let _mailbox = attached_writer(&name, &[]);
    for end in [writer, reader] {
        end(&name, &["--classic"]).wait_for_failure(7, &[name.as_str()]);
    }
}

#[test]
fn a_full_dev_shm_is_an_error_that_says_so_and_leaves_nothing() {
    if !has_mount_namespaces() {
        return;
    }
    let filler = "head -c 4096 /dev/zero > /dev/shm/filler; ";
    for (size, before, args, left) in [
        ("256k", "", "writer --slots 4096 orders", ""),
        ("256k", "", "reader --slots 4096 orders", ""),
        ("4k", filler, "writer --classic -m x orders", "filler\n"),
    ] {
        let script = format!("{before}\"$0\" \"$@\"; code=$?; ls /dev/shm; exit $code");
        let args: Vec<_> = args.split(' ').collect();
        Process::spawn(&mut with_small_dev_shm(size, &script, &args))
            .wait_for_failure(1, &["\"orders\"", "space"])
            .expect_output(left.as_bytes());
    }
}

#[test]
fn another_users_object_needs_permission_and_consent() {
    if !has_other_users() {
        return;
    }
    let program = PublicProgram::new();
    for layout in LAYOUTS {
        let name = Name::new();
        let ours = attached_writer(&name, layout);
        for end in ["writer", "reader"] {
            let args = [&[end, name.as_str()], layout].concat();
            program
                .as_nobody(&args)
                .wait_for_failure(5, &[name.as_str(), "ermission"]);
        }
        drop(ours);

        // Root may open anything, and is asked all the same.
        let name = Name::new();
        let mut theirs = program.as_nobody(&[&["writer", name.as_str()], layout].concat());
        name.wait_for_sender();
        reader(&name, &[]).wait_for_failure(5, &[name.as_str(), "--any-owner"]);
        let mut reader = attached_reader(&name, &["--any-owner"]);
        theirs.send("hello\n");
        theirs.finish().expect_code(0);
        reader.wait_for_success(b"hello\n");
    }
}

#[test]
fn an_object_that_others_may_write_to_needs_consent() {
    let name = Name::new();
    let mut writer = attached_writer(&name, &["--mode", "0666", "--any-owner"]);
    assert_eq!(name.mode() & 0o777, 0o666);
    reader(&name, &[]).wait_for_failure(5, &[name.as_str(), "--any-owner"]);
    let mut reader = attached_reader(&name, &["--any-owner"]);
    writer.send("hello\n");
    writer.finish().expect_code(0);
    reader.wait_for_success(b"hello\n");
}
