//! The port on which this process listens: what the system chose for port 0.

use std::fs;

/// The state of a listening socket in `/proc/net/tcp`, see `proc_pid_net(5)`.
const LISTENS: &str = "0A";

/// The first listening TCP port of this process, if `/proc` shows one.
pub(crate) fn listening() -> Option<u16> {
    let own = inodes();
    let tables = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];
    let lines = tables
        .into_iter()
        .map(|table| fs::read_to_string(table).unwrap_or_default());
    lines.into_iter().find_map(|table| {
        let mut listening = table.lines().filter_map(listener);
        let (port, _) = listening.find(|(_, inode)| own.contains(inode))?;
        Some(port)
    })
}

/// The port and the inode of a line, if its socket listens.
fn listener(line: &str) -> Option<(u16, u64)> {
    let fields: Vec<_> = line.split_whitespace().collect();
    let (local, state, inode) = (fields.get(1)?, fields.get(3)?, fields.get(9)?);
    let (_, port) = local.rsplit_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    (*state == LISTENS).then_some((port, inode.parse().ok()?))
}

/// The inodes of this process's sockets.
fn inodes() -> Vec<u64> {
    let entries = fs::read_dir("/proc/self/fd")
        .into_iter()
        .flatten()
        .flatten();
    let links = entries.filter_map(|entry| fs::read_link(entry.path()).ok());
    let inode = |link: std::path::PathBuf| {
        let name = link.to_str()?.strip_prefix("socket:[")?;
        name.strip_suffix(']')?.parse().ok()
    };
    links.filter_map(inode).collect()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn the_port_that_the_system_chose_is_found() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        assert_eq!(listening(), Some(port));
    }
}
