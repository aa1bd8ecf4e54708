/* Each reader gets every line of the writer: ticks write NAME, and
   ticks read NAME [LABEL]. A reader with a label misses none, also if it is
   killed. */
#include <shm_mailbox.h>
#include <stdio.h>
#include <string.h>

static int give_up(void)
{
  fprintf(stderr, "ticks: %s\n", shm_last_error());
  return 1;
}

static int write_lines(const char *name, const struct shm_options *options)
{
  shm_sender *sender;
  char line[SHM_MAX_MESSAGE];

  if (shm_sender_open(&sender, name, options) != SHM_OK) return give_up();
  while (fgets(line, sizeof line, stdin) != NULL)
    if (shm_send(sender, line, strlen(line)) != SHM_OK) return give_up();
  /* Until every reader has all of it. */
  if (shm_drain(sender, SHM_FOREVER) != SHM_OK) return give_up();
  if (shm_sender_close(&sender, SHM_LEAVE_CLOSE, NULL) != SHM_OK)
    return give_up();
  return 0;
}

static int read_lines(const char *name, const struct shm_options *options)
{
  shm_receiver *receiver;
  struct shm_message message;
  int error;

  if (shm_receiver_open(&receiver, name, options) != SHM_OK) return give_up();
  while ((error = shm_peek(receiver, &message)) == SHM_OK) {
    printf("%.*s", (int)message.length, (const char *)message.data);
    fflush(stdout);
    if (shm_ack(receiver) != SHM_OK) return give_up();
  }
  if (error != SHM_ERROR_CLOSED) return give_up();
  /* Nothing is to be kept for it after the end. */
  if (shm_receiver_forget(&receiver, NULL) != SHM_OK) return give_up();
  return 0;
}

int main(int argc, char **argv)
{
  struct shm_options options = SHM_OPTIONS_INIT;

  options.kind = SHM_KIND_BUS;
  options.flags = SHM_AWAIT_PEER;
  if (argc == 3 && strcmp(argv[1], "write") == 0)
    return write_lines(argv[2], &options);
  options.flags = 0;
  options.label = argc == 4 ? argv[3] : NULL;
  if (argc >= 3 && strcmp(argv[1], "read") == 0)
    return read_lines(argv[2], &options);
  fprintf(stderr, "usage: ticks write NAME | ticks read NAME [LABEL]\n");
  return 2;
}
