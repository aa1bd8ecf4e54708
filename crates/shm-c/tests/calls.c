/* Every call, as it succeeds. calls NAME */
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static void sender_and_receiver(const char *name)
{
  shm_sender *sender;
  shm_receiver *receiver;
  struct shm_options options = SHM_OPTIONS_INIT;
  struct shm_message message, batch[4];
  struct shm_state state;
  struct shm_bytes bytes[] = {{"one", 3}, {NULL, 0}, {"three", 5}};
  size_t count;
  uint64_t left;
  char whole[SHM_MAX_MESSAGE];

  options.slots = 8;
  options.hot_slots = 2;
  options.batch = 2;
  options.wait = SHM_WAIT_BLOCK;
  EXPECT(shm_sender_open(&sender, name, &options), SHM_OK);
  options.flags = SHM_EXACT | SHM_NO_CREATE;
  EXPECT(shm_receiver_open(&receiver, name, &options), SHM_OK);

  EXPECT(shm_send(sender, "a", 1), SHM_OK);
  EXPECT(shm_try_send(sender, NULL, 0), SHM_OK);
  memset(whole, 'w', sizeof whole);
  EXPECT(shm_send_within(sender, whole, sizeof whole, 1), SHM_OK);
  EXPECT(shm_send_within(sender, "d", 1, SHM_NO_WAIT), SHM_OK);
  EXPECT(shm_sender_state(sender, &state, sizeof state), SHM_OK);
  CHECK(state.count == 4 && state.queued == 4 && state.slots == 8);
  CHECK(state.created == 1 && state.peer == SHM_PEER_ATTACHED);
  CHECK(strcmp(state.name, name) == 0);

  EXPECT(shm_recv(receiver, &message), SHM_OK);
  CHECK(is(&message, "a") && message.number == 0);
  EXPECT(shm_try_recv(receiver, &message), SHM_OK);
  CHECK(message.length == 0 && message.number == 1);
  EXPECT(shm_recv_within(receiver, &message, LIMIT), SHM_OK);
  CHECK(message.length == sizeof whole);
  CHECK(memcmp(message.data, whole, sizeof whole) == 0);
  EXPECT(shm_recv_within(receiver, &message, SHM_NO_WAIT), SHM_OK);
  CHECK(is(&message, "d"));

  EXPECT(shm_send_batch(sender, bytes, 3, &count, SHM_FOREVER), SHM_OK);
  CHECK(count == 3);
  EXPECT(shm_send_batch(sender, bytes, 3, &count, SHM_NO_WAIT), SHM_OK);
  CHECK(count == 3);
  EXPECT(shm_send_batch(sender, bytes, 3, &count, SHM_NO_WAIT), SHM_OK);
  CHECK(count == 2);
  EXPECT(shm_send_batch(sender, NULL, 0, &count, SHM_NO_WAIT), SHM_OK);
  CHECK(count == 0);
  EXPECT(shm_recv_batch(receiver, batch, 4, &count, SHM_FOREVER), SHM_OK);
  CHECK(count == 2 && is(&batch[0], "one") && is(&batch[1], ""));
  EXPECT(shm_recv_batch(receiver, batch, 1, &count, SHM_NO_WAIT), SHM_OK);
  CHECK(count == 1 && is(&batch[0], "three") && batch[0].number == 6);

  EXPECT(shm_peek(receiver, &message), SHM_OK);
  EXPECT(shm_try_peek(receiver, &message), SHM_OK);
  EXPECT(shm_peek_within(receiver, &message, LIMIT), SHM_OK);
  CHECK(is(&message, "three"));
  EXPECT(shm_rewind(receiver), SHM_OK);
  EXPECT(shm_peek_within(receiver, &message, SHM_NO_WAIT), SHM_OK);
  CHECK(is(&message, "one") && message.number == 7);
  EXPECT(shm_ack(receiver), SHM_OK);
  EXPECT(shm_receiver_state(receiver, &state, sizeof state), SHM_OK);
  CHECK(state.count == 8 && state.queued == 4 && state.created == 0);
  while (shm_try_recv(receiver, &message) == SHM_OK) continue;

  EXPECT(shm_reserve(sender, SHM_NO_WAIT), SHM_OK);
  EXPECT(shm_append(sender, "dis", 3), SHM_OK);
  EXPECT(shm_discard(sender), SHM_OK);
  EXPECT(shm_reserve(sender, SHM_FOREVER), SHM_OK);
  EXPECT(shm_append(sender, "in ", 3), SHM_OK);
  EXPECT(shm_append(sender, "place", 5), SHM_OK);
  EXPECT(shm_commit(sender), SHM_OK);
  EXPECT(shm_recv(receiver, &message), SHM_OK);
  CHECK(is(&message, "in place") && message.number == 12);
  EXPECT(shm_drain(sender, SHM_NO_WAIT), SHM_OK);

  /* With a message left, the object stays. A draft is no message. */
  EXPECT(shm_send(sender, "left", 4), SHM_OK);
  EXPECT(shm_reserve(sender, SHM_NO_WAIT), SHM_OK);
  EXPECT(shm_sender_close(&sender, SHM_LEAVE_KEEP, &left), SHM_OK);
  CHECK(sender == NULL && left == 1);
  EXPECT(shm_receiver_close(&receiver, &left), SHM_OK);
  CHECK(receiver == NULL && left == 1);
  EXPECT(shm_remove(name, SHM_REMOVE_STALE_WITH_MESSAGES), SHM_OK);

  EXPECT(shm_sender_open(&sender, name, NULL), SHM_OK);
  EXPECT(shm_sender_close(&sender, SHM_LEAVE_CLOSE, &left), SHM_OK);
  CHECK(left == SHM_REMOVED);
}

