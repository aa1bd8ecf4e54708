/* Starts a worker again when it crashes, and sets a message aside that has
   crashed it twice: supervisor NAME */
#include <inttypes.h>
#include <shm_mailbox.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Prints each message, and crashes at "crash". Acknowledges a message when the
   work is done, so the next worker gets the one that this worker died of. */
static int work(const char *name, uint64_t aside)
{
  shm_receiver *receiver;
  struct shm_message message;

  int error = shm_receiver_open(&receiver, name, NULL);
  while (!error && !(error = shm_peek(receiver, &message))) {
    if (message.number == aside)
      printf("message %" PRIu64 " is set aside\n", aside);
    else if (message.length >= 5 && !memcmp(message.data, "crash", 5))
      raise(SIGKILL);
    else
      printf("%.*s", (int)message.length, (const char *)message.data);
    fflush(stdout);
    error = shm_ack(receiver);
  }
  if (error == SHM_ERROR_CLOSED) error = shm_receiver_close(&receiver, NULL);
  if (error) fprintf(stderr, "worker: %s\n", shm_last_error());
  return error != 0;
}

int main(int argc, char **argv)
{
  uint64_t aside = UINT64_MAX, last = UINT64_MAX;
  struct shm_snapshot seen;
  int status;

  if (argc != 2) return 2;
  for (;;) {
    pid_t worker = fork();
    if (worker < 0) return 1;
    if (worker == 0) return work(argv[1], aside);
    if (waitpid(worker, &status, 0) != worker) return 1;
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    /* The first message that is not acknowledged is the one it died of. */
    if (shm_observe(argv[1], &seen, sizeof seen) != SHM_OK) {
      fprintf(stderr, "supervisor: %s\n", shm_last_error());
      return 1;
    }
    printf("the worker died of message %" PRIu64 ", %" PRIu64 " queued\n",
           seen.received, seen.queued);
    fflush(stdout);
    aside = seen.received == last ? last : UINT64_MAX;
    last = seen.received;
  }
}
