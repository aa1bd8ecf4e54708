//! The two bridges as real processes, between two mailboxes on this machine.

mod bridge {
    mod absent; //    no other bridge, a cut connection, a full mailbox
    mod buses; //     several destinations of one bus
    mod carrying; //  every message once, in order, also across kills
    mod ends; //      what may follow the end of a stream
    mod liars; //     another program at the other end: a typed error, and nothing is taken
    mod logs; //      what is said ever less often
    mod pair; //      two mailboxes and the bridges between them
    mod relay; //     a connection that can be cut
    mod statuses; //  exit statuses and output of the programs
    mod streams; //   where a stream resumes, and what may replace it
}
