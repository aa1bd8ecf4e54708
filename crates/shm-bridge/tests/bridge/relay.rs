//! A connection between the two bridges that the test can cut.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// Listens on a port, and forwards what it receives to another.
pub(crate) struct Relay {
    pub(crate) port: u16,
    links: Arc<Mutex<Vec<TcpStream>>>,
}

impl Relay {
    /// Passes on to this port, until the test ends.
    pub(crate) fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let own = listener.local_addr().expect("it has one").port();
        let links: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
        let shared = Arc::clone(&links);
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let target = SocketAddr::from(([127, 0, 0, 1], port));
                let Ok(far) = TcpStream::connect(target) else {
                    continue;
                };
                let copy = |stream: &TcpStream| stream.try_clone().expect("a descriptor");
                shared.lock().unwrap().extend([copy(&near), copy(&far)]);
                pass(copy(&near), copy(&far));
                pass(far, near);
            }
        });
        Self { port: own, links }
    }

    /// Cuts every connection at once, and loses what is under way.
    pub(crate) fn cut(&self) {
        for link in self.links.lock().unwrap().drain(..) {
            // It may have ended by itself.
            drop(link.shutdown(Shutdown::Both));
        }
    }
}

/// Copies until one of the two has ended, and ends the other.
fn pass(mut from: TcpStream, mut to: TcpStream) {
    thread::spawn(move || -> io::Result<()> {
        let mut buffer = [0; 65_536];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            to.write_all(&buffer[..count])?;
        }
        to.shutdown(Shutdown::Both)
    });
}
