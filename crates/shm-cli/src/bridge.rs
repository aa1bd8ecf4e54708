//! `shm bridge`: becomes the program `shm-bridge`, which is built and installed separately, because
//! it contains a network engine.

use std::env;
use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::{Access, access};

use crate::args::BridgeArgs;
use crate::failure::{Ending, Failure, Status};

const PROGRAM: &str = "shm-bridge";

/// Replaces this process by the program, with these arguments. Returns only if there is no such
/// program.
pub(crate) fn run(args: &BridgeArgs) -> Result<Ending, Failure> {
    let beside = env::current_exe().ok();
    let beside = beside.as_deref().and_then(Path::parent);
    let path = env::var_os("PATH");
    let Some(program) = find(beside, path.as_deref()) else {
        let what = format_args!("{PROGRAM} is neither beside shm nor on PATH");
        return Err(Failure::new(Status::Failure, what).next(
            "in the sources: cargo install --locked --path crates/shm-bridge; \
            docs/two-machines.md says more",
        ));
    };
    Err(failed(
        &program,
        &Command::new(&program).args(&args.args).exec(),
    ))
}

fn failed(program: &Path, error: &io::Error) -> Failure {
    let status = match error.kind() {
        ErrorKind::PermissionDenied => Status::Permission,
        _ => Status::Failure,
    };
    Failure::new(status, format_args!("{}: {error}", program.display()))
}

/// The program beside this one, or else the first on `path`.
fn find(beside: Option<&Path>, path: Option<&OsStr>) -> Option<PathBuf> {
    let on_path = path.into_iter().flat_map(env::split_paths);
    // An empty entry would mean the working directory, which may belong to another user.
    let on_path = on_path.filter(|folder| folder.is_absolute());
    let folders = beside.map(Path::to_owned).into_iter().chain(on_path);
    let mut programs = folders.map(|folder| folder.join(PROGRAM));
    programs.find(|program| program.is_file() && access(program, Access::EXEC_OK).is_ok())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_program_beside_this_one_comes_before_those_on_path() {
        let root = env::temp_dir().join(format!("shm-bridge-{}", std::process::id()));
        let [beside, first, second] = ["beside", "first", "second"].map(|name| {
            let folder = root.join(name);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(PROGRAM), "#!/bin/sh\n").unwrap();
            folder
        });
        let executable = |folder: &Path, mode| {
            let mode = fs::Permissions::from_mode(mode);
            fs::set_permissions(folder.join(PROGRAM), mode).unwrap();
        };
        let path = env::join_paths([Path::new(""), &first, &second]).unwrap();
        let found = || {
            let found = find(Some(&beside), Some(&path))?;
            found.parent().map(Path::to_owned)
        };
        // A file that cannot be executed is not the program.
        for folder in [&beside, &first, &second] {
            executable(folder, 0o644);
        }
        assert_eq!(found(), None);
        for folder in [&second, &first, &beside] {
            executable(folder, 0o755);
            assert_eq!(found().as_ref(), Some(folder));
        }
        fs::remove_dir_all(root).unwrap();
    }
}
