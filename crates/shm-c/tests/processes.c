/* Two processes, of which one is killed, and a child that has its parent's
   handle. processes NAME */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

/* Says that it has the role, and sends numbers until it is killed. */
static void send_numbers(const char *name, int told)
{
  shm_sender *sender;
  struct shm_options options = SHM_OPTIONS_INIT;
  struct shm_state state;

  options.slots = 4;
  EXPECT(shm_sender_open(&sender, name, &options), SHM_OK);
  EXPECT(shm_sender_state(sender, &state, sizeof state), SHM_OK);
  CHECK(write(told, "x", 1) == 1);
  for (uint64_t number = state.count;; number++)
    EXPECT(shm_send(sender, &number, sizeof number), SHM_OK);
}

static void killed(const char *name)
{
  shm_receiver *receiver;
  struct shm_message message;
  uint64_t expected = 0, number;

  EXPECT(shm_receiver_open(&receiver, name, NULL), SHM_OK);
  for (int round = 0; round < 3; round++) {
    int told[2];
    char byte;
    CHECK(pipe(told) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
      /* The handle is the parent's: another one is needed. */
      EXPECT_TEXT(shm_recv(receiver, &message), SHM_ERROR_FORKED, "parent");
      EXPECT(shm_receiver_close(&receiver, NULL), SHM_ERROR_FORKED);
      CHECK(receiver == NULL);
      send_numbers(name, told[1]);
    }
    CHECK(read(told[0], &byte, 1) == 1);
    close(told[0]);
    close(told[1]);
    for (int count = 0; count < 100; count++) {
      EXPECT(shm_peek(receiver, &message), SHM_OK);
      memcpy(&number, message.data, sizeof number);
      CHECK(number == expected && message.number == expected);
      EXPECT(shm_ack(receiver), SHM_OK);
      expected++;
    }
    CHECK(kill(child, SIGKILL) == 0);
    CHECK(waitpid(child, NULL, 0) == child);
    /* What it has sent comes first, whole and in order. */
    for (;;) {
      int error = shm_recv(receiver, &message);
      if (error != SHM_OK) {
        EXPECT(error, SHM_ERROR_PEER_DIED);
        break;
      }
      memcpy(&number, message.data, sizeof number);
      CHECK(number == expected && message.number == expected);
      expected++;
    }
  }
  EXPECT(shm_receiver_close(&receiver, NULL), SHM_OK);
  EXPECT(shm_remove(name, SHM_REMOVE_STALE), SHM_OK);
}

int main(int argc, char **argv)
{
  CHECK(argc == 2);
  killed(argv[1]);
  return 0;
}
