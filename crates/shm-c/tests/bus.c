/* A bus: several senders and receivers, in one process and across kills.
   bus NAME */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static struct shm_options bus(const char *label)
{
  struct shm_options options = SHM_OPTIONS_INIT;
  options.kind = SHM_KIND_BUS;
  options.slots = 4;
  options.hot_slots = 2;
  options.label = label;
  return options;
}

static shm_sender *sender_of(const char *name, const char *label)
{
  shm_sender *sender;
  struct shm_options options = bus(label);
  options.flags = SHM_ANY_SLOTS;
  EXPECT(shm_sender_open(&sender, name, &options), SHM_OK);
  return sender;
}

static shm_receiver *receiver_of(const char *name, const char *label)
{
  shm_receiver *receiver;
  struct shm_options options = bus(label);
  options.flags = SHM_ANY_SLOTS;
  EXPECT(shm_receiver_open(&receiver, name, &options), SHM_OK);
  return receiver;
}

/* The next message is this one. */
static void expect(shm_receiver *receiver, const char *text, uint32_t lane,
                   uint64_t number)
{
  struct shm_message message;
  EXPECT(shm_recv_within(receiver, &message, LIMIT), SHM_OK);
  CHECK(is(&message, text));
  CHECK(message.lane == lane && message.number == number);
}

static void one_to_many(const char *name)
{
  shm_sender *sender = sender_of(name, NULL);
  shm_receiver *receivers[3], *late;
  struct shm_options options = bus(NULL);
  struct shm_message message, batch[4];
  struct shm_bytes bytes[] = {{"b", 1}, {"c", 1}};
  struct shm_place places[SHM_MAX_SEATS];
  struct shm_state state;
  uint32_t seat;
  size_t count;
  uint64_t left;

  for (uint32_t i = 0; i < 3; i++) {
    receivers[i] = receiver_of(name, NULL);
    EXPECT(shm_receiver_place(receivers[i], &seat), SHM_OK);
    CHECK(seat == i);
  }
  EXPECT(shm_sender_lane(sender, &seat), SHM_OK);
  CHECK(seat == 0);
  EXPECT(shm_send(sender, "a", 1), SHM_OK);
  EXPECT(shm_send_batch(sender, bytes, 2, &count, SHM_NO_WAIT), SHM_OK);
  EXPECT(shm_reserve(sender, SHM_NO_WAIT), SHM_OK);
  EXPECT(shm_append(sender, "d", 1), SHM_OK);
  EXPECT(shm_sender_lane(sender, &seat), SHM_ERROR_DRAFT);
  EXPECT(shm_commit(sender), SHM_OK);
  EXPECT(shm_try_send(sender, "e", 1), SHM_ERROR_FULL);
  EXPECT(shm_send_within(sender, "e", 1, 1), SHM_ERROR_TIMED_OUT);
  EXPECT(shm_drain(sender, SHM_NO_WAIT), SHM_ERROR_TIMED_OUT);

  /* Each receiver gets all of a full lane. */
  EXPECT(shm_recv_batch(receivers[0], batch, 4, &count, LIMIT), SHM_OK);
  CHECK(count == 4 && is(&batch[3], "d") && batch[3].number == 3);
  expect(receivers[1], "a", 0, 0);
  EXPECT(shm_peek(receivers[1], &message), SHM_OK);
  CHECK(is(&message, "b") && message.lane == 0);
  EXPECT(shm_rewind(receivers[1]), SHM_OK);

  EXPECT(shm_sender_places(sender, places, sizeof *places, SHM_MAX_SEATS,
                           &count), SHM_OK);
  CHECK(count == 3);
  for (uint32_t i = 0; i < 3; i++) {
    CHECK(places[i].place == i && places[i].behind == i + 2 - 2 * (i == 0));
    CHECK(places[i].counts == 1 && places[i].kept == 0);
    CHECK(places[i].holds_back == (i == 2) && places[i].label[0] == '\0');
    CHECK(places[i].receiver.peer == SHM_PEER_ATTACHED);
    CHECK(places[i].receiver.pid == (uint32_t)getpid());
  }
  EXPECT(shm_receiver_state(receivers[1], &state, sizeof state), SHM_OK);
  CHECK(state.count == 1 && state.queued == 3 && state.slots == 4);

  for (int i = 1; i < 3; i++)
    while (shm_try_recv(receivers[i], &message) == SHM_OK) continue;
  EXPECT(shm_drain(sender, SHM_NO_WAIT), SHM_OK);
  /* A later receiver gets the next message, or what the bus still has. */
  EXPECT(shm_send(sender, "e", 1), SHM_OK);
  options.flags = SHM_ANY_SLOTS;
  EXPECT(shm_receiver_open(&late, name, &options), SHM_OK);
  EXPECT(shm_try_recv(late, &message), SHM_ERROR_EMPTY);
  EXPECT(shm_receiver_close(&late, NULL), SHM_OK);
  options.join = SHM_JOIN_OLDEST;
  EXPECT(shm_receiver_open(&late, name, &options), SHM_OK);
  expect(late, "e", 0, 4);
  EXPECT(shm_receiver_close(&late, &left), SHM_OK);
  CHECK(late == NULL);
  for (int i = 0; i < 3; i++) expect(receivers[i], "e", 0, 4);
  EXPECT(shm_sender_close(&sender, SHM_LEAVE_CLOSE, &left), SHM_OK);
  CHECK(left == SHM_REMOVED);
  for (int i = 0; i < 3; i++) {
    EXPECT(shm_recv(receivers[i], &message), SHM_ERROR_CLOSED);
    EXPECT(shm_receiver_close(&receivers[i], NULL), SHM_OK);
  }
}

