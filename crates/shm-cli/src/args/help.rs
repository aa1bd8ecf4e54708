//! What stands below the options in `--help`: examples, and what the exit status means.

pub(super) const EXIT_CODES: &str = "\
A duration D is written like 50us, 100ms or 2s.

Exit status:
  0    done, also if the program that reads the output has closed it
  1    failure
  2    usage
  3    no such object
  4    another process is the writer, or the reader
  5    permission
  6    the peer died, or messages were left untaken
  7    not a mailbox, or another layout or version
  8    message too large, or bad framing
  124  timed out
SIGINT, SIGTERM and SIGHUP leave the channel clean, then end the program as
signals do. Process 1 of a container exits with 128 plus the signal's number.
If SIGINT or SIGHUP is ignored when the program starts, it stays ignored.";

const SHM_EXAMPLES: &str = "\
Examples:
  Two terminals, in any order; lines typed in one appear in the other:
    shm reader orders
    shm writer orders

  What is there, and what waits in it:
    shm ls
    shm peek orders
";

const ENVIRONMENT: &str = "\
Environment:
  SHM_NAME    name of the object where writer, reader, stat and peek get none;
              without it shm-mailbox, or with --classic shm-file
  LC_ALL, LC_CTYPE, LANG
              shm ls shows only ASCII unless the first of these that is set
              says UTF-8
  NO_COLOR    usage errors have no colours if it is set";

/// Of the program as a whole.
pub(super) fn shm() -> String {
    format!("{SHM_EXAMPLES}\n{EXIT_CODES}\n\n{ENVIRONMENT}")
}

pub(super) const WRITER_EXAMPLES: &str = "\
Examples:
  Two terminals, in any order:
    shm reader orders
    shm writer orders

  A compressed tree, byte for byte
  (the other end: shm reader --raw backup | tar xz):
    tar cz . | shm writer --raw backup

  Leave two messages for a reader that starts later:
    shm writer --keep -m first -m second orders

  Wait at most 5 s for a reader to take the messages (exit 6 if none did):
    seq 3 | shm writer --drain 5s orders

  Talk to the lesson's C reader:
    shm writer --classic
";

pub(super) const READER_EXAMPLES: &str = "\
Examples:
  Two terminals, in any order:
    shm reader orders
    shm writer orders

  Take one message, and wait at most 2 s for it (exit 124 if none came):
    shm reader -c 1 --timeout 2s orders

  Serve one writer after another, one JSON object a message:
    shm reader --follow --json orders

  Any bytes at all, with their length
  (the other end: shm writer --length-delimited):
    shm reader --length-delimited orders > messages.bin

  Talk to the lesson's C writer:
    shm reader --classic
";

pub(super) const BENCH_EXAMPLES: &str = "\
Examples:
  Everything, in less than a minute:
    shm bench --quick

  Everything, the lesson's layout too, with a picture,
  in less than ten minutes:
    shm bench --classic --svg waiting.svg

  What sleeping costs when both processes share a core:
    shm bench --wait block,adaptive,yield --pin same

  Poll at intervals that you choose, for a spreadsheet:
    shm bench --wait poll --interval 50us,500us,5ms --csv > polls.csv

Run it on an idle machine. The benchmark checks itself: messages come at
random times, so with poll they wait half an interval on average. If they do
not, for an interval of 1 ms or more, the measurement is wrong, and the exit
status is 1.";
