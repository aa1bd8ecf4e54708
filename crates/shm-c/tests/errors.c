/* Misuse is an error and no crash, and each error that one process can bring
   about. errors NAME */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static void arguments(const char *name)
{
  shm_sender *sender;
  shm_receiver *receiver;
  struct shm_options options = SHM_OPTIONS_INIT;
  struct { struct shm_options options; char more[8]; } later;
  struct shm_message message;
  struct shm_bytes bytes[] = {{"x", 1}, {"long", SHM_MAX_MESSAGE + 1}};
  struct shm_bytes nowhere = {NULL, 1};
  struct shm_end ends[65];
  struct shm_snapshot seen;
  size_t count = SIZE_MAX;

  EXPECT(shm_pair(&sender, &receiver, NULL), SHM_OK);
  EXPECT_TEXT(shm_send(sender, "x", 1025), SHM_ERROR_TOO_LONG, "1 too long");
  EXPECT(shm_send(sender, "x", SIZE_MAX), SHM_ERROR_TOO_LONG);
  EXPECT(shm_send(sender, NULL, 1), SHM_ERROR_NULL);
  EXPECT(shm_send_batch(sender, bytes, 2, &count, 1), SHM_ERROR_TOO_LONG);
  CHECK(count == 0);
  EXPECT(shm_send_batch(sender, &nowhere, 1, &count, 1), SHM_ERROR_NULL);
  EXPECT(shm_send_batch(sender, bytes, 1, NULL, 1), SHM_ERROR_NULL);
  EXPECT(shm_recv(receiver, NULL), SHM_ERROR_NULL);
  EXPECT(shm_recv_batch(receiver, NULL, 1, &count, 1), SHM_ERROR_NULL);
  EXPECT(shm_recv_batch(receiver, &message, 1, NULL, 1), SHM_ERROR_NULL);
  EXPECT(shm_sender_bell(sender, NULL), SHM_ERROR_NULL);
  EXPECT(shm_receiver_arm(receiver, NULL), SHM_ERROR_NULL);
  EXPECT(shm_sender_state(sender, NULL, 0), SHM_ERROR_NULL);
  EXPECT(shm_sender_note(sender, NULL), SHM_ERROR_NULL);
  EXPECT(shm_sender_set_note(sender, NULL), SHM_ERROR_NULL);

  EXPECT(shm_commit(sender), SHM_ERROR_DRAFT);
  EXPECT(shm_append(sender, "x", 1), SHM_ERROR_DRAFT);
  EXPECT(shm_discard(sender), SHM_ERROR_DRAFT);
  EXPECT(shm_reserve(sender, 0), SHM_OK);
  EXPECT_TEXT(shm_reserve(sender, 0), SHM_ERROR_DRAFT, "commit or discard");
  EXPECT(shm_send(sender, "x", 1), SHM_ERROR_DRAFT);
  EXPECT(shm_append(sender, "x", 1), SHM_OK);
  EXPECT(shm_append(sender, NULL, 1), SHM_ERROR_NULL);
  {
    char whole[SHM_MAX_MESSAGE] = {0};
    EXPECT(shm_append(sender, whole, sizeof whole), SHM_ERROR_TOO_LONG);
  }
  EXPECT(shm_commit(sender), SHM_OK);
  EXPECT(shm_recv(receiver, &message), SHM_OK);
  CHECK(is(&message, "x"));

  count = SIZE_MAX;
  ends[0].sender = sender;
  ends[0].receiver = receiver;
  EXPECT(shm_select(ends, 1, &count, 0), SHM_ERROR_OPTION);
  ends[0].sender = NULL;
  ends[1] = ends[0];
  EXPECT_TEXT(shm_select(ends, 2, &count, 0), SHM_ERROR_OPTION, "twice");
  EXPECT(shm_select(ends, 1, NULL, 0), SHM_ERROR_NULL);
  EXPECT(shm_select(ends, 1, &count, 1), SHM_ERROR_TIMED_OUT);
  CHECK(count == SIZE_MAX);
  EXPECT(shm_sender_close(&sender, 7, NULL), SHM_ERROR_OPTION);
  CHECK(sender != NULL);
  EXPECT(shm_sender_close(&sender, SHM_LEAVE_CLOSE, NULL), SHM_OK);
  EXPECT(shm_sender_close(&sender, SHM_LEAVE_CLOSE, NULL), SHM_ERROR_NULL);
  EXPECT(shm_receiver_close(&receiver, NULL), SHM_OK);
  EXPECT(shm_receiver_close(&receiver, NULL), SHM_ERROR_NULL);

#define REFUSED(member, value)                                              \
  do {                                                                      \
    struct shm_options bad = SHM_OPTIONS_INIT;                              \
    bad.member = (value);                                                   \
    EXPECT(shm_sender_open(&sender, name, &bad), SHM_ERROR_OPTION);         \
    CHECK(sender == NULL);                                                  \
  } while (0)
  REFUSED(size, 0);
  REFUSED(size, offsetof(struct shm_options, kind) - 1);
  REFUSED(flags, 1u << 31);
  REFUSED(flags, SHM_EXACT | SHM_ANY_SLOTS);
  REFUSED(reserved, 1);
  REFUSED(group, 1);
  REFUSED(batch, 65537);
  REFUSED(wait, 8);
  REFUSED(wait, -1);
  REFUSED(kind, SHM_KIND_CLASSIC);
  REFUSED(kind, -1);
  REFUSED(join, SHM_JOIN_OLDEST);
  REFUSED(senders, 1);
  REFUSED(receivers, 1);
  REFUSED(label, "billing");
  /* The first version had no `kind`, so the library does not read it. */
  options.size = offsetof(struct shm_options, kind);
  options.kind = -1;
  EXPECT(shm_sender_open(&sender, name, &options), SHM_OK);
  EXPECT(shm_sender_close(&sender, SHM_LEAVE_CLOSE, NULL), SHM_OK);
  memset(&later, 0, sizeof later);
  later.options.size = sizeof later;
  EXPECT(shm_sender_open(&sender, name, &later.options), SHM_OK);
  EXPECT(shm_sender_close(&sender, SHM_LEAVE_CLOSE, NULL), SHM_OK);
  later.more[7] = 1;
  EXPECT_TEXT(shm_sender_open(&sender, name, &later.options),
              SHM_ERROR_OPTION, "later version");
  EXPECT(shm_observe(name, &seen, 4), SHM_ERROR_NOT_FOUND);
  EXPECT(shm_remove(name, 9), SHM_ERROR_OPTION);
}