static void many_to_one(const char *name)
{
  static const char *labels[] = {"north", "east", "south"};
  shm_sender *senders[3];
  shm_receiver *receiver;
  struct shm_options options = bus(NULL);
  struct shm_lane lanes[SHM_MAX_SEATS];
  struct shm_message message;
  struct shm_snapshot seen;
  uint64_t next[3] = {0}, note[3] = {7, 8, 9}, found[3];
  uint32_t seat;
  size_t count;

  options.senders = 3;
  options.receivers = 1;
  EXPECT(shm_receiver_open(&receiver, name, &options), SHM_OK);
  for (int i = 0; i < 3; i++) {
    senders[i] = sender_of(name, labels[i]);
    EXPECT(shm_send(senders[i], labels[i], strlen(labels[i])), SHM_OK);
  }
  EXPECT(shm_send(senders[1], labels[1], strlen(labels[1])), SHM_OK);
  EXPECT(shm_sender_note(senders[2], found), SHM_ERROR_NO_NOTE);
  EXPECT(shm_sender_set_note(senders[2], note), SHM_OK);

  EXPECT(shm_receiver_lanes(receiver, lanes, sizeof *lanes, SHM_MAX_SEATS,
                            &count), SHM_OK);
  CHECK(count == 3);
  for (uint32_t i = 0; i < 3; i++) {
    CHECK(lanes[i].lane == i && strcmp(lanes[i].label, labels[i]) == 0);
    CHECK(lanes[i].sent == 1u + (i == 1) && lanes[i].received == 0);
    CHECK(lanes[i].queued == lanes[i].sent && lanes[i].corrupt == 0);
    CHECK(lanes[i].has_note == (i == 2));
    CHECK(lanes[i].sender.peer == SHM_PEER_ATTACHED);
  }
  CHECK(memcmp(lanes[2].note, note, sizeof note) == 0);
  EXPECT(shm_observe(name, &seen, sizeof seen), SHM_OK);
  CHECK(seen.kind == SHM_KIND_BUS && seen.slots == 4 && seen.hot_slots == 2);
  CHECK(seen.senders == 3 && seen.receivers == 1);
  CHECK(seen.sent == 2 && seen.received == 0 && seen.queued == 2);

  for (int i = 0; i < 4; i++) {
    EXPECT(shm_recv(receiver, &message), SHM_OK);
    CHECK(message.lane < 3 && is(&message, labels[message.lane]));
    CHECK(message.number == next[message.lane]++);
  }
  EXPECT(shm_try_recv(receiver, &message), SHM_ERROR_EMPTY);

  /* Only what one lane has shown is acknowledged. */
  EXPECT(shm_send(senders[0], "a", 1), SHM_OK);
  EXPECT(shm_send(senders[1], "b", 1), SHM_OK);
  EXPECT(shm_peek(receiver, &message), SHM_OK);
  EXPECT(shm_peek(receiver, &message), SHM_OK);
  EXPECT(shm_ack_through(receiver, 1, next[1]++), SHM_OK);
  EXPECT(shm_rewind(receiver), SHM_OK);
  expect(receiver, "a", 0, next[0]++);
  EXPECT(shm_try_recv(receiver, &message), SHM_ERROR_EMPTY);

  /* A sender finds its lane again by its label, with number and note. */
  EXPECT(shm_sender_close(&senders[2], SHM_LEAVE_ABORT, NULL), SHM_OK);
  senders[2] = sender_of(name, "south");
  EXPECT(shm_sender_lane(senders[2], &seat), SHM_OK);
  CHECK(seat == 2);
  EXPECT(shm_sender_note(senders[2], found), SHM_OK);
  CHECK(memcmp(found, note, sizeof note) == 0);
  EXPECT(shm_send(senders[2], "again", 5), SHM_OK);
  expect(receiver, "again", 2, 1);
  /* Any sender may take the lane of a forgotten label. */
  EXPECT(shm_sender_forget(&senders[2], NULL), SHM_OK);
  CHECK(senders[2] == NULL);
  senders[2] = sender_of(name, NULL);
  EXPECT(shm_sender_lane(senders[2], &seat), SHM_OK);
  CHECK(seat == 2);
  for (int i = 0; i < 3; i++)
    EXPECT(shm_sender_close(&senders[i], SHM_LEAVE_CLOSE, NULL), SHM_OK);
  EXPECT(shm_recv(receiver, &message), SHM_ERROR_CLOSED);
  EXPECT(shm_receiver_close(&receiver, NULL), SHM_OK);
}

