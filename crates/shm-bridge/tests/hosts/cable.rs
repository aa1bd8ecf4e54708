//! Two network namespaces, each with its own `/dev/shm`, and the cable between them. All of it
//! disappears with the processes that hold the namespaces.

use std::ffi::OsStr;
use std::process::{Command, Stdio};

use test_support::{Process, has, is_root, skip};

/// A namespace, for as long as the process lives that was started in it.
pub(crate) struct Host {
    holder: Process,
    pub(crate) address: &'static str,
}

/// Two hosts, joined.
pub(crate) struct Cable {
    pub(crate) near: Host,
    pub(crate) far: Host,
}

/// The name of the cable's end on each host.
const END: &str = "cable";

impl Host {
    fn new(address: &'static str) -> Self {
        let script = "mount -t tmpfs tmpfs /dev/shm && ip link set lo up && echo ready && cat";
        let mut command = Command::new("unshare");
        command.args(["--net", "--mount", "sh", "-c", script]);
        let holder = Process::spawn(&mut command);
        holder.wait_for_exactly(b"ready\n");
        Self { holder, address }
    }

    /// A command in this host, which becomes its program without a process between.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, program: S) -> Command {
        let mut command = Command::new("nsenter");
        let target = self.holder.pid().to_string();
        command.args(["--net", "--mount", "--target", &target, "--"]);
        command
            .args(["env", "--default-signal=HUP,INT,TERM"])
            .arg(program);
        command
    }

    /// Runs `ip ARGS` in this host.
    #[track_caller]
    fn ip(&self, args: &[&str]) {
        let mut command = self.command("ip");
        let status = command.args(args).stdin(Stdio::null()).status();
        let status = status.expect("it starts");
        assert!(status.success(), "ip {args:?}: {status}");
    }
}

impl Cable {
    /// Lays it, if the machine allows that; says `skipped: needs …` if not.
    pub(crate) fn lay() -> Option<Self> {
        let is_possible = is_root()
            && has("iproute2", "ip", &["-V"])
            && has("nsenter", "nsenter", &["--version"])
            && has(
                "network namespaces",
                "unshare",
                &["--net", "--mount", "true"],
            );
        if !is_possible {
            return None;
        }
        let (near, far) = (Host::new("10.22.0.1"), Host::new("10.22.0.2"));
        let target = far.holder.pid().to_string();
        let cable = [
            "link", "add", END, "type", "veth", "peer", "name", END, "netns", &target,
        ];
        let mut laid = near.command("ip");
        if !laid
            .args(cable)
            .status()
            .is_ok_and(|status| status.success())
        {
            skip("a kernel with veth");
            return None;
        }
        for host in [&near, &far] {
            host.ip(&[
                "address",
                "add",
                &format!("{}/24", host.address),
                "dev",
                END,
            ]);
            host.ip(&["link", "set", END, "up"]);
        }
        Some(Self { near, far })
    }

    /// Pulls the cable out, or plugs it in again.
    pub(crate) fn set(&self, state: &str) {
        self.near.ip(&["link", "set", END, state]);
    }
}
