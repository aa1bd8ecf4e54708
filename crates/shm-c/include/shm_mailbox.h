/*
 * shm_mailbox.h - messages of up to 1 KiB between processes, through POSIX
 * shared memory. C99 or later, or C++.
 *
 * The manual pages are made from this file. Comments that begin with a line of
 * hyphens begin a page.
 */
#ifndef SHM_MAILBOX_H
#define SHM_MAILBOX_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- shm_mailbox: pass messages between two processes ----
 *
 * A mailbox is one object in /dev/shm. One process opens it as the sender, one
 * as the receiver, in either order. The mailbox keeps each message, whole and
 * in order, until the receiver acknowledges it. A kill of either process, at
 * any moment, neither loses nor tears a message. The next process that opens
 * the same name continues where the last one stopped.
 *
 * Results: a function returns 0, or one of the negative values of enum
 * shm_error. After an error, shm_last_error() has a text that names the object
 * and says what to do. A call that fails has no other effect, unless its
 * description says so.
 *
 * Handles: shm_sender_open() and its like store a handle. It is valid until
 * the function that closes it, which sets your variable to NULL, so a second
 * close returns SHM_ERROR_NULL. Every call returns that for a handle that is
 * NULL. A handle that was copied, closed and used again is undefined
 * behaviour.
 *
 * Threads: each description has one of three rules. "Threads: any" means that
 * any thread may make the call at any time. "Threads: one at a time" means
 * that no other thread uses the same handle or list of handles during the
 * call. You may give a handle to another thread between two calls. Different
 * handles never affect each other. "Threads: any, and signal handlers" allows
 * the call also while another thread is in a call with the same handle.
 *
 * Forks: in a child of fork(2) the calls return SHM_ERROR_FORKED. Close the
 * handle there, and open the mailbox again.
 *
 * Time-outs: an int64_t in nanoseconds. SHM_NO_WAIT (0) returns without
 * waiting, and a negative number such as SHM_FOREVER sets no limit.
 *
 * Memory: opening allocates. Calls that carry a message allocate nothing.
 * Calls that fail may allocate, and free it before they return.
 */
#define SHM_MAX_MESSAGE 1024
#define SHM_FOREVER ((int64_t)-1)
#define SHM_NO_WAIT ((int64_t)0)

/* A sender. Its members are private. */
typedef struct shm_sender shm_sender;

/* A receiver. Its members are private. */
typedef struct shm_receiver shm_receiver;

/* ---- shm_error: what calls return ----
 *
 * Each kind of error has one number. A number never changes its meaning, and
 * later versions add numbers.
 */
enum shm_error {
  SHM_OK = 0,

  SHM_ERROR_NULL = -1,    /* a pointer is NULL, or the handle is closed */
  SHM_ERROR_OPTION = -2,  /* an argument or an option has no meaning */
  SHM_ERROR_DRAFT = -3,   /* a message is reserved, or none is */
  SHM_ERROR_UNKNOWN = -4, /* an error without a number of its own */

  /* Passing messages. */
  SHM_ERROR_FULL = -10,           /* all slots are taken */
  SHM_ERROR_EMPTY = -11,          /* there is no message */
  SHM_ERROR_TIMED_OUT = -12,      /* the time-out passed */
  SHM_ERROR_INTERRUPTED = -13,    /* the handle's interrupt flag was set */
  SHM_ERROR_TOO_LONG = -14,       /* over 1024 bytes, or 1023 in classic */
  SHM_ERROR_CLOSED = -15,         /* the peer closed: the end of the stream */
  SHM_ERROR_PEER_DIED = -16,      /* the peer was killed or crashed */
  SHM_ERROR_UNLINKED = -17,       /* the object has lost its name */
  SHM_ERROR_UNACKNOWLEDGED = -18, /* all slots hold messages already shown */
  SHM_ERROR_REATTACH = -19,       /* the next mailbox cannot be opened */
  SHM_ERROR_TRUNCATED = -20,      /* a process truncated the object; stays */
  SHM_ERROR_CORRUPT = -21,        /* a wrong value; stays, but for a lane */
  SHM_ERROR_EXHAUSTED = -22,      /* all 2^53 - 1 numbers are used up */
  SHM_ERROR_FORKED = -23,         /* the handle is the parent's */
  SHM_ERROR_NO_BYTES = -24,       /* classic: an empty message */
  SHM_ERROR_NUL = -25,            /* classic: a NUL in the message */
  SHM_ERROR_NO_NOTE = -26,        /* no sender has left a note */

  /* Opening. */
  SHM_ERROR_NAME = -30,          /* the name is not valid */
  SHM_ERROR_SLOTS = -31,         /* not a power of two from 1 to 65536 */
  SHM_ERROR_HOT_SLOTS = -32,     /* not a power of two up to the slots */
  SHM_ERROR_MODE = -33,          /* not permission bits with 0600 */
  SHM_ERROR_ROLE_TAKEN = -34,    /* another process has the role */
  SHM_ERROR_INIT_BUSY = -35,     /* a stopped process locks the object */
  SHM_ERROR_UNSTEADY = -36,      /* the name moves again and again */
  SHM_ERROR_NOT_A_MAILBOX = -37, /* the object is something else */
  SHM_ERROR_CLASSIC = -38,       /* the object has the classic layout */
  SHM_ERROR_OTHER_VERSION = -39, /* another version of the layout */
  SHM_ERROR_GEOMETRY = -40,      /* a mailbox of an unknown form */
  SHM_ERROR_OTHER_SLOTS = -41,   /* another number of slots */
  SHM_ERROR_FOREIGN = -42,       /* classic: the object has another size */
  SHM_ERROR_CANNOT_WAIT = -43,   /* classic: not with this enum shm_wait */