/* Starts a process that has a place, has looked at two messages and has
   acknowledged one of them, and kills it. */
static void kill_receiver(const char *name, const char *label,
                          shm_sender *sender)
{
  int told[2];
  char byte;
  CHECK(pipe(told) == 0);
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    shm_receiver *receiver = receiver_of(name, label);
    struct shm_message message;
    CHECK(write(told[1], "x", 1) == 1);
    EXPECT(shm_peek(receiver, &message), SHM_OK);
    EXPECT(shm_ack(receiver), SHM_OK);
    EXPECT(shm_peek(receiver, &message), SHM_OK);
    CHECK(write(told[1], "x", 1) == 1);
    for (;;) pause();
  }
  CHECK(read(told[0], &byte, 1) == 1);
  EXPECT(shm_send(sender, "one", 3), SHM_OK);
  EXPECT(shm_send(sender, "two", 3), SHM_OK);
  CHECK(read(told[0], &byte, 1) == 1);
  close(told[0]);
  close(told[1]);
  CHECK(kill(child, SIGKILL) == 0);
  CHECK(waitpid(child, NULL, 0) == child);
}

static void killed_without_a_label(const char *name)
{
  shm_sender *sender = sender_of(name, NULL);
  shm_receiver *receiver = receiver_of(name, NULL);
  struct shm_message message;
  struct shm_place place;
  size_t count;

  kill_receiver(name, NULL, sender);
  /* It holds up no sender: far more messages than slots. */
  for (int i = 0; i < 100; i++) {
    while (shm_try_recv(receiver, &message) == SHM_OK) continue;
    EXPECT(shm_send_within(sender, "three", 5, LIMIT), SHM_OK);
  }
  EXPECT(shm_sender_places(sender, &place, sizeof place, 1, &count), SHM_OK);
  CHECK(count == 1 && place.place == 0);
  while (shm_try_recv(receiver, &message) == SHM_OK) continue;
  EXPECT(shm_sender_close(&sender, SHM_LEAVE_CLOSE, NULL), SHM_OK);
  EXPECT(shm_receiver_close(&receiver, NULL), SHM_OK);
}

