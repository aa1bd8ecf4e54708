//! The two bridges as real processes, between two mailboxes on this machine.

mod bridge {
    mod absent; //    no other bridge, a cut connection, a full mailbox
    mod buses; //     several destinations of one bus
    mod carrying; //  every message once, in order, also across kills
    mod liars; //     another program on the other side: a typed error, and no message taken
    mod pair; //      two mailboxes and the bridges between them
    mod relay; //     a connection that can be cut
    mod statuses; //  exit statuses and output of the programs
    mod streams; //   where a stream resumes, and what may replace it
}
