/* Every call that is given NULL instead of a handle, a name or a result.
   nothing NAME */
#include "check.h"

int main(int argc, char **argv)
{
  shm_sender *sender = NULL;
  shm_receiver *receiver = NULL;
  shm_writer *writer = NULL;
  shm_reader *reader = NULL;
  struct shm_message message;
  struct shm_state state;
  struct shm_snapshot seen;
  struct shm_lane lane;
  struct shm_place place;
  uint64_t words[3] = {0};
  uint32_t seat;
  size_t count;
  int number;

  CHECK(argc == 2);
  CHECK(strcmp(shm_last_error(), "") == 0);
  EXPECT_TEXT(shm_sender_open(NULL, argv[1], NULL), SHM_ERROR_NULL, "NULL");
  EXPECT(shm_sender_open(&sender, NULL, NULL), SHM_ERROR_NULL);
  EXPECT(shm_receiver_open(NULL, argv[1], NULL), SHM_ERROR_NULL);
  EXPECT(shm_receiver_open(&receiver, NULL, NULL), SHM_ERROR_NULL);
  EXPECT(shm_writer_open(NULL, argv[1], NULL), SHM_ERROR_NULL);
  EXPECT(shm_writer_open(&writer, NULL, NULL), SHM_ERROR_NULL);
  EXPECT(shm_reader_open(NULL, argv[1], NULL), SHM_ERROR_NULL);
  EXPECT(shm_reader_open(&reader, NULL, NULL), SHM_ERROR_NULL);
  EXPECT(shm_pair(NULL, &receiver, NULL), SHM_ERROR_NULL);
  EXPECT(shm_pair(&sender, NULL, NULL), SHM_ERROR_NULL);
  CHECK(sender == NULL);
  EXPECT(shm_send(sender, "x", 1), SHM_ERROR_NULL);
  EXPECT(shm_try_send(sender, "x", 1), SHM_ERROR_NULL);
  EXPECT(shm_send_within(sender, "x", 1, 1), SHM_ERROR_NULL);
  EXPECT(shm_send_batch(sender, NULL, 0, &count, 1), SHM_ERROR_NULL);
  EXPECT(shm_reserve(sender, 1), SHM_ERROR_NULL);
  EXPECT(shm_append(sender, "x", 1), SHM_ERROR_NULL);
  EXPECT(shm_commit(sender), SHM_ERROR_NULL);
  EXPECT(shm_discard(sender), SHM_ERROR_NULL);
  EXPECT(shm_drain(sender, 1), SHM_ERROR_NULL);
  EXPECT(shm_sender_bell(sender, &number), SHM_ERROR_NULL);
  EXPECT(shm_sender_arm(sender, &number), SHM_ERROR_NULL);
  EXPECT(shm_sender_arm_drain(sender, &number), SHM_ERROR_NULL);
  EXPECT(shm_sender_state(sender, &state, sizeof state), SHM_ERROR_NULL);
  EXPECT(shm_sender_note(sender, words), SHM_ERROR_NULL);
  EXPECT(shm_sender_set_note(sender, words), SHM_ERROR_NULL);
  EXPECT(shm_sender_lane(sender, &seat), SHM_ERROR_NULL);
  EXPECT(shm_sender_places(sender, &place, sizeof place, 1, &count),
         SHM_ERROR_NULL);
  shm_sender_interrupt(sender, 1);
  EXPECT(shm_sender_close(&sender, 0, NULL), SHM_ERROR_NULL);
  EXPECT(shm_sender_close(NULL, 0, NULL), SHM_ERROR_NULL);
  EXPECT(shm_sender_forget(&sender, NULL), SHM_ERROR_NULL);
  EXPECT(shm_sender_forget(NULL, NULL), SHM_ERROR_NULL);
  EXPECT(shm_recv(receiver, &message), SHM_ERROR_NULL);
  EXPECT(shm_try_recv(receiver, &message), SHM_ERROR_NULL);
  EXPECT(shm_recv_within(receiver, &message, 1), SHM_ERROR_NULL);
  EXPECT(shm_recv_batch(receiver, &message, 1, &count, 1), SHM_ERROR_NULL);
  EXPECT(shm_peek(receiver, &message), SHM_ERROR_NULL);
  EXPECT(shm_try_peek(receiver, &message), SHM_ERROR_NULL);
  EXPECT(shm_peek_within(receiver, &message, 1), SHM_ERROR_NULL);
  EXPECT(shm_ack(receiver), SHM_ERROR_NULL);
  EXPECT(shm_ack_through(receiver, 0, 0), SHM_ERROR_NULL);
  EXPECT(shm_rewind(receiver), SHM_ERROR_NULL);
  EXPECT(shm_receiver_bell(receiver, &number), SHM_ERROR_NULL);
  EXPECT(shm_receiver_arm(receiver, &number), SHM_ERROR_NULL);
  EXPECT(shm_receiver_state(receiver, &state, sizeof state), SHM_ERROR_NULL);
  EXPECT(shm_receiver_place(receiver, &seat), SHM_ERROR_NULL);
  EXPECT(shm_receiver_lanes(receiver, &lane, sizeof lane, 1, &count),
         SHM_ERROR_NULL);
  shm_receiver_interrupt(receiver, 1);
  EXPECT(shm_receiver_close(&receiver, NULL), SHM_ERROR_NULL);
  EXPECT(shm_receiver_close(NULL, NULL), SHM_ERROR_NULL);
  EXPECT(shm_receiver_forget(&receiver, NULL), SHM_ERROR_NULL);
  EXPECT(shm_receiver_forget(NULL, NULL), SHM_ERROR_NULL);
  EXPECT(shm_forget(NULL, "label", NULL), SHM_ERROR_NULL);
  EXPECT(shm_forget("name", NULL, NULL), SHM_ERROR_NULL);
  EXPECT(shm_writer_send(writer, "x", 1, 1), SHM_ERROR_NULL);
  EXPECT(shm_writer_drain(writer, 1), SHM_ERROR_NULL);
  shm_writer_interrupt(writer, 1);
  EXPECT(shm_writer_close(&writer, 0), SHM_ERROR_NULL);
  EXPECT(shm_reader_recv(reader, &message, 1), SHM_ERROR_NULL);
  EXPECT(shm_reader_taken(reader), SHM_ERROR_NULL);
  EXPECT(shm_reader_withdraw(reader, &message), SHM_ERROR_NULL);
  shm_reader_interrupt(reader, 1);
  EXPECT(shm_reader_close(&reader), SHM_ERROR_NULL);
  EXPECT(shm_observe(NULL, &seen, sizeof seen), SHM_ERROR_NULL);
  EXPECT(shm_observe_lanes(NULL, &lane, sizeof lane, 1, &count),
         SHM_ERROR_NULL);
  EXPECT(shm_observe_places(NULL, &place, sizeof place, 1, &count),
         SHM_ERROR_NULL);
  EXPECT(shm_remove(NULL, SHM_REMOVE_STALE), SHM_ERROR_NULL);
  EXPECT(shm_select(NULL, 1, &count, 1), SHM_ERROR_NULL);
  return 0;
}