static void killed_with_a_label(const char *name)
{
  shm_sender *sender = sender_of(name, NULL);
  shm_receiver *receiver = receiver_of(name, NULL), *billing, *second;
  struct shm_options options = bus("billing");
  struct shm_place places[2];
  struct shm_message message;
  uint32_t seat;
  size_t count;

  kill_receiver(name, "billing", sender);
  while (shm_try_recv(receiver, &message) == SHM_OK) continue;
  EXPECT(shm_send(sender, "three", 5), SHM_OK);
  EXPECT(shm_send(sender, "four", 4), SHM_OK);
  EXPECT(shm_send(sender, "five", 4), SHM_OK);
  while (shm_try_recv(receiver, &message) == SHM_OK) continue;

  /* The lane is full of its messages, and others are attached. */
  EXPECT_TEXT(shm_send(sender, "six", 3), SHM_ERROR_HELD_BACK, "\"billing\"");
  EXPECT(shm_sender_places(sender, places, sizeof *places, 2, &count), SHM_OK);
  CHECK(count == 2 && places[0].behind == 0 && places[0].kept == 0);
  CHECK(places[1].behind == 4 && places[1].holds_back == 1);
  CHECK(places[1].kept == 1 && strcmp(places[1].label, "billing") == 0);
  CHECK(places[1].receiver.peer == SHM_PEER_DIED);
  EXPECT(shm_observe_places(name, places, sizeof *places, 2, &count), SHM_OK);
  CHECK(count == 2 && places[1].holds_back == 1);

  /* It resumes with what it has not acknowledged. */
  billing = receiver_of(name, "billing");
  EXPECT(shm_receiver_place(billing, &seat), SHM_OK);
  CHECK(seat == 1);
  options.attach_timeout_ns = -1;
  EXPECT_TEXT(shm_receiver_open(&second, name, &options),
              SHM_ERROR_LABEL_TAKEN, "\"billing\", process ");
  CHECK(second == NULL);
  expect(billing, "two", 0, 1);
  expect(billing, "three", 0, 2);
  EXPECT(shm_send_within(sender, "six", 3, LIMIT), SHM_OK);
  expect(billing, "four", 0, 3);
  expect(billing, "five", 0, 4);
  expect(billing, "six", 0, 5);
  EXPECT(shm_receiver_forget(&billing, NULL), SHM_OK);
  CHECK(billing == NULL);
  EXPECT(shm_recv(receiver, &message), SHM_OK);

  /* A label is forgotten without an endpoint. */
  billing = receiver_of(name, "billing");
  EXPECT(shm_forget(name, "billing", NULL), SHM_ERROR_LABEL_TAKEN);
  EXPECT(shm_receiver_close(&billing, NULL), SHM_OK);
  EXPECT(shm_forget(name, "billing", NULL), SHM_OK);
  EXPECT(shm_forget(name, "billing", NULL), SHM_ERROR_NO_LABEL);
  EXPECT(shm_sender_close(&sender, SHM_LEAVE_CLOSE, NULL), SHM_OK);
  EXPECT(shm_receiver_close(&receiver, NULL), SHM_OK);
}

/* With both kinds in one list, the endpoint with a message is ready. */
static void selected(const char *name)
{
  shm_sender *sender = sender_of(name, NULL), *other;
  shm_receiver *receiver = receiver_of(name, NULL), *plain;
  struct shm_end ends[2] = {{NULL, NULL}, {NULL, NULL}};
  struct shm_message message;
  size_t ready = SIZE_MAX;

  EXPECT(shm_pair(&other, &plain, NULL), SHM_OK);
  ends[0].receiver = plain;
  ends[1].receiver = receiver;
  EXPECT(shm_send(sender, "x", 1), SHM_OK);
  EXPECT(shm_select(ends, 2, &ready, LIMIT), SHM_OK);
  CHECK(ready == 1);
  EXPECT(shm_recv(receiver, &message), SHM_OK);
  EXPECT(shm_send(other, "y", 1), SHM_OK);
  EXPECT(shm_select(ends, 2, &ready, LIMIT), SHM_OK);
  CHECK(ready == 0);
  EXPECT(shm_sender_close(&sender, SHM_LEAVE_CLOSE, NULL), SHM_OK);
  EXPECT(shm_select(ends, 2, &ready, LIMIT), SHM_OK);
  CHECK(ready == 1);
  EXPECT(shm_recv(receiver, &message), SHM_ERROR_CLOSED);
  EXPECT(shm_receiver_close(&receiver, NULL), SHM_OK);
  EXPECT(shm_sender_close(&other, SHM_LEAVE_CLOSE, NULL), SHM_OK);
  EXPECT(shm_receiver_close(&plain, NULL), SHM_OK);
}

