use std::time::Duration;

use super::value::{duration, group, interval, measurement, mode, slots};
use super::*;

fn writer(arguments: &[&str]) -> Result<WriterArgs, clap::Error> {
    let line = ["shm", "writer"].iter().chain(arguments);
    match Cli::try_parse_from(line)?.command {
        Command::Writer(writer) => Ok(writer),
        _ => unreachable!("asked for a writer"),
    }
}

#[test]
fn the_command_line_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn short_help_fits_a_screen() {
    for name in ["writer", "reader", "tap", "top", "bench"] {
        let mut command = Cli::command().term_width(80);
        command.build();
        let command = command.find_subcommand_mut(name).unwrap();
        let help = command.render_help().to_string();
        assert!(help.lines().count() <= 30, "{help}");
        assert!(help.lines().all(|line| line.len() <= 80), "{help}");
    }
}

#[test]
fn what_stands_below_the_options_is_not_broken_twice() {
    let shm = Cli::command();
    for command in shm.get_subcommands().chain([&shm]) {
        let help = command.get_after_long_help().map(ToString::to_string);
        for line in help.unwrap_or_default().lines() {
            assert!(line.chars().count() <= 78, "{}: {line}", command.get_name());
        }
    }
}

#[test]
fn a_slash_in_front_of_the_name_does_not_matter() {
    for name in ["orders", "/orders"] {
        assert_eq!(writer(&[name]).unwrap().channel.name(), "orders");
    }
}

#[test]
fn the_default_name_depends_on_the_layout() {
    let name = |channel: ChannelArgs| channel.name().to_owned();
    // The environment in which the tests run may name an object.
    let without = |mut args: WriterArgs| {
        args.channel.name = None;
        name(args.channel)
    };
    assert_eq!(without(writer(&[]).unwrap()), "shm-mailbox");
    assert_eq!(without(writer(&["--classic"]).unwrap()), "shm-file");
}

#[test]
fn durations_have_a_unit_and_a_sensible_length() {
    assert_eq!(duration("50us"), Ok(Duration::from_micros(50)));
    assert_eq!(duration("1m 30s"), Ok(Duration::from_secs(90)));
    for now in ["0", "0s", "0ms"] {
        assert_eq!(duration(now), Ok(Duration::ZERO));
        assert!(interval(now).is_err() && measurement(now).is_err());
    }
    let longer = ["2 years", "99999999999999999999s"];
    let other = ["", "5", "1M", "1 Min", "NaN", "nans", "-1s", "inf"];
    for bad in longer.into_iter().chain(other) {
        assert!(duration(bad).is_err(), "{bad}");
    }
}

#[test]
fn slots_are_a_power_of_two() {
    assert_eq!(slots("1"), Ok(1));
    assert_eq!(slots("65536"), Ok(65_536));
    for bad in ["0", "3", "131072", "-1", "many", "4294967296"] {
        assert!(slots(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_mode_is_octal_and_lets_the_owner_in() {
    for good in ["600", "0600", "0o600"] {
        assert_eq!(mode(good), Ok(0o600));
    }
    for bad in ["0400", "0800", "1777", "rw", "-1", ""] {
        assert!(mode(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_group_is_a_number_or_a_name_of_the_system_s_list() {
    assert_eq!(group("61010"), Ok(61_010));
    assert_eq!(group("root"), Ok(0));
    for bad in ["", "no-such-group", "-1", "4294967295", "root:x"] {
        assert!(group(bad).is_err(), "{bad}");
    }
}

#[test]
fn an_interval_needs_a_wait_that_has_one() {
    let checked = |arguments: &[&str]| writer(arguments).unwrap().channel.check();
    assert!(checked(&["--interval", "1ms"]).is_err());
    assert!(checked(&["--wait", "block", "--interval", "1ms"]).is_err());
    assert!(checked(&["--wait", "poll", "--interval", "1ms"]).is_ok());
    assert!(checked(&["--classic", "--interval", "1ms"]).is_ok());
    assert!(checked(&["--classic", "--wait", "spin", "--interval", "1ms"]).is_err());
    assert!(checked(&["--classic", "--wait", "adaptive"]).is_err());
}

#[test]
fn one_framing_at_a_time() {
    let framing = |flag| writer(&[flag]).unwrap().channel.framing();
    let default = writer(&[]).unwrap().channel.framing();
    assert_eq!(default, Framing::Terminated(b'\n'));
    assert_eq!(framing("-0"), Framing::Terminated(0));
    assert_eq!(framing("--raw"), Framing::Raw);
    assert_eq!(framing("--length-delimited"), Framing::LengthDelimited);
    assert!(writer(&["-0", "--raw"]).is_err());
}

#[test]
fn a_message_may_begin_with_a_hyphen() {
    let writer = writer(&["-m", "-1", "-m", "two"]).unwrap();
    assert_eq!(writer.message, ["-1", "two"]);
}

#[test]
fn only_one_format_goes_to_standard_output() {
    let check = |arguments: &[&str]| {
        let line = ["shm", "bench"].iter().chain(arguments);
        match Cli::try_parse_from(line).unwrap().command {
            Command::Bench(bench) => bench.check(),
            _ => unreachable!("asked for a benchmark"),
        }
    };
    assert!(check(&["--json", "--csv"]).is_err());
    assert!(check(&["--json", "--csv=figures.csv"]).is_ok());
}
