/* The writer with the library: sends the lines of standard input.
   cc library-writer.c $(pkg-config --cflags --libs shm-mailbox) */
#include <shm_mailbox.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
  char line[SHM_MAX_MESSAGE];
  shm_sender *sender;

  if (argc != 2) return 2;
  int error = shm_sender_open(&sender, argv[1], NULL); /* 1 to 5 */
  while (!error && fgets(line, sizeof line, stdin) != NULL)
    error = shm_send(sender, line, strlen(line)); /* 6 to 8 */
  if (!error) error = shm_drain(sender, SHM_FOREVER);
  if (!error) error = shm_sender_close(&sender, 0, NULL); /* 9, 10 */
  if (error) fprintf(stderr, "writer: %s\n", shm_last_error());
  return error != 0;
}