static void misused(const char *name)
{
  shm_sender *sender, *other;
  shm_receiver *receiver, *third;
  struct shm_options options = bus(NULL);
  struct shm_place place;
  struct shm_lane lane;
  uint32_t seat;
  size_t count = 7;

  EXPECT(shm_pair(&sender, &receiver, &options), SHM_ERROR_OPTION);
  options.join = 2;
  EXPECT(shm_sender_open(&sender, name, &options), SHM_ERROR_OPTION);
  options.join = SHM_JOIN_NEXT;
  options.senders = SHM_MAX_SEATS + 1;
  EXPECT(shm_sender_open(&sender, name, &options), SHM_ERROR_SEATS);
  options.senders = 1;
  options.label = "\xff";
  EXPECT(shm_sender_open(&sender, name, &options), SHM_ERROR_LABEL);
  options.label = "a label of thirty-two bytes long";
  EXPECT(shm_sender_open(&sender, name, &options), SHM_ERROR_LABEL);
  options.label = "";
  EXPECT(shm_sender_open(&sender, name, &options), SHM_ERROR_LABEL);

  options.label = NULL;
  options.senders = SHM_MAX_SEATS;
  options.receivers = 1;
  EXPECT(shm_sender_open(&sender, name, &options), SHM_OK);
  options.receivers = 2;
  EXPECT_TEXT(shm_receiver_open(&receiver, name, &options),
              SHM_ERROR_OTHER_SEATS, "room for 1 receivers, expected 2");
  options.receivers = 1;
  EXPECT(shm_receiver_open(&receiver, name, &options), SHM_OK);
  options.attach_timeout_ns = -1;
  EXPECT(shm_receiver_open(&third, name, &options), SHM_ERROR_NO_PLACE);
  EXPECT(shm_receiver_open(&third, name, NULL), SHM_ERROR_OTHER_KIND);

  /* One result is enough to ask for the number. */
  EXPECT(shm_observe_lanes(name, NULL, 0, 0, &count), SHM_OK);
  CHECK(count == 1);
  EXPECT(shm_sender_places(sender, &place, sizeof place - 1, 1, &count),
         SHM_ERROR_OPTION);
  CHECK(count == 0);
  EXPECT(shm_sender_places(sender, NULL, sizeof place, 1, &count),
         SHM_ERROR_NULL);
  EXPECT(shm_sender_places(sender, &place, sizeof place, 1, NULL),
         SHM_ERROR_NULL);
  EXPECT(shm_sender_lane(sender, NULL), SHM_ERROR_NULL);
  EXPECT(shm_receiver_place(receiver, NULL), SHM_ERROR_NULL);
  EXPECT(shm_sender_close(&sender, SHM_LEAVE_CLOSE, NULL), SHM_OK);
  EXPECT(shm_receiver_close(&receiver, NULL), SHM_OK);

  /* These calls fail on a mailbox. */
  EXPECT(shm_sender_open(&sender, name, NULL), SHM_OK);
  EXPECT(shm_receiver_open(&receiver, name, NULL), SHM_OK);
  EXPECT(shm_sender_open(&other, name, &options), SHM_ERROR_OTHER_KIND);
  EXPECT(shm_sender_lane(sender, &seat), SHM_ERROR_OTHER_KIND);
  EXPECT(shm_receiver_place(receiver, &seat), SHM_ERROR_OTHER_KIND);
  EXPECT(shm_sender_places(sender, &place, sizeof place, 1, &count),
         SHM_ERROR_OTHER_KIND);
  EXPECT(shm_receiver_lanes(receiver, &lane, sizeof lane, 1, &count),
         SHM_ERROR_OTHER_KIND);
  EXPECT(shm_observe_lanes(name, &lane, sizeof lane, 1, &count),
         SHM_ERROR_OTHER_KIND);
  EXPECT(shm_reserve(sender, SHM_NO_WAIT), SHM_OK);
  EXPECT(shm_sender_forget(&sender, NULL), SHM_ERROR_OTHER_KIND);
  EXPECT(shm_discard(sender), SHM_OK);
  EXPECT(shm_sender_forget(&sender, NULL), SHM_ERROR_OTHER_KIND);
  EXPECT(shm_receiver_forget(&receiver, NULL), SHM_ERROR_OTHER_KIND);
  CHECK(sender != NULL && receiver != NULL);
  EXPECT(shm_sender_close(&sender, SHM_LEAVE_CLOSE, NULL), SHM_OK);
  EXPECT(shm_receiver_close(&receiver, NULL), SHM_OK);
}

int main(int argc, char **argv)
{
  CHECK(argc == 2);
  one_to_many(argv[1]);
  many_to_one(argv[1]);
  killed_without_a_label(argv[1]);
  killed_with_a_label(argv[1]);
  selected(argv[1]);
  misused(argv[1]);
  return 0;
}
