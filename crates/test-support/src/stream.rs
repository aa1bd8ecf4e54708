//! What a process writes into a pipe, collected as it comes.

use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::{LIMIT, until};

/// The bytes of a pipe, collected by a thread.
pub(crate) struct Stream {
    bytes: Arc<Mutex<Vec<u8>>>,
    /// None if there is no pipe.
    reader: Option<JoinHandle<()>>,
}

impl Stream {
    pub(crate) fn collect(pipe: Option<impl Read + Send + 'static>) -> Self {
        let bytes = Arc::<Mutex<Vec<u8>>>::default();
        let collected = Arc::clone(&bytes);
        let reader = pipe.map(|mut pipe| {
            thread::spawn(move || {
                let mut buffer = vec![0; 1 << 16];
                // A terminal tells its end by an error.
                while let Ok(len @ 1..) = pipe.read(&mut buffer) {
                    let mut bytes = collected.lock().unwrap_or_else(PoisonError::into_inner);
                    bytes.extend_from_slice(&buffer[..len]);
                }
            })
        });
        Self { bytes, reader }
    }

    pub(crate) fn so_far(&self) -> Vec<u8> {
        self.with(<[u8]>::to_vec)
    }

    /// Everything up to the end of the pipe.
    #[track_caller]
    pub(crate) fn all(&self) -> Vec<u8> {
        until("nobody keeps the pipe of a process that ended", || {
            self.has_ended()
        });
        self.so_far()
    }

    /// Waits for a condition on what has come. What has come instead, if the pipe ends before or it
    /// takes too long.
    pub(crate) fn wait_for(&self, mut condition: impl FnMut(&[u8]) -> bool) -> Result<(), Vec<u8>> {
        let start = Instant::now();
        loop {
            let over = self.has_ended() || start.elapsed() > LIMIT;
            if self.with(&mut condition) {
                return Ok(());
            }
            if over {
                return Err(self.so_far());
            }
            thread::sleep(Duration::from_micros(500));
        }
    }

    fn has_ended(&self) -> bool {
        self.reader.as_ref().is_none_or(JoinHandle::is_finished)
    }

    fn with<T>(&self, look: impl FnOnce(&[u8]) -> T) -> T {
        look(&self.bytes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
