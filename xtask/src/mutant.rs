//! Reads a mutant: a small change for the worse, and the test that must notice it.
//!
//! A mutant is a text file, `xtask/mutants/NAME.mutant`:
//!
//! ```text
//! breaks: a full mailbox takes one message too many
//! test: --package shm-mailbox --lib a_full_mailbox_refuses
//! file: crates/shm-mailbox/src/protocol.rs
//!      let queued = number - received;
//! -    if queued >= slots {
//! +    if queued > slots {
//! ```
//!
//! `test:` is what follows `cargo test`; `loom:` instead runs it under loom, in release mode. Below
//! `file:` comes a piece of a diff without line numbers: what starts with a blank or a minus must
//! occur in the file exactly once. A line `@@` starts another piece, a line `file:` another file.

/// A change for the worse.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Mutant {
    /// What no longer holds.
    pub(crate) breaks: String,
    /// The test that must fail.
    pub(crate) test: Test,
    /// What changes, in order.
    pub(crate) edits: Vec<Edit>,
}

/// The arguments of `cargo test` that run the test.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Test {
    /// Whether it runs under loom.
    pub(crate) loom: bool,
    /// What follows `cargo test`.
    pub(crate) arguments: Vec<String>,
}

/// A change in one place.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Edit {
    /// The file, from the workspace's root.
    pub(crate) file: String,
    /// Whole lines that are there.
    search: String,
    /// The lines that take their place.
    replace: String,
}

impl Mutant {
    /// Reads the text of a mutant's file.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut breaks = None;
        let mut test = None;
        let mut edits: Vec<Edit> = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let misplaced = || format!("line {number} is not part of a mutant: {line}");
            if let Some(file) = line.strip_prefix("file:") {
                edits.push(Edit {
                    file: file.trim().to_owned(),
                    ..Edit::default()
                });
            } else if let Some(edit) = edits.last_mut() {
                if line == "@@" {
                    let file = edit.file.clone();
                    edits.push(Edit {
                        file,
                        ..Edit::default()
                    });
                } else {
                    edit.add(line).ok_or_else(misplaced)?;
                }
            } else if let Some(words) = line.strip_prefix("breaks:") {
                breaks = Some(words.trim().to_owned());
            } else if let Some(words) = line.strip_prefix("test:") {
                test = Some(Test::new(false, words));
            } else if let Some(words) = line.strip_prefix("loom:") {
                test = Some(Test::new(true, words));
            } else if !line.trim().is_empty() {
                return Err(misplaced());
            }
        }
        let mutant = Self {
            breaks: breaks.ok_or("no line `breaks:`")?,
            test: test.ok_or("no line `test:` or `loom:`")?,
            edits,
        };
        if mutant.edits.is_empty() {
            return Err("no line `file:`".to_owned());
        }
        if mutant
            .edits
            .iter()
            .any(|edit| edit.search.is_empty() || edit.search == edit.replace)
        {
            return Err("a piece that changes nothing".to_owned());
        }
        Ok(mutant)
    }
}

impl Test {
    fn new(loom: bool, words: &str) -> Self {
        Self {
            loom,
            arguments: words.split_whitespace().map(str::to_owned).collect(),
        }
    }
}

impl Edit {
    /// Takes in one line of a piece; `None` if it is none.
    fn add(&mut self, line: &str) -> Option<()> {
        let mut put = |text: &str, search: bool, replace: bool| {
            for (wanted, side) in [(search, &mut self.search), (replace, &mut self.replace)] {
                if wanted {
                    side.push_str(text);
                    side.push('\n');
                }
            }
        };
        if line.is_empty() {
            // An editor may have removed the blank that stands for an empty line.
            put("", true, true);
        } else if let Some(text) = line.strip_prefix(' ') {
            put(text, true, true);
        } else if let Some(text) = line.strip_prefix('-') {
            put(text, true, false);
        } else {
            put(line.strip_prefix('+')?, false, true);
        }
        Some(())
    }

    /// `text` with the change made.
    pub(crate) fn apply(&self, text: &str) -> Result<String, String> {
        // A whole line starts where another ends.
        let starts: Vec<usize> = text
            .match_indices(self.search.as_str())
            .map(|(start, _)| start)
            .filter(|&start| start == 0 || text[..start].ends_with('\n'))
            .collect();
        match starts[..] {
            [start] => {
                let mut changed = text[..start].to_owned();
                changed.push_str(&self.replace);
                changed.push_str(&text[start + self.search.len()..]);
                Ok(changed)
            }
            _ => Err(format!(
                "{}: these lines occur {} times, not once:\n{}",
                self.file,
                starts.len(),
                self.search
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
breaks: the sum
test: --package demo --lib sums
file: src/lib.rs
 fn sum(a: u32, b: u32) -> u32 {
-    a + b
+    a - b
 }
";

    #[test]
    fn a_mutant_is_read_in_all_its_parts() {
        let mutant = Mutant::parse(TEXT).expect("it is well formed");
        assert_eq!(mutant.breaks, "the sum");
        assert!(!mutant.test.loom);
        assert_eq!(
            mutant.test.arguments,
            ["--package", "demo", "--lib", "sums"]
        );
        assert_eq!(mutant.edits.len(), 1);
        assert_eq!(mutant.edits[0].file, "src/lib.rs");
    }

    #[test]
    fn an_edit_replaces_whole_lines() {
        let mutant = Mutant::parse(TEXT).expect("it is well formed");
        let changed =
            mutant.edits[0].apply("// sums\nfn sum(a: u32, b: u32) -> u32 {\n    a + b\n}\n");
        assert_eq!(
            changed.as_deref(),
            Ok("// sums\nfn sum(a: u32, b: u32) -> u32 {\n    a - b\n}\n")
        );
    }

    #[test]
    fn lines_that_are_missing_or_not_unique_do_not_apply() {
        let mutant =
            Mutant::parse("breaks: x\ntest: y\nfile: f\n-one\n+two\n").expect("well formed");
        let edit = &mutant.edits[0];
        assert!(edit.apply("none\n").is_err());
        assert!(edit.apply("one\none\n").is_err());
        assert_eq!(edit.apply("one\nnone\n").as_deref(), Ok("two\nnone\n"));
    }

    #[test]
    fn several_places_can_change() {
        let text = "breaks: x\nloom: y\nfile: f\n-one\n+1\n@@\n-two\nfile: g\n-three\n";
        let mutant = Mutant::parse(text).expect("it is well formed");
        let files: Vec<_> = mutant.edits.iter().map(|edit| edit.file.as_str()).collect();
        assert_eq!(files, ["f", "f", "g"]);
        assert!(mutant.test.loom);
        assert_eq!(mutant.edits[1].apply("one\ntwo\n").as_deref(), Ok("one\n"));
    }

    #[test]
    fn what_is_no_mutant_is_refused() {
        for text in [
            "",
            "breaks: x\ntest: y\n",
            "test: y\nfile: f\n-a\n",
            "breaks: x\nfile: f\n-a\n",
            "breaks: x\ntest: y\nfile: f\n a\n",
            "breaks: x\ntest: y\nfile: f\n+a\n",
            "breaks: x\ntest: y\nfile: f\nunmarked\n",
            "reasons: x\n",
        ] {
            assert!(Mutant::parse(text).is_err(), "{text}");
        }
    }
}
