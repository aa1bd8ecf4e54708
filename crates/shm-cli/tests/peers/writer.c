/* A peer that speaks the lesson's protocol as a C programmer would write it: no atomics, no checks.
   Usage: writer NAME. Sends the lines of standard input. */
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

static int fail(const char *what)
{
  perror(what);
  return 1;
}

int main(int argc, char **argv)
{
  char line[TEXT];

  if (argc != 2) {
    fprintf(stderr, "usage: writer NAME\n");
    return 2;
  }

  int fd = shm_open(argv[1], O_CREAT | O_RDWR | O_TRUNC, 0666);
  if (fd < 0) return fail("shm_open");
  if (ftruncate(fd, sizeof(struct message)) < 0) return fail("ftruncate");
  struct message *m = mmap(NULL, sizeof *m, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (m == MAP_FAILED) return fail("mmap");

  m->clr2send = 0;
  for (;;) {
    printf("? ");
    if (fgets(line, TEXT, stdin) == NULL) break;
    while (m->clr2send == 0) usleep(POLL_US);
    strncpy(m->mbuf, line, TEXT);
    m->clr2send = 0;
  }

  close(fd);
  shm_unlink(argv[1]);
  return 0;
}
