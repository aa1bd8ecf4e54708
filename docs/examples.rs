//! The Rust examples of these pages, which `cargo test --doc` runs.

#[cfg(doctest)]
#[doc = include_str!("lesson.md")]
mod lesson {}
#[cfg(doctest)]
#[doc = include_str!("library.md")]
mod library {}
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
#[cfg(doctest)]
#[doc = include_str!("start.md")]
mod start {}
#[cfg(doctest)]
#[doc = include_str!("waiting.md")]
mod waiting {}