static void bells(void)
{
  shm_sender *sender;
  shm_receiver *receiver, *other;
  shm_sender *others;
  struct shm_options options = SHM_OPTIONS_INIT;
  struct shm_message message;
  struct pollfd bell = {-1, POLLIN, 0};
  struct shm_end ends[2];
  size_t ready = SIZE_MAX;
  int timeout, fd;

  options.slots = 1;
  options.hot_slots = 1;
  EXPECT(shm_pair(&sender, &receiver, &options), SHM_OK);
  EXPECT(shm_receiver_bell(receiver, &bell.fd), SHM_OK);
  while (shm_receiver_arm(receiver, &timeout) == SHM_OK && timeout == 0)
    EXPECT(shm_try_recv(receiver, &message), SHM_ERROR_EMPTY);
  CHECK(timeout == -1 || timeout > 0);
  EXPECT(shm_send(sender, "ring", 4), SHM_OK);
  CHECK(poll(&bell, 1, 600000) == 1);
  EXPECT(shm_receiver_arm(receiver, &timeout), SHM_OK);
  CHECK(timeout == 0);

  EXPECT(shm_sender_bell(sender, &fd), SHM_OK);
  CHECK(fd >= 0 && fd != bell.fd);
  bell.fd = fd;
  while (shm_sender_arm(sender, &timeout) == SHM_OK && timeout == 0) continue;
  while (shm_sender_arm_drain(sender, &timeout) == SHM_OK && timeout == 0)
    continue;
  EXPECT(shm_try_recv(receiver, &message), SHM_OK);
  CHECK(poll(&bell, 1, 600000) == 1);
  EXPECT(shm_sender_arm_drain(sender, &timeout), SHM_OK);
  CHECK(timeout == 0);

  /* In turn, and none twice while the other is ready. */
  EXPECT(shm_pair(&others, &other, NULL), SHM_OK);
  EXPECT(shm_send(others, "x", 1), SHM_OK);
  ends[0].sender = sender;
  ends[0].receiver = NULL;
  ends[1].sender = NULL;
  ends[1].receiver = other;
  EXPECT(shm_select(ends, 2, &ready, SHM_FOREVER), SHM_OK);
  CHECK(ready == 0);
  EXPECT(shm_select(ends, 2, &ready, SHM_FOREVER), SHM_OK);
  CHECK(ready == 1);
  EXPECT(shm_try_send(sender, "y", 1), SHM_OK);
  EXPECT(shm_select(ends, 2, &ready, SHM_FOREVER), SHM_OK);
  CHECK(ready == 1);

  EXPECT(shm_sender_close(&others, SHM_LEAVE_ABORT, NULL), SHM_OK);
  EXPECT(shm_recv(other, &message), SHM_OK);
  EXPECT(shm_recv(other, &message), SHM_ERROR_PEER_DIED);
  EXPECT(shm_receiver_close(&other, NULL), SHM_OK);
  EXPECT(shm_sender_close(&sender, SHM_LEAVE_CLOSE, NULL), SHM_OK);
  EXPECT(shm_receiver_close(&receiver, NULL), SHM_OK);
}

static void classic(const char *name)
{
  shm_writer *writer;
  shm_reader *reader;
  struct shm_message message;
  struct shm_options options = SHM_OPTIONS_INIT;
  struct shm_snapshot seen;

  options.wait = SHM_WAIT_POLL;
  options.interval_ns = 1000000;
  EXPECT(shm_writer_open(&writer, name, &options), SHM_OK);
  EXPECT(shm_reader_open(&reader, name, NULL), SHM_OK);
  /* The request stands, and the writer answers it. */
  EXPECT(shm_reader_recv(reader, &message, 1), SHM_ERROR_TIMED_OUT);
  EXPECT(shm_observe(name, &seen, sizeof seen), SHM_OK);
  CHECK(seen.kind == SHM_KIND_CLASSIC && seen.flag == 1);
  CHECK(seen.sender.peer == SHM_PEER_ATTACHED);
  EXPECT(shm_writer_send(writer, "one tea\n", 8, LIMIT), SHM_OK);
  EXPECT(shm_reader_recv(reader, &message, LIMIT), SHM_OK);
  CHECK(is(&message, "one tea\n") && message.number == 0);
  EXPECT(shm_writer_drain(writer, 1), SHM_ERROR_TIMED_OUT);
  EXPECT(shm_reader_taken(reader), SHM_OK);
  EXPECT(shm_writer_drain(writer, LIMIT), SHM_OK);
  EXPECT(shm_reader_recv(reader, &message, 1), SHM_ERROR_TIMED_OUT);
  EXPECT(shm_writer_send(writer, "last", 4, LIMIT), SHM_OK);
  EXPECT(shm_reader_withdraw(reader, &message), SHM_OK);
  CHECK(is(&message, "last"));
  EXPECT(shm_reader_withdraw(reader, &message), SHM_ERROR_EMPTY);
  shm_writer_interrupt(writer, 1);
  EXPECT(shm_writer_send(writer, "no", 2, LIMIT), SHM_ERROR_INTERRUPTED);
  shm_reader_interrupt(reader, 1);
  EXPECT(shm_reader_recv(reader, &message, LIMIT), SHM_ERROR_INTERRUPTED);
  EXPECT(shm_writer_close(&writer, 1), SHM_OK);
  EXPECT(shm_writer_open(&writer, name, NULL), SHM_OK);
  EXPECT(shm_writer_close(&writer, 0), SHM_OK);
  EXPECT(shm_reader_close(&reader), SHM_OK);
  CHECK(writer == NULL && reader == NULL);
}

