//! The program `shm-bridge`, which `shm bridge` starts.

use std::process::ExitCode;

fn main() -> ExitCode {
    shm_bridge::main()
}
