/* Prints the lines that a writer sends. Never ends by itself.
   cc -o reader reader.c -lrt && ./reader NAME */
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

int main(int argc, char **argv)
{
  if (argc != 2) {
    fprintf(stderr, "usage: reader NAME\n");
    return 2;
  }

  int fd = shm_open(argv[1], O_RDWR, 0666); /* 1 */
  if (fd < 0) {
    perror("shm_open");
    return 1;
  }
  struct message *m = mmap(NULL, sizeof *m, PROT_READ | PROT_WRITE,
                           MAP_SHARED, fd, 0); /* 2 */
  if (m == MAP_FAILED) {
    perror("mmap");
    close(fd);
    shm_unlink(argv[1]); /* 3 */
    return 1;
  }

  for (;;) {
    m->clr2send++;                           /* 4 */
    while (m->clr2send > 0) usleep(POLL_US); /* 5 */
    printf("%s", m->mbuf);                   /* 6 */
  }
}