static void opening(const char *name)
{
  shm_sender *sender, *second;
  shm_receiver *receiver;
  shm_reader *reader;
  shm_writer *writer;
  struct shm_options options = SHM_OPTIONS_INIT;
  struct shm_snapshot seen;
  int fd;

  EXPECT(shm_sender_open(&sender, "", NULL), SHM_ERROR_NAME);
  EXPECT(shm_sender_open(&sender, "a/b", NULL), SHM_ERROR_NAME);
  EXPECT_TEXT(shm_sender_open(&sender, "\xff", NULL), SHM_ERROR_NAME, "UTF-8");
  options.slots = 3;
  EXPECT(shm_sender_open(&sender, name, &options), SHM_ERROR_SLOTS);
  options.slots = 2;
  options.hot_slots = 4;
  EXPECT(shm_sender_open(&sender, name, &options), SHM_ERROR_HOT_SLOTS);
  options.hot_slots = 0;
  options.mode = 0444;
  EXPECT(shm_sender_open(&sender, name, &options), SHM_ERROR_MODE);
  options.mode = 0;
  options.flags = SHM_NO_CREATE;
  EXPECT(shm_sender_open(&sender, name, &options), SHM_ERROR_NOT_FOUND);
  options.flags = 0;
  EXPECT(shm_sender_open(&sender, name, &options), SHM_OK);
  options.attach_timeout_ns = -1;
  EXPECT_TEXT(shm_sender_open(&second, name, &options), SHM_ERROR_ROLE_TAKEN,
              "already has a sender, process ");
  CHECK(second == NULL);
  options.slots = 4;
  EXPECT_TEXT(shm_receiver_open(&receiver, name, &options),
              SHM_ERROR_OTHER_SLOTS, "has 2 slots, expected 4");
  options.flags = SHM_ANY_SLOTS;
  EXPECT(shm_receiver_open(&receiver, name, &options), SHM_OK);
  EXPECT(shm_observe(name, &seen, offsetof(struct shm_snapshot, senders) - 1),
         SHM_ERROR_OPTION);
  EXPECT(shm_observe(name, NULL, sizeof seen), SHM_ERROR_NULL);
  EXPECT(shm_remove(name, SHM_REMOVE_STALE), SHM_ERROR_IN_USE);
  EXPECT(shm_receiver_close(&receiver, NULL), SHM_OK);
  EXPECT(shm_send(sender, "x", 1), SHM_OK);
  EXPECT(shm_sender_close(&sender, SHM_LEAVE_CLOSE, NULL), SHM_OK);
  EXPECT(shm_remove(name, SHM_REMOVE_STALE), SHM_ERROR_MESSAGES);
  EXPECT(shm_remove(name, SHM_REMOVE_STALE_WITH_MESSAGES), SHM_OK);
  EXPECT(shm_remove(name, SHM_REMOVE_STALE), SHM_ERROR_NOT_FOUND);

  /* Something else has the name. */
  fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
  CHECK(fd >= 0 && ftruncate(fd, 10) == 0);
  EXPECT(shm_sender_open(&sender, name, NULL), SHM_ERROR_NOT_A_MAILBOX);
  EXPECT(shm_writer_open(&writer, name, NULL), SHM_ERROR_FOREIGN);
  EXPECT(shm_remove(name, SHM_REMOVE_STALE), SHM_ERROR_NOT_A_MAILBOX);
  EXPECT(shm_observe(name, &seen, sizeof seen), SHM_OK);
  CHECK(seen.kind == SHM_KIND_FOREIGN);
  CHECK(ftruncate(fd, 1028) == 0);
  EXPECT(shm_sender_open(&sender, name, NULL), SHM_ERROR_CLASSIC);
  CHECK(fchmod(fd, 0666) == 0);
  EXPECT(shm_receiver_open(&receiver, name, NULL), SHM_ERROR_OPEN_TO_OTHERS);
  close(fd);
  CHECK(shm_unlink(name) == 0);

  EXPECT(shm_reader_open(&reader, name, NULL), SHM_ERROR_NOT_FOUND);
  memset(&options, 0, sizeof options);
  options.size = sizeof options;
  options.wait = SHM_WAIT_ADAPTIVE;
  EXPECT(shm_writer_open(&writer, name, &options), SHM_ERROR_CANNOT_WAIT);
  options.wait = SHM_WAIT_BLOCK;
  options.slots = 2;
  EXPECT(shm_writer_open(&writer, name, &options), SHM_ERROR_OPTION);
  EXPECT(shm_writer_open(&writer, name, NULL), SHM_OK);
  EXPECT(shm_writer_send(writer, "", 0, 1), SHM_ERROR_NO_BYTES);
  EXPECT(shm_writer_send(writer, "a\0b", 3, 1), SHM_ERROR_NUL);
  {
    char whole[SHM_MAX_MESSAGE];
    memset(whole, 'w', sizeof whole);
    EXPECT(shm_writer_send(writer, whole, sizeof whole, 1),
           SHM_ERROR_TOO_LONG);
  }
  EXPECT(shm_writer_send(writer, "x", 1, 1), SHM_ERROR_TIMED_OUT);
  EXPECT(shm_reader_open(&reader, name, NULL), SHM_OK);
  EXPECT(shm_writer_close(&writer, 0), SHM_OK);
  {
    struct shm_message message;
    EXPECT(shm_reader_recv(reader, &message, LIMIT), SHM_ERROR_UNLINKED);
  }
  EXPECT(shm_reader_close(&reader), SHM_OK);
}