  /* Objects and the system. */
  SHM_ERROR_NOT_FOUND = -50,         /* the object does not exist */
  SHM_ERROR_EXISTS = -51,            /* the object exists already */
  SHM_ERROR_PERMISSION_DENIED = -52, /* the object may not be opened */
  SHM_ERROR_NOT_REGULAR = -53,       /* a directory, a FIFO, a link */
  SHM_ERROR_TOO_SMALL = -54,         /* the object has too few bytes */
  SHM_ERROR_FOREIGN_OWNER = -55,     /* the object is another user's */
  SHM_ERROR_OPEN_TO_OTHERS = -56,    /* others may write to the object */
  SHM_ERROR_NOT_IN_GROUP = -57,      /* this process is not in the group */
  SHM_ERROR_NO_INODES = -58,         /* /dev/shm takes no more names */
  SHM_ERROR_UNSUPPORTED = -59,       /* the system lacks a feature */
  SHM_ERROR_UNSTABLE = -60,          /* the object appears and vanishes */
  SHM_ERROR_NO_SPACE = -61,          /* /dev/shm is full */
  SHM_ERROR_TOO_LARGE = -62,         /* a limit on the size of files */
  SHM_ERROR_READ_ONLY = -63,         /* the object is open for reading only */
  SHM_ERROR_MAP = -64,               /* the object cannot be mapped */
  SHM_ERROR_VIEW = -65,              /* the memory cannot be used */
  SHM_ERROR_BELL_INSTANCES = -66,    /* too many inotify instances */
  SHM_ERROR_BELL_WATCHES = -67,      /* too many inotify watches */
  SHM_ERROR_BELL_PROC = -68,         /* /proc is not mounted */
  SHM_ERROR_BELL_DENIED = -69,       /* a filter forbids inotify */
  SHM_ERROR_SYSTEM = -70,            /* another system call failed */

  /* Removing, and waiting for several endpoints. */
  SHM_ERROR_IN_USE = -80,   /* a living process has a role */
  SHM_ERROR_MESSAGES = -81, /* the mailbox has messages */
  SHM_ERROR_TOO_MANY = -82, /* more than 64 endpoints */

  /* Buses. */
  SHM_ERROR_OTHER_KIND = -90,  /* a mailbox and not a bus, or vice versa */
  SHM_ERROR_SEATS = -91,       /* not 1 to 32 senders and receivers */
  SHM_ERROR_OTHER_SEATS = -92, /* room for another number of them */
  SHM_ERROR_LABEL = -93,       /* not 1 to 31 bytes of UTF-8 */
  SHM_ERROR_LABEL_TAKEN = -94, /* another process has the label */
  SHM_ERROR_NO_LABEL = -95,    /* the bus does not have the label */
  SHM_ERROR_NO_PLACE = -96,    /* no room for another sender or receiver */
  SHM_ERROR_HELD_BACK = -97,   /* kept for a receiver that is absent */
  SHM_ERROR_KEPT = -98         /* the bus keeps a place for a label */
};

/* Returns the text of the last call of this thread that failed, in UTF-8 and
 * at most 1023 bytes. It names the object, says what was expected and found,
 * and what to do next, as the messages of the shm command do. It is empty if
 * no call failed, and valid until the next call of this thread that fails.
 *
 * Threads: any.
 */
const char *shm_last_error(void);

/* Returns what an error means, in a few words that are valid for ever.
 *
 * Threads: any.
 */
const char *shm_error_text(int error);

/* Returns the name of an error in this header, such as "SHM_ERROR_FULL", or
 * "unknown".
 *
 * Threads: any.
 */
const char *shm_error_name(int error);

/* ---- shm_options: how to open an endpoint ----
 *
 * Begin with SHM_OPTIONS_INIT, and set what you need:
 *
 *     struct shm_options options = SHM_OPTIONS_INIT;
 *     options.slots = 1024;
 *
 * A member that is 0 has its default, and NULL instead of the structure
 * stands for all defaults.
 */