static void observed(const char *name)
{
  shm_sender *sender;
  struct shm_snapshot seen;
  struct shm_state state;
  uint64_t note[3] = {1, 2, 3}, found[3];
  /* As long as a later version's. */
  struct { struct shm_snapshot seen; char more[32]; } later;

  EXPECT(shm_sender_open(&sender, name, NULL), SHM_OK);
  EXPECT(shm_send(sender, "seen", 4), SHM_OK);
  EXPECT(shm_sender_state(sender, &state, sizeof state), SHM_OK);
  EXPECT(shm_observe(name, &seen, sizeof seen), SHM_OK);
  CHECK(seen.kind == SHM_KIND_MAILBOX && seen.version == 1);
  CHECK(seen.slots == 64 && seen.hot_slots == 8 && seen.sent == 1);
  CHECK(seen.received == 0 && seen.queued == 1 && seen.changing == 0);
  CHECK(seen.sender.peer == SHM_PEER_ATTACHED && seen.sender.epoch == 1);
  CHECK(seen.sender.pid == (uint32_t)getpid());
  CHECK(seen.receiver.peer == SHM_PEER_NEVER_SEEN);
  CHECK(memcmp(seen.id, state.id, sizeof seen.id) == 0);
  CHECK(seen.senders == 1 && seen.receivers == 1 && seen.has_note == 0);
  EXPECT(shm_sender_note(sender, found), SHM_ERROR_NO_NOTE);
  EXPECT(shm_sender_set_note(sender, note), SHM_OK);
  EXPECT(shm_sender_note(sender, found), SHM_OK);
  CHECK(memcmp(found, note, sizeof note) == 0);
  EXPECT(shm_observe(name, &seen, sizeof seen), SHM_OK);
  CHECK(seen.has_note == 1 && memcmp(seen.note, note, sizeof note) == 0);
  /* Of a program that was compiled with the first version. */
  memset(&seen, 'x', sizeof seen);
  EXPECT(shm_observe(name, &seen, offsetof(struct shm_snapshot, senders)),
         SHM_OK);
  CHECK(seen.queued == 1 && seen.senders == 0x78787878);
  memset(&later, 'x', sizeof later);
  EXPECT(shm_observe(name, &later.seen, sizeof later), SHM_OK);
  CHECK(later.seen.queued == 1 && later.more[0] == 0 && later.more[31] == 0);
  EXPECT(shm_sender_close(&sender, SHM_LEAVE_CLOSE, NULL), SHM_OK);
  EXPECT(shm_observe(name, &seen, sizeof seen), SHM_OK);
  CHECK(seen.sender.peer == SHM_PEER_CLOSED);
  EXPECT(shm_remove(name, SHM_REMOVE_STALE_WITH_MESSAGES), SHM_OK);
}

/* A truncated mailbox is an error, and no signal. */
static void guarded(const char *name)
{
  shm_sender *sender;
  int fd;

  EXPECT(shm_guard_install(), SHM_OK);
  EXPECT(shm_guard_install(), SHM_OK);
  EXPECT(shm_sender_open(&sender, name, NULL), SHM_OK);
  fd = shm_open(name, O_RDWR, 0);
  CHECK(fd >= 0 && ftruncate(fd, 0) == 0);
  close(fd);
  EXPECT(shm_send(sender, "lost", 4), SHM_ERROR_TRUNCATED);
  EXPECT(shm_send(sender, "lost", 4), SHM_ERROR_TRUNCATED);
  EXPECT(shm_sender_close(&sender, SHM_LEAVE_CLOSE, NULL),
         SHM_ERROR_TRUNCATED);
  CHECK(sender == NULL);
  EXPECT(shm_remove(name, SHM_REMOVE_ANY), SHM_OK);
}

int main(int argc, char **argv)
{
  CHECK(argc == 2);
  CHECK(strcmp(shm_version(), SHM_MAILBOX_VERSION) == 0);
  sender_and_receiver(argv[1]);
  bells();
  classic(argv[1]);
  observed(argv[1]);
  guarded(argv[1]);
  return 0;
}