static void passing(void)
{
  shm_sender *sender;
  shm_receiver *receiver;
  struct shm_options options = SHM_OPTIONS_INIT;
  struct shm_message message = {NULL, 7, 7, 7};

  options.slots = 1;
  options.hot_slots = 1;
  EXPECT(shm_pair(&sender, &receiver, &options), SHM_OK);
  EXPECT_TEXT(shm_try_recv(receiver, &message), SHM_ERROR_EMPTY, "is empty");
  EXPECT(shm_recv_within(receiver, &message, 1), SHM_ERROR_TIMED_OUT);
  CHECK(message.data == NULL && message.length == 7 && message.number == 7);
  EXPECT(shm_send(sender, "x", 1), SHM_OK);
  EXPECT_TEXT(shm_try_send(sender, "x", 1), SHM_ERROR_FULL, "is full");
  EXPECT(shm_send_within(sender, "x", 1, 0), SHM_ERROR_FULL);
  EXPECT(shm_send_within(sender, "x", 1, 1), SHM_ERROR_TIMED_OUT);
  EXPECT(shm_reserve(sender, 0), SHM_ERROR_FULL);
  EXPECT(shm_drain(sender, 0), SHM_ERROR_TIMED_OUT);
  shm_sender_interrupt(sender, 1);
  EXPECT(shm_send(sender, "x", 1), SHM_ERROR_INTERRUPTED);
  EXPECT(shm_drain(sender, -1), SHM_ERROR_INTERRUPTED);
  shm_sender_interrupt(sender, 0);
  EXPECT(shm_peek(receiver, &message), SHM_OK);
  EXPECT(shm_peek(receiver, &message), SHM_ERROR_UNACKNOWLEDGED);
  EXPECT(shm_rewind(receiver), SHM_OK);
  EXPECT(shm_sender_close(&sender, SHM_LEAVE_CLOSE, NULL), SHM_OK);
  EXPECT(shm_recv(receiver, &message), SHM_OK);
  EXPECT_TEXT(shm_recv(receiver, &message), SHM_ERROR_CLOSED, "has closed");
  EXPECT(shm_receiver_close(&receiver, NULL), SHM_OK);

  EXPECT(shm_pair(&sender, &receiver, &options), SHM_OK);
  EXPECT(shm_receiver_close(&receiver, NULL), SHM_OK);
  EXPECT(shm_send(sender, "x", 1), SHM_OK);
  EXPECT(shm_send(sender, "x", 1), SHM_ERROR_CLOSED);
  EXPECT(shm_sender_close(&sender, SHM_LEAVE_CLOSE, NULL), SHM_OK);
}

