//! What a process writes into a pipe, collected as it comes.

use std::io::{self, Read};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Instant;

use super::LIMIT;

/// The bytes of a pipe, collected by a thread.
#[derive(Default)]
pub(super) struct Stream {
    state: Mutex<(Vec<u8>, bool)>,
    changed: Condvar,
}

impl Stream {
    pub(super) fn collect(pipe: Option<impl Read + Send + 'static>) -> Arc<Self> {
        let stream = Arc::new(Self::default());
        match pipe {
            None => stream.add(&[], true),
            Some(pipe) => {
                let stream = Arc::clone(&stream);
                thread::spawn(move || stream.read_all(pipe));
            }
        }
        stream
    }

    fn read_all(&self, mut pipe: impl Read) {
        let mut buffer = vec![0; 1 << 16];
        loop {
            match pipe.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => return self.add(&[], true),
                Ok(len) => self.add(&buffer[..len], false),
            }
        }
    }

    fn add(&self, bytes: &[u8], end: bool) {
        let mut state = self.state.lock().expect("no thread panics with it");
        state.0.extend_from_slice(bytes);
        state.1 = end;
        self.changed.notify_all();
    }

    pub(super) fn so_far(&self) -> Vec<u8> {
        self.state
            .lock()
            .expect("no thread panics with it")
            .0
            .clone()
    }

    /// Everything up to the end of the pipe.
    pub(super) fn all(&self) -> Vec<u8> {
        let state = self.state.lock().expect("no thread panics with it");
        let (state, _) = self
            .changed
            .wait_timeout_while(state, LIMIT, |state| !state.1)
            .expect("no thread panics with it");
        assert!(
            state.1,
            "the process is gone, but somebody keeps its pipe open"
        );
        state.0.clone()
    }

    /// Waits for a condition on what has come. What has come instead, if the pipe ends before or
    /// it takes too long.
    pub(super) fn wait_for(&self, mut condition: impl FnMut(&[u8]) -> bool) -> Result<(), Vec<u8>> {
        let start = Instant::now();
        let mut state = self.state.lock().expect("no thread panics with it");
        while !condition(&state.0) {
            let left = LIMIT.saturating_sub(start.elapsed());
            if state.1 || left.is_zero() {
                return Err(state.0.clone());
            }
            state = self
                .changed
                .wait_timeout(state, left)
                .expect("no thread panics with it")
                .0;
        }
        Ok(())
    }
}
