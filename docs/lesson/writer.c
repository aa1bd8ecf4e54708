/* Sends the lines of standard input to a reader.
   cc -o writer writer.c -lrt && ./writer NAME */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEXT = 1024, POLL_US = 100000 };

struct message {
  int clr2send;
  char mbuf[TEXT];
};

static int give_up(const char *call, int fd, const char *name)
{
  perror(call);
  close(fd);
  shm_unlink(name);
  return 1;
}

int main(int argc, char **argv)
{
  char line[TEXT];

  if (argc != 2) {
    fprintf(stderr, "usage: writer NAME\n");
    return 2;
  }

  int fd = shm_open(argv[1], O_RDWR | O_CREAT | O_TRUNC, 0666); /* 1 */
  if (fd < 0) {
    perror("shm_open"); /* 2 */
    return 1;
  }
  if (ftruncate(fd, sizeof(struct message)) < 0) /* 3 */
    return give_up("ftruncate", fd, argv[1]);
  struct message *m = mmap(NULL, sizeof *m, PROT_READ | PROT_WRITE,
                           MAP_SHARED, fd, 0); /* 4 */
  if (m == MAP_FAILED) return give_up("mmap", fd, argv[1]);

  m->clr2send = 0; /* 5 */
  for (;;) {
    printf("? ");
    if (fgets(line, TEXT, stdin) == NULL) break;
    while (m->clr2send == 0) usleep(POLL_US); /* 6 */
    strncpy(m->mbuf, line, TEXT);             /* 7 */
    m->clr2send = 0;                          /* 8 */
  }

  close(fd);           /* 9 */
  shm_unlink(argv[1]); /* 10 */
  return 0;
}