/* A wrong value in the object stays an error. */
static void corrupt(const char *name)
{
  shm_sender *sender;
  struct shm_options options = SHM_OPTIONS_INIT;
  uint64_t wrong = 1000;
  int fd;

  options.slots = 1;
  options.hot_slots = 1;
  EXPECT(shm_sender_open(&sender, name, &options), SHM_OK);
  fd = shm_open(name, O_RDWR, 0);
  /* `received`, which cannot be more than was sent: see protocol.md. */
  CHECK(fd >= 0 && pwrite(fd, &wrong, sizeof wrong, 384) == sizeof wrong);
  close(fd);
  EXPECT(shm_send(sender, "x", 1), SHM_OK);
  EXPECT_TEXT(shm_try_send(sender, "x", 1), SHM_ERROR_CORRUPT, "received");
  EXPECT(shm_try_send(sender, "x", 1), SHM_ERROR_CORRUPT);
  shm_sender_close(&sender, SHM_LEAVE_CLOSE, NULL);
  shm_unlink(name);
}

/* Writes 4 bytes of a mailbox's header: see protocol.md. */
static void patch(const char *name, off_t offset, uint32_t value)
{
  int fd = shm_open(name, O_RDWR, 0);
  CHECK(fd >= 0 && pwrite(fd, &value, sizeof value, offset) == sizeof value);
  close(fd);
}

/* The object has changed, or lost its name, while a receiver had it. */
static void changing(const char *name)
{
  shm_sender *sender;
  shm_receiver *receiver;
  struct shm_options options = SHM_OPTIONS_INIT;
  struct shm_message message;
  struct shm_snapshot seen;
  int fd;

  EXPECT(shm_sender_open(&sender, name, NULL), SHM_OK);
  EXPECT(shm_sender_close(&sender, SHM_LEAVE_KEEP, NULL), SHM_OK);
  patch(name, 8, 2);
  EXPECT_TEXT(shm_sender_open(&sender, name, NULL), SHM_ERROR_OTHER_VERSION,
              "layout version 2");
  EXPECT(shm_observe(name, &seen, sizeof seen), SHM_ERROR_OTHER_VERSION);
  patch(name, 8, 1);
  patch(name, 16, 65);
  EXPECT(shm_sender_open(&sender, name, NULL), SHM_ERROR_GEOMETRY);
  CHECK(shm_unlink(name) == 0);

  EXPECT(shm_receiver_open(&receiver, name, NULL), SHM_OK);
  CHECK(shm_unlink(name) == 0);
  EXPECT(shm_recv(receiver, &message), SHM_ERROR_UNLINKED);
  EXPECT(shm_receiver_close(&receiver, NULL), SHM_OK);

  /* The next object of the name is no mailbox. */
  options.flags = SHM_AWAIT_PEER;
  EXPECT(shm_receiver_open(&receiver, name, &options), SHM_OK);
  CHECK(shm_unlink(name) == 0);
  fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
  CHECK(fd >= 0 && ftruncate(fd, 10) == 0);
  close(fd);
  EXPECT_TEXT(shm_recv(receiver, &message), SHM_ERROR_REATTACH,
              "not a mailbox");
  EXPECT(shm_receiver_close(&receiver, NULL), SHM_OK);
  CHECK(shm_unlink(name) == 0);
}

int main(int argc, char **argv)
{
  if (argc == 3) {
    /* In a /dev/shm that has no room for a mailbox. */
    shm_sender *sender;
    EXPECT_TEXT(shm_sender_open(&sender, argv[1], NULL), SHM_ERROR_NO_SPACE,
                "/dev/shm");
    return 0;
  }
  CHECK(argc == 2);
  arguments(argv[1]);
  opening(argv[1]);
  passing();
  corrupt(argv[1]);
  changing(argv[1]);
  return 0;
}
