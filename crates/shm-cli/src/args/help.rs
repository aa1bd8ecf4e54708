//! What stands below the options in `--help`: examples, and what the exit status means.

const EXIT_CODES: &str = "\
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

pub(super) fn writer() -> String {
    format!("{WRITER_EXAMPLES}\n{EXIT_CODES}")
}

pub(super) fn reader() -> String {
    format!("{READER_EXAMPLES}\n{EXIT_CODES}")
}

const WRITER_EXAMPLES: &str = "\
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

const READER_EXAMPLES: &str = "\
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

pub(super) const LS_EXAMPLES: &str = "\
Examples:
  Everything, mailboxes first:
    shm ls

  The mailboxes with neither writer nor reader:
    shm ls --stale

  For a script: names alone, or the columns that it needs:
    shm ls -q 'orders*' 'bills*'
    shm ls --no-headings -o name,queued

  The names of mailboxes with messages in them:
    shm ls --json | jq -r 'select(.mailbox.queued > 0).name'

  Every second, until Ctrl-C (watching disturbs nobody):
    watch -n 1 shm ls 'orders*'

A role is alive while its process lives, even if it is silent. A ? after a
process number means that only the process itself has given it. queued is
exact while no message is sent or received.";

pub(super) const STAT_EXAMPLES: &str = "\
Examples:
  Who holds it, how far it is, who has it open:
    shm stat orders

  One number for a monitor:
    shm stat --json orders | jq .mailbox.queued

  All that match:
    shm stat 'orders*'

Every object that can be shown is shown. If some cannot, each failure is
printed, and the first decides the exit status: 3 if the object does not
exist, 5 if this user may not read it.";

pub(super) const PEEK_EXAMPLES: &str = "\
Examples:
  The messages that wait in a mailbox; they stay there:
    shm peek orders

  The oldest one, with its number:
    shm peek --json -c 1 orders

The number, seq, counts from 0 since the mailbox was created. Peeking disturbs
neither the writer nor the reader. A message that a reader takes meanwhile is
left out.

Exit status:
  0    done, also if nothing is queued
  1    failure
  2    usage
  3    no such object
  5    permission
  7    not a mailbox, or a damaged one";

pub(super) const RM_EXAMPLES: &str = "\
Examples:
  One that is not in use:
    shm rm orders

  All that match and are not in use:
    shm rm 'orders*'

  What rm --stale would remove:
    shm rm --stale --dry-run

  Mailboxes with neither writer nor reader, and the messages in them:
    shm rm --stale --force

Exit status:
  0    done
  1    failure
  2    usage
  3    no such object
  4    in use
  5    permission
  7    no object

Every object that can be removed is removed. If some cannot, each failure is
printed, and the first decides the exit status.";

pub(super) const DOCTOR_EXAMPLES: &str = "\
Examples:
  Before a service is started, and when it does not come up:
    shm doctor

  For a monitor, what is not as it should be:
    shm doctor --json | jq -r 'select(.verdict != \"ok\").what'

It checks whether /dev/shm exists, is memory, may be written to, and has room
and inodes left. It checks the limits of this shell, and whether objects are
removed when sessions end. It looks for mailboxes with neither writer nor
reader, and for those that every user may use.

Exit status:
  0    no problem, though there may be warnings
  1    a problem";

pub(super) const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  bash:
    shm completions bash > ~/.local/share/bash-completion/completions/shm

  zsh, in a directory of $fpath:
    shm completions zsh > _shm

  fish:
    shm completions fish > ~/.config/fish/completions/shm.fish

With bash, zsh and fish also the names of objects are completed, by shm ls -q.";

pub(super) const MAN_EXAMPLES: &str = "\
Examples:
  Read a page:
    shm man writer | man -l -

  Install all pages:
    shm man --dir /usr/local/share/man/man1";
