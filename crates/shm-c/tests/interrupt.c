/* A signal handler ends a wait that sleeps. interrupt NAME: says "waiting", and
   ends with status 0 when SIGUSR1 has come. */
#include <signal.h>

#include "check.h"

static shm_receiver *receiver;

static void on_signal(int signal)
{
  (void)signal;
  shm_receiver_interrupt(receiver, 1);
}

int main(int argc, char **argv)
{
  struct sigaction action;
  struct shm_options options = SHM_OPTIONS_INIT;
  struct shm_message message;

  CHECK(argc == 2);
  options.wait = SHM_WAIT_BLOCK;
  EXPECT(shm_receiver_open(&receiver, argv[1], &options), SHM_OK);
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
  puts("waiting");
  fflush(stdout);
  EXPECT(shm_recv(receiver, &message), SHM_ERROR_INTERRUPTED);
  /* The flag stays, and can be cleared. */
  EXPECT(shm_recv(receiver, &message), SHM_ERROR_INTERRUPTED);
  shm_receiver_interrupt(receiver, 0);
  EXPECT(shm_recv_within(receiver, &message, 1), SHM_ERROR_TIMED_OUT);
  EXPECT(shm_receiver_close(&receiver, NULL), SHM_OK);
  return 0;
}
