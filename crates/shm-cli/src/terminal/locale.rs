//! Which characters the reader of the output can be shown.

use std::env;

/// Whether the locale says UTF-8; `C` and `POSIX`, which hold where nothing is said, do not.
pub(crate) fn is_utf8() -> bool {
    // In the order of locale(7); an empty variable says nothing.
    let variables = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter();
    let mut said = variables
        .filter_map(env::var_os)
        .filter(|value| !value.is_empty());
    said.next().is_some_and(|value| {
        let value = value.to_string_lossy().to_ascii_lowercase();
        value.contains("utf-8") || value.contains("utf8")
    })
}
