/* The reader with the library: prints the lines, and ends with the writer.
   cc library-reader.c $(pkg-config --cflags --libs shm-mailbox) */
#include <shm_mailbox.h>
#include <stdio.h>

int main(int argc, char **argv)
{
  shm_receiver *receiver;
  struct shm_message message;

  if (argc != 2) return 2;
  int error = shm_receiver_open(&receiver, argv[1], NULL); /* 1 to 3 */
  while (!error && !(error = shm_peek(receiver, &message))) { /* 4, 5 */
    fwrite(message.data, 1, message.length, stdout);          /* 6 */
    fflush(stdout);
    error = shm_ack(receiver);
  }
  if (error == SHM_ERROR_CLOSED) error = shm_receiver_close(&receiver, NULL);
  if (error) fprintf(stderr, "reader: %s\n", shm_last_error());
  return error != 0;
}