struct shm_options {
  size_t size;               /* sizeof(struct shm_options) */
  uint32_t slots;            /* messages that a new mailbox has room for, a
                                power of two to 65536; 64. An existing mailbox
                                has to have at least as many */
  uint32_t hot_slots;        /* slots of a new mailbox that stay in caches; 8 */
  uint32_t mode;             /* permission bits of a new object; 0600, or 0660
                                with SHM_GROUP */
  uint32_t group;            /* with SHM_GROUP: the group's number */
  uint32_t flags;            /* of enum shm_flag */
  uint32_t batch;            /* messages that one shm_recv_batch() returns at
                                most, 1 to 65536; 16. Takes 1088 bytes each */
  int wait;                  /* one of enum shm_wait */
  int reserved;              /* 0 */
  uint64_t interval_ns;      /* with SHM_WAIT_POLL, and in classic: the time
                                between two checks in nanoseconds; 100 ms */
  int64_t attach_timeout_ns; /* how long to try while another process has the
                                role, in nanoseconds; 500 ms. Negative: once */
  int kind;                  /* SHM_KIND_MAILBOX or SHM_KIND_BUS; a mailbox.
                                The next four are for a bus, see shm_bus(3) */
  int join;                  /* one of enum shm_join */
  uint32_t senders;          /* senders that a new bus has room for, 1 to 32;
                                1. An existing bus must have at least as many */
  uint32_t receivers;        /* like `senders`, for receivers; 8 */
  const char *label;         /* 1 to 31 bytes of UTF-8; NULL: no label */
};
#define SHM_OPTIONS_INIT \
  { sizeof(struct shm_options), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/* The bits of `flags`. */
enum shm_flag {
  SHM_EXACT = 1,      /* an existing mailbox must have exactly these slots */
  SHM_ANY_SLOTS = 2,  /* an existing mailbox may have any number of slots */
  SHM_NO_CREATE = 4,  /* fail if the mailbox does not exist */
  SHM_ANY_OWNER = 8,  /* use an object of another user */
  SHM_GROUP = 16,     /* share the mailbox with `group`; for both endpoints */
  SHM_PROMPT = 32,    /* learn of the peer's death at once while asleep */
  SHM_AWAIT_PEER = 64 /* wait for the next peer, not SHM_ERROR_CLOSED */
};

/* The values of `wait`: what an endpoint does until its peer has acted. */
enum shm_wait {
  SHM_WAIT_DEFAULT = 0, /* ADAPTIVE, and BLOCK in classic */
  SHM_WAIT_SPIN = 1,    /* check without a break: lowest latency, one core */
  SHM_WAIT_YIELD = 2,   /* give the core away between checks */
  SHM_WAIT_POLL = 3,    /* sleep for `interval_ns` between checks */
  SHM_WAIT_BACKOFF = 4, /* spin, then yield */
  SHM_WAIT_BLOCK = 5,   /* sleep until the peer wakes this process */
  SHM_WAIT_BELL = 6,    /* BLOCK, and learn of the peer's death at once */
  SHM_WAIT_ADAPTIVE = 7 /* spin for as long as a wake-up takes, then BLOCK */
};

/* The values of `join`: what a receiver of a bus gets first, if no receiver
 * had its label before. */
enum shm_join {
  SHM_JOIN_NEXT = 0,  /* the next message that is sent */
  SHM_JOIN_OLDEST = 1 /* the oldest message that the bus holds */
};

/* ---- shm_sender: send messages ----
 *
 * A mailbox has one sender at a time. What it has sent stays in the mailbox
 * until a receiver has acknowledged it, also after the sender has left.
 */

/* Opens the mailbox `name` as its sender, and creates it if it does not exist.
 * The name has 1 to 255 bytes of UTF-8 after an optional slash. `*sender` is
 * NULL after an error.
 *
 * Errors: SHM_ERROR_ROLE_TAKEN if a living process is the sender, all others
 * from SHM_ERROR_NAME to SHM_ERROR_SYSTEM, and from SHM_ERROR_OTHER_KIND to
 * SHM_ERROR_NO_PLACE. Threads: any.
 */
int shm_sender_open(shm_sender **sender, const char *name,
                    const struct shm_options *options);

/* Opens both endpoints of a new mailbox without a name, for tests and for two
 * threads. The two handles share one interrupt flag. A bus has no pair.
 *
 * Errors: as shm_sender_open(). Threads: any.
 */
int shm_pair(shm_sender **sender, shm_receiver **receiver,
             const struct shm_options *options);

/* Sends `length` bytes, 0 to 1024, and waits for room without limit.
 *
 * Errors: SHM_ERROR_TOO_LONG. If the mailbox is full: SHM_ERROR_CLOSED or
 * SHM_ERROR_PEER_DIED if the receiver has left, SHM_ERROR_HELD_BACK on a bus,
 * SHM_ERROR_INTERRUPTED, SHM_ERROR_UNLINKED. At any time:
 * SHM_ERROR_TRUNCATED, SHM_ERROR_CORRUPT, SHM_ERROR_FORKED,
 * SHM_ERROR_EXHAUSTED, and SHM_ERROR_DRAFT if a message is reserved. Threads:
 * one at a time.
 */
int shm_send(shm_sender *sender, const void *data, size_t length);

/* Sends as shm_send() does if there is room.
 *
 * Errors: SHM_ERROR_FULL, and those of shm_send(). Threads: one at a time.
 */
int shm_try_send(shm_sender *sender, const void *data, size_t length);

/* Sends as shm_send() does, and waits for room for `timeout_ns` nanoseconds.
 * SHM_NO_WAIT makes it shm_try_send().
 *
 * Errors: SHM_ERROR_TIMED_OUT, and those of shm_send(). Threads: one at a
 * time.
 */
int shm_send_within(shm_sender *sender, const void *data, size_t length,
                    int64_t timeout_ns);

/* A message of a batch: `length` bytes, 0 to 1024, at `data`. */
struct shm_bytes {
  const void *data;
  size_t length;
};

/* Sends `count` messages in order, with one check and one wake-up each time
 * there is room, within `timeout_ns` nanoseconds in all. `*sent` is how many
 * were sent, also after an error. SHM_NO_WAIT sends those that there is room
 * for, and succeeds if that is at least one.
 *
 * Errors: as shm_send_within(). A message that is too long is found before the
 * first is sent. Threads: one at a time.
 */
int shm_send_batch(shm_sender *sender, const struct shm_bytes *messages,
                   size_t count, size_t *sent, int64_t timeout_ns);

/* Reserves the next slot, and waits for room for `timeout_ns` nanoseconds.
 * Then write the message in the slot with shm_append(), which saves a copy.
 * The receiver sees nothing before shm_commit(). Until shm_commit() or
 * shm_discard(), the other calls with this handle, except shm_sender_close(),
 * return SHM_ERROR_DRAFT.
 *
 * Errors: as shm_send_within(). Threads: one at a time.
 */
int shm_reserve(shm_sender *sender, int64_t timeout_ns);

/* Appends all of `length` bytes to the reserved message, or none.
 *
 * Errors: SHM_ERROR_TOO_LONG if the message would have more than 1024 bytes,
 * SHM_ERROR_DRAFT if no message is reserved, SHM_ERROR_FORKED. Threads: one at
 * a time.
 */
int shm_append(shm_sender *sender, const void *data, size_t length);

/* Sends the reserved message. It is no longer reserved, also after an error.
 *
 * Errors: SHM_ERROR_DRAFT if no message is reserved, SHM_ERROR_TRUNCATED,
 * SHM_ERROR_FORKED. Threads: one at a time.
 */
int shm_commit(shm_sender *sender);

/* Gives the reserved slot back. Nothing is sent.
 *
 * Errors: SHM_ERROR_DRAFT if no message is reserved. Threads: one at a time.
 */
int shm_discard(shm_sender *sender);

/* Waits for `timeout_ns` nanoseconds until all messages are acknowledged.
 *
 * Errors: SHM_ERROR_TIMED_OUT, also with SHM_NO_WAIT. If messages are left:
 * SHM_ERROR_CLOSED or SHM_ERROR_PEER_DIED if the receiver has left,
 * SHM_ERROR_HELD_BACK on a bus, SHM_ERROR_INTERRUPTED, SHM_ERROR_UNLINKED.
 * Threads: one at a time.
 */
int shm_drain(shm_sender *sender, int64_t timeout_ns);

/* Stores the note: three words that a sender leaves for the next sender of the
 * object, or on a bus of the lane. A note outlives its sender.
 *
 * Errors: SHM_ERROR_NO_NOTE if no sender wrote one, or one was killed while it
 * did. Threads: one at a time.
 */
int shm_sender_note(shm_sender *sender, uint64_t words[3]);

/* Writes the note, for this sender and the next. A sender that is killed in
 * this call leaves the former note, the new note, or none.
 *
 * Errors: SHM_ERROR_TRUNCATED, SHM_ERROR_CORRUPT, SHM_ERROR_FORKED. Threads:
 * one at a time.
 */
int shm_sender_set_note(shm_sender *sender, const uint64_t words[3]);

/* What shm_sender_close() does with the mailbox. */
enum shm_leave {
  SHM_LEAVE_CLOSE = 0, /* end the stream, unlink an empty object */
  SHM_LEAVE_KEEP = 1,  /* end the stream, and leave the object */
  SHM_LEAVE_ABORT = 2  /* as if the process had died: SHM_ERROR_PEER_DIED */
};
#define SHM_REMOVED UINT64_MAX

/* Closes the sender, frees the handle, and sets `*sender` to NULL. `how` is
 * one of enum shm_leave. The receiver gets SHM_ERROR_CLOSED once it has
 * received everything. `*left`, unless `left` is NULL, is the number of
 * messages that stay in the object, or SHM_REMOVED if the object was unlinked.
 * A message that is reserved is discarded.
 *
 * Errors: SHM_ERROR_INIT_BUSY, SHM_ERROR_TRUNCATED, SHM_ERROR_FORKED,
 * SHM_ERROR_SYSTEM: the handle is freed, and the role with it, but the object
 * stays. SHM_ERROR_OPTION: nothing was done. Threads: one at a time.
 */
int shm_sender_close(shm_sender **sender, int how, uint64_t *left);

/* ---- shm_receiver: receive messages ----
 *
 * A mailbox has one receiver at a time. shm_recv() acknowledges a message at
 * once: a receiver that is killed before it has processed the message has lost
 * it. shm_peek() shows messages, and shm_ack() acknowledges those shown. A
 * receiver that is killed between the two gets the same messages again, with
 * the same numbers.
 */

/* A received message. `data` is in the handle, and valid until the next call
 * with this handle that receives, peeks or closes. */
struct shm_message {
  const unsigned char *data;
  size_t length;   /* 0 to 1024 */
  uint64_t number; /* from 0 since the mailbox was created; on a bus, of its
                      lane */
  uint32_t lane;   /* on a bus: the lane of its sender, from 0 */
};

/* Opens the mailbox `name` as its receiver, and creates it if it does not
 * exist. `*receiver` is NULL after an error.
 *
 * Errors: as shm_sender_open(). Threads: any.
 */
int shm_receiver_open(shm_receiver **receiver, const char *name,
                      const struct shm_options *options);

/* Waits for the next message without limit, takes and acknowledges it.
 *
 * Errors: SHM_ERROR_CLOSED or SHM_ERROR_PEER_DIED if the sender has left and
 * everything it sent was received, SHM_ERROR_UNACKNOWLEDGED,
 * SHM_ERROR_INTERRUPTED, SHM_ERROR_UNLINKED, SHM_ERROR_REATTACH,
 * SHM_ERROR_TRUNCATED, SHM_ERROR_CORRUPT, SHM_ERROR_FORKED. `*message` is then
 * as it was. Threads: one at a time.
 */
int shm_recv(shm_receiver *receiver, struct shm_message *message);

/* Receives as shm_recv() does if there is a message.
 *
 * Errors: SHM_ERROR_EMPTY, and those of shm_recv(). Threads: one at a time.
 */
int shm_try_recv(shm_receiver *receiver, struct shm_message *message);

/* Receives as shm_recv() does, and waits for `timeout_ns` nanoseconds.
 * SHM_NO_WAIT makes it shm_try_recv().
 *
 * Errors: SHM_ERROR_TIMED_OUT, and those of shm_recv(). Threads: one at a
 * time.
 */
int shm_recv_within(shm_receiver *receiver, struct shm_message *message,
                    int64_t timeout_ns);

/* Waits for a message for `timeout_ns` nanoseconds, takes as many as there
 * are, at most `count` and the option `batch`, and acknowledges all.
 * `*received` is how many.
 *
 * Errors: as shm_recv_within(). An error after the first message is left for
 * the next call. Threads: one at a time.
 */
int shm_recv_batch(shm_receiver *receiver, struct shm_message *messages,
                   size_t count, size_t *received, int64_t timeout_ns);

/* Waits for the next message that was not shown, and shows it.
 *
 * Errors: as shm_recv(). Threads: one at a time.
 */
int shm_peek(shm_receiver *receiver, struct shm_message *message);

/* Shows the next message that was not shown, if there is one.
 *
 * Errors: as shm_try_recv(). Threads: one at a time.
 */
int shm_try_peek(shm_receiver *receiver, struct shm_message *message);

/* Shows a message as shm_peek() does, and waits for `timeout_ns` nanoseconds.
 * SHM_NO_WAIT makes it shm_try_peek().
 *
 * Errors: as shm_recv_within(). Threads: one at a time.
 */
int shm_peek_within(shm_receiver *receiver, struct shm_message *message,
                    int64_t timeout_ns);

/* Acknowledges every message shown so far, and so frees their slots.
 *
 * Errors: SHM_ERROR_TRUNCATED, SHM_ERROR_CORRUPT, SHM_ERROR_FORKED. Threads:
 * one at a time.
 */
int shm_ack(shm_receiver *receiver);

/* Acknowledges the messages of `lane` (0 in a mailbox) that were shown, up to
 * the one with number `sequence`.
 *
 * Does nothing if no such message was shown. Errors: as shm_ack(). Threads: one
 * at a time.
 */
int shm_ack_through(shm_receiver *receiver, uint32_t lane, uint64_t sequence);

/* Shows the messages again that were shown and not acknowledged, from the
 * first.
 *
 * Errors: SHM_ERROR_NULL alone. Threads: one at a time.
 */
int shm_rewind(shm_receiver *receiver);

/* Closes the receiver, frees the handle, and sets `*receiver` to NULL.
 * Messages that were not acknowledged stay in the mailbox. `*left` is as in
 * shm_sender_close(), and `left` may be NULL.
 *
 * Errors: as shm_sender_close(). Threads: one at a time.
 */
int shm_receiver_close(shm_receiver **receiver, uint64_t *left);

/* ---- shm_bus: pass messages between several processes ----
 *
 * A bus has up to 32 senders and up to 32 receivers, and every receiver gets
 * every message of every sender. The functions are those of a mailbox. Set
 * `kind` in the options of both:
 *
 *     struct shm_options options = SHM_OPTIONS_INIT;
 *     options.kind = SHM_KIND_BUS;
 *     options.senders = 4;
 *     options.label = "billing";
 *
 * Each sender has a lane with its own `slots`, and each receiver has a place.
 * The messages of a lane are numbered from 0 and come in order. Between two
 * lanes there is no order.
 *
 * A receiver counts from the moment it opens: no sender overwrites a message
 * that it has not acknowledged. If a receiver without a label dies, the senders
 * drop it. A receiver with a label keeps its place and messages until a process
 * opens that label again or forgets it. A label reserves a sender's lane in the
 * same way.
 *
 * A stopped or slow receiver holds a sender back when the sender's lane is
 * full, and shm_sender_places() shows which receiver it is. If that receiver
 * has a label and is absent while others are attached, shm_send() returns
 * SHM_ERROR_HELD_BACK. With SHM_AWAIT_PEER it waits instead.
 *
 * The functions of this section return SHM_ERROR_OTHER_KIND for a mailbox.
 */
#define SHM_MAX_SEATS 32

/* Stores the lane of the sender, 0 to 31.
 *
 * Errors: SHM_ERROR_OTHER_KIND, SHM_ERROR_DRAFT. Threads: one at a time.
 */
int shm_sender_lane(shm_sender *sender, uint32_t *lane);

/* Stores the place of the receiver, 0 to 31.
 *
 * Errors: SHM_ERROR_OTHER_KIND. Threads: one at a time.
 */
int shm_receiver_place(shm_receiver *receiver, uint32_t *place);

/* Closes the sender as shm_sender_close() does with SHM_LEAVE_CLOSE, and
 * removes the label from its lane. Then any sender may take the lane.
 *
 * Errors: as shm_sender_close(). SHM_ERROR_OTHER_KIND: nothing was done.
 * Threads: one at a time.
 */
int shm_sender_forget(shm_sender **sender, uint64_t *left);

/* Closes the receiver as shm_receiver_close() does, and removes the label from
 * its place. The bus no longer keeps messages for it.
 *
 * Errors: as shm_receiver_close(). SHM_ERROR_OTHER_KIND: nothing was done.
 * Threads: one at a time.
 */
int shm_receiver_forget(shm_receiver **receiver, uint64_t *left);

/* Removes `label` from its place and its lane on the bus `name`, for a process
 * that does not return. Neither may be in use. `left` may be NULL; it is set as
 * by shm_sender_close().
 *
 * Errors: SHM_ERROR_NO_LABEL, SHM_ERROR_LABEL_TAKEN (the free seat is forgotten
 * anyway), and those of opening and closing an endpoint. Threads: any.
 */
int shm_forget(const char *name, const char *label, uint64_t *left);

/* ---- shm_interrupt: end a wait ----
 *
 * Each handle has a flag. While it is set, calls that would wait return
 * SHM_ERROR_INTERRUPTED. Calls that find a message or room still succeed, and
 * those that never wait do not look at the flag.
 */

/* Sets the sender's flag if `on` is not 0, and clears it otherwise. A call
 * that sleeps ends at once if a signal has interrupted its own thread, and
 * within 100 ms otherwise. Does nothing if the handle is NULL.
 *
 * Threads: any, and signal handlers; not after shm_sender_close().
 */
void shm_sender_interrupt(shm_sender *sender, int on);

/* Sets or clears the receiver's flag, as shm_sender_interrupt() does.
 *
 * Threads: any, and signal handlers; not after shm_receiver_close().
 */
void shm_receiver_interrupt(shm_receiver *receiver, int on);

/* ---- shm_bell: wait in an event loop ----
 *
 * A bell is a descriptor for poll(2) and epoll(7). First arm the endpoint,
 * which says for how long to wait, then wait, and arm again:
 *
 *     struct pollfd bell = { fd, POLLIN, 0 };
 *     int timeout;
 *     while ((error = shm_receiver_arm(receiver, &timeout)) == 0) {
 *       if (timeout != 0) poll(&bell, 1, timeout);
 *       else while (shm_try_recv(receiver, &message) == 0) use(&message);
 *     }
 *
 * The endpoint reads from the descriptor. You only wait for it.
 */

/* Stores the descriptor of the receiver's bell, which is the same in each call
 * and closed with the handle. It becomes readable when a message comes and
 * when the sender closes or dies.
 *
 * Errors: SHM_ERROR_BELL_INSTANCES to SHM_ERROR_SYSTEM say what the system
 * lacks; `*descriptor` is then -1. Threads: one at a time.
 */
int shm_receiver_bell(shm_receiver *receiver, int *descriptor);

/* Prepares to wait for a message by the bell. `*timeout_ms` is what to give
 * poll(2): 0 if there may be a message now, so call shm_try_recv() until it is
 * empty; -1 to wait without limit; or at most so many milliseconds. After the
 * wait, arm again before anything else.
 *
 * Errors: those of shm_recv() and of shm_receiver_bell(). Threads: one at a
 * time.
 */
int shm_receiver_arm(shm_receiver *receiver, int *timeout_ms);

/* Stores the descriptor of the sender's bell, as shm_receiver_bell() does. It
 * becomes readable when a message is acknowledged and when the receiver closes
 * or dies.
 *
 * Errors: as shm_receiver_bell(). Threads: one at a time.
 */
int shm_sender_bell(shm_sender *sender, int *descriptor);

/* Prepares to wait for room by the bell, as shm_receiver_arm() does. If it
 * stores 0, call shm_try_send().
 *
 * Errors: those of shm_send() and of shm_sender_bell(). Threads: one at a
 * time.
 */
int shm_sender_arm(shm_sender *sender, int *timeout_ms);

/* Prepares to wait by the bell until all messages are acknowledged. They are
 * if it stores 0 and shm_sender_state() shows none queued.
 *
 * Errors: those of shm_drain() and of shm_sender_bell(). Threads: one at a
 * time.
 */
int shm_sender_arm_drain(shm_sender *sender, int *timeout_ms);

/* An endpoint for shm_select(): one of the two is NULL. */
struct shm_end {
  shm_sender *sender;
  shm_receiver *receiver;
};

/* Waits for `timeout_ns` nanoseconds until one of up to 64 endpoints is ready:
 * a receiver that has a message, a sender that has room, or either with an
 * error. Stores its place in the list, from 0, in `*ready`. The next call
 * begins with the endpoint after the place that it finds in `*ready`, so keep
 * it, and begin with SIZE_MAX. Allocates memory and frees it.
 *
 * Errors: SHM_ERROR_TIMED_OUT, SHM_ERROR_INTERRUPTED after a signal,
 * SHM_ERROR_TOO_MANY, SHM_ERROR_OPTION, SHM_ERROR_DRAFT, and those of
 * shm_receiver_bell(). `*ready` is then as it was. Threads: one at a time.
 */
int shm_select(const struct shm_end *ends, size_t count, size_t *ready,
               int64_t timeout_ns);

/* ---- shm_observe: look at a mailbox or a bus ----
 *
 * The functions take the size of the structure, so that a later version of the
 * library can fill a longer one.
 */

/* What is known of a process that has or had a role. */
enum shm_peer {
  SHM_PEER_NEVER_SEEN = 0, /* no process ever had the role */
  SHM_PEER_ATTACHED = 1,   /* a living process has it, maybe a stopped one */
  SHM_PEER_CLOSED = 2,     /* the last one closed */
  SHM_PEER_DIED = 3,       /* the last one was killed or crashed */
  SHM_PEER_OTHER = 4       /* a state that this version has no number for */
};

/* What an endpoint knows. */
struct shm_state {
  uint64_t count;       /* messages sent to, or acknowledged from, the mailbox
                           since it was created: the next number. For a
                           receiver of a bus, the sum of all lanes */
  uint64_t queued;      /* messages that are not acknowledged */
  uint32_t slots;       /* messages that the mailbox, or lane, has room for */
  int peer;             /* one of enum shm_peer; on a bus SHM_PEER_ATTACHED if
                           any peer is attached */
  int created;          /* 1 if this endpoint created the mailbox */
  int reserved;         /* 0 */
  unsigned char id[16]; /* random: each new mailbox has another */
  char name[256];       /* without a slash */
};

/* Stores what the sender knows. `size` is sizeof(struct shm_state).
 *
 * Errors: SHM_ERROR_OPTION if the size is too small, SHM_ERROR_SYSTEM.
 * Threads: one at a time.
 */
int shm_sender_state(shm_sender *sender, struct shm_state *state, size_t size);

/* Stores what the receiver knows, as shm_sender_state() does.
 *
 * Errors: as shm_sender_state(). Threads: one at a time.
 */
int shm_receiver_state(shm_receiver *receiver, struct shm_state *state,
                       size_t size);

/* What an object is. */
enum shm_kind {
  SHM_KIND_FOREIGN = 0, /* something else */
  SHM_KIND_MAILBOX = 1,
  SHM_KIND_CLASSIC = 2, /* an object of the original C programs */
  SHM_KIND_BUS = 3
};

/* One endpoint of a mailbox or a bus. */
struct shm_side {
  uint64_t epoch; /* how many processes have had the role */
  uint32_t pid;   /* of the last one, as it stated; for display only */
  int peer;       /* one of enum shm_peer */
  int parked;     /* 1 if it sleeps or is about to */
  int fences;     /* 1 if it fences for both sides before it sleeps */
};

/* An object at one moment. Only the first member counts if the object is
 * something else, and in classic also `peer` of both sides and `flag`. Of a
 * bus, `sender` and `receiver` do not count, nor does the note, and `sent`,
 * `received` and `queued` are those of the lane with the most messages queued.
 */
struct shm_snapshot {
  int kind;          /* one of enum shm_kind */
  uint32_t version;  /* of the layout */
  uint32_t slots;    /* messages that it has room for */
  uint32_t hot_slots;
  uint64_t sent;     /* messages since it was created */
  uint64_t received; /* of these, those that were acknowledged */
  uint64_t queued;   /* of these, those that were not */
  struct shm_side sender;
  struct shm_side receiver;
  int changing;         /* 1 while a process opens, closes or removes it */
  int flag;             /* classic: clr2send */
  unsigned char id[16]; /* as in struct shm_state */
  uint32_t senders;     /* that it has room for: 1, or more on a bus */
  uint32_t receivers;
  uint64_t note[3];     /* of the sender, if `has_note` is 1 */
  int has_note;
  int reserved;         /* 0 */
};

/* Stores what the object `name` holds, without opening an endpoint. `size` is
 * sizeof(struct shm_snapshot).
 *
 * Errors: SHM_ERROR_NAME to SHM_ERROR_SYSTEM, and SHM_ERROR_OPTION if the size
 * is too small. Threads: any.
 */
int shm_observe(const char *name, struct shm_snapshot *snapshot, size_t size);

/* A lane of a bus: the messages of one sender. */
struct shm_lane {
  uint64_t sent;          /* messages since the bus was created */
  uint64_t received;      /* of these, those that all receivers that count have
                             acknowledged; in shm_receiver_lanes() those that
                             this receiver has acknowledged */
  uint64_t queued;        /* of `sent`, those not in `received` */
  uint64_t note[3];       /* the sender's, if `has_note` is 1 */
  struct shm_side sender; /* the present or last sender of the lane */
  uint32_t lane;          /* its number, from 0 */
  int has_note;
  int corrupt;            /* 1 if the calling receiver found a wrong value in
                             the lane, and has skipped it since */
  int reserved;           /* 0 */
  char label[32];         /* of the sender; empty if it has none */
};

/* A place of a bus: one receiver. */
struct shm_place {
  uint64_t behind;          /* messages that it has not acknowledged, in the
                               lane of the calling sender, or in the lane
                               with the most */
  struct shm_side receiver; /* the present or last receiver at the place */
  uint32_t place;           /* its number, from 0 */
  int counts;               /* 1 if the bus holds its messages for it */
  int kept;                 /* 1 if the bus keeps them for the label of an
                               absent receiver */
  int holds_back;           /* 1 if such a lane is full, so that the sender
                               waits for this receiver */
  char label[32];           /* empty if it has none */
};

/* Stores the receivers of a bus that count, as the sender sees them. `places`
 * has `count` structures of `size` bytes, sizeof(struct shm_place). `*found`
 * is how many receivers there are, at most SHM_MAX_SEATS. If that is more than
 * `count`, the first are stored. Allocates memory and frees it.
 *
 * Errors: SHM_ERROR_OTHER_KIND, SHM_ERROR_DRAFT, SHM_ERROR_OPTION if the size
 * is too small, SHM_ERROR_SYSTEM. `*found` is then 0. Threads: one at a time.
 */
int shm_sender_places(shm_sender *sender, struct shm_place *places,
                      size_t size, size_t count, size_t *found);

/* Stores the lanes of a bus that were ever taken, as the receiver sees them,
 * in `count` structures of sizeof(struct shm_lane) bytes. It stores and counts
 * as shm_sender_places() does.
 *
 * Errors: as shm_sender_places(). Threads: one at a time.
 */
int shm_receiver_lanes(shm_receiver *receiver, struct shm_lane *lanes,
                       size_t size, size_t count, size_t *found);

/* Stores the lanes of the bus `name` that were ever taken, without opening an
 * endpoint, as shm_receiver_lanes() does.
 *
 * Errors: as shm_observe(), and SHM_ERROR_OTHER_KIND. Threads: any.
 */
int shm_observe_lanes(const char *name, struct shm_lane *lanes, size_t size,
                      size_t count, size_t *found);

/* Stores the places of the bus `name` that count or were ever taken, without
 * opening an endpoint, as shm_sender_places() does.
 *
 * Errors: as shm_observe(), and SHM_ERROR_OTHER_KIND. Threads: any.
 */
int shm_observe_places(const char *name, struct shm_place *places, size_t size,
                       size_t count, size_t *found);

/* When shm_remove() removes an object. */
enum shm_removal {
  SHM_REMOVE_STALE = 0,               /* no process, message or kept place */
  SHM_REMOVE_STALE_WITH_MESSAGES = 1, /* a mailbox without process */
  SHM_REMOVE_UNUSED = 2,              /* any object without known processes */
  SHM_REMOVE_ANY = 3                  /* any object, also in use */
};

/* Removes the object `name` on one of the conditions of enum shm_removal.
 *
 * Errors: SHM_ERROR_IN_USE, SHM_ERROR_MESSAGES, SHM_ERROR_KEPT,
 * SHM_ERROR_NOT_A_MAILBOX, SHM_ERROR_INIT_BUSY, SHM_ERROR_NOT_FOUND, and those
 * of opening an object.
 * Threads: any.
 */
int shm_remove(const char *name, int condition);

/* ---- shm_classic: speak to the original C programs ----
 *
 * The classic layout is a structure of 1028 bytes: a flag and one line of
 * text. Use it to speak to programs that have it. A message has 1 to 1023
 * bytes without NUL, and waits for a request of the reader. Of the options,
 * `wait`, `interval_ns`, `attach_timeout_ns` and SHM_ANY_OWNER apply, and the
 * others are SHM_ERROR_OPTION.
 */
#define SHM_CLASSIC_NAME "shm-file"
#define SHM_CLASSIC_MAX_MESSAGE 1023

/* A writer of the classic layout. Its members are private. */
typedef struct shm_writer shm_writer;

/* A reader of the classic layout. Its members are private. */
typedef struct shm_reader shm_reader;

/* Opens the object `name` as its writer, and creates it if it does not exist.
 *
 * Errors: as shm_sender_open(), SHM_ERROR_FOREIGN, SHM_ERROR_CANNOT_WAIT.
 * Threads: any.
 */
int shm_writer_open(shm_writer **writer, const char *name,
                    const struct shm_options *options);

/* Waits for a request for `timeout_ns` nanoseconds, and hands a message over.
 *
 * Errors: SHM_ERROR_NO_BYTES, SHM_ERROR_NUL, SHM_ERROR_TOO_LONG,
 * SHM_ERROR_TIMED_OUT, SHM_ERROR_INTERRUPTED, SHM_ERROR_UNLINKED,
 * SHM_ERROR_TRUNCATED, SHM_ERROR_FORKED. Threads: one at a time.
 */
int shm_writer_send(shm_writer *writer, const void *data, size_t length,
                    int64_t timeout_ns);

/* Waits for `timeout_ns` nanoseconds until the reader has the last message.
 *
 * Errors: SHM_ERROR_TIMED_OUT, SHM_ERROR_INTERRUPTED, SHM_ERROR_UNLINKED,
 * SHM_ERROR_TRUNCATED. Threads: one at a time.
 */
int shm_writer_drain(shm_writer *writer, int64_t timeout_ns);

/* Sets or clears the writer's flag, as shm_sender_interrupt() does.
 *
 * Threads: any, and signal handlers; not after shm_writer_close().
 */
void shm_writer_interrupt(shm_writer *writer, int on);

/* Unlinks the object, unless `keep` is not 0, frees the handle, and sets
 * `*writer` to NULL.
 *
 * Errors: SHM_ERROR_INIT_BUSY, SHM_ERROR_FORKED, SHM_ERROR_SYSTEM: the handle
 * is freed, but the object stays. Threads: one at a time.
 */
int shm_writer_close(shm_writer **writer, int keep);

/* Opens the object `name` as its reader. It has to exist.
 *
 * Errors: as shm_writer_open(), and SHM_ERROR_NOT_FOUND. Threads: any.
 */
int shm_reader_open(shm_reader **reader, const char *name,
                    const struct shm_options *options);

/* Requests the next message, and waits for it for `timeout_ns` nanoseconds.
 * The request remains after a time-out. Numbers count from 0 since the reader
 * was opened.
 *
 * Errors: SHM_ERROR_UNLINKED at the end of the stream, SHM_ERROR_TIMED_OUT,
 * SHM_ERROR_INTERRUPTED, SHM_ERROR_TRUNCATED, SHM_ERROR_FORKED. Threads: one
 * at a time.
 */
int shm_reader_recv(shm_reader *reader, struct shm_message *message,
                    int64_t timeout_ns);

/* Marks the last message as taken without requesting the next.
 *
 * Errors: SHM_ERROR_TRUNCATED, SHM_ERROR_FORKED. Threads: one at a time.
 */
int shm_reader_taken(shm_reader *reader);

/* Takes the request back. If a message came at that moment, here it is.
 *
 * Errors: SHM_ERROR_EMPTY if none came, SHM_ERROR_TRUNCATED, SHM_ERROR_FORKED.
 * Threads: one at a time.
 */
int shm_reader_withdraw(shm_reader *reader, struct shm_message *message);

/* Sets or clears the reader's flag, as shm_sender_interrupt() does.
 *
 * Threads: any, and signal handlers; not after shm_reader_close().
 */
void shm_reader_interrupt(shm_reader *reader, int on);

/* Withdraws the request, frees the handle, and sets `*reader` to NULL.
 *
 * Errors: SHM_ERROR_TRUNCATED, SHM_ERROR_FORKED: the handle is freed. Threads:
 * one at a time.
 */
int shm_reader_close(shm_reader **reader);

/* ---- shm_guard: survive truncation, and tell the version ----
 *
 * A process that may write to the object may also truncate it, and the next
 * access to the memory raises SIGBUS, which ends the process.
 */

/* Installs a handler of SIGBUS for the whole process: an access to a truncated
 * mailbox makes the call return SHM_ERROR_TRUNCATED. All other faults go to
 * the handler that was set before. Later calls do nothing.
 *
 * Errors: SHM_ERROR_SYSTEM, in practice never. Threads: any.
 */
int shm_guard_install(void);

/* The version of this header. */
#define SHM_MAILBOX_VERSION "0.1.0"

/* Returns the version of the library that the program runs with.
 *
 * Threads: any.
 */
const char *shm_version(void);

#ifdef __cplusplus
}
#endif

#endif
