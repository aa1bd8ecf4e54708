//! Endpoints in tasks, with peers in other tasks and in other processes.

mod support;

mod buses; //          several senders and receivers of one bus
mod cancelling; //     futures dropped at each await
mod ending; //         peers that close, die, or come again; objects that are cut off
mod passing; //        order, room, acknowledging, many mailboxes, fairness
mod streaming; //      messages as a stream
mod without_bells; //  all of this once more, where the system has no bell
