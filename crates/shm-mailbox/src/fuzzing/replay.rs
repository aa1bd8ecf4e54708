//! Runs the inputs again that fuzzing has found worth keeping, without a fuzzer.

use std::fs;
use std::path::Path;

/// Runs `body` on every file of a target's corpus, and tells which it was when it panics.
pub(crate) fn replay(target: &str, body: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    if !folder.exists() {
        println!(
            "skipped: needs {}, which is not in the package",
            folder.display()
        );
        return;
    }
    let files = fs::read_dir(folder.join(target)).expect("the target has a corpus");
    let mut count = 0;
    for file in files {
        let path = file.expect("an entry").path();
        let input = fs::read(&path).expect("a file");
        if std::panic::catch_unwind(|| body(&input)).is_err() {
            panic!("the input was {}", path.display());
        }
        count += 1;
    }
    assert!(count >= 20, "only {count} inputs");
    println!("{count} inputs of {target}");
}
