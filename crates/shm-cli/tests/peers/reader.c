/* A peer that speaks the lesson's protocol as a C programmer would write it: no atomics, no checks.
   Usage: reader NAME. Prints the messages, and never ends by itself. */
#include <fcntl.h>
#include <stdio.h>
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
  if (argc != 2) {
    fprintf(stderr, "usage: reader NAME\n");
    return 2;
  }

  int fd = shm_open(argv[1], O_RDWR, 0666);
  if (fd < 0) return fail("shm_open");
  struct message *m = mmap(NULL, sizeof *m, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (m == MAP_FAILED) return fail("mmap");

  for (;;) {
    m->clr2send++;
    while (m->clr2send > 0) usleep(POLL_US);
    printf("%s", m->mbuf);
  }
}
