//! The classic layout in one process: two ends of ours, the lesson's C programs at either end, and
//! what can happen to the object. A C program is acted out on a raw mapping; the real ones are the
//! command's.

mod lesson; //  one end of ours beside one of the lesson's programs
mod object; //  the object: its size, mode and name
mod pair; //    two ends of ours, in two threads
mod roles; //   one writer and one reader at a time
