/* The pair again, with two semaphores instead of the flag, so that no process polls.
   cc -o semaphores semaphores.c -pthread -lrt
   ./semaphores writer NAME, then ./semaphores reader NAME */
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEXT = 1024 };

struct message {
  sem_t empty;   /* 1: the writer may write */
  sem_t full;    /* 1: the reader may read */
  size_t length; /* 0: the writer has finished */
  char text[TEXT];
};

static int fail(const char *call)
{
  perror(call);
  return 1;
}

static struct message *map(int fd)
{
  return mmap(NULL, sizeof(struct message), PROT_READ | PROT_WRITE,
              MAP_SHARED, fd, 0);
}

static int writer(const char *name)
{
  char line[TEXT];
  int fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
  if (fd < 0) return fail("shm_open");
  if (ftruncate(fd, sizeof(struct message)) < 0) return fail("ftruncate");
  struct message *m = map(fd);
  if (m == MAP_FAILED) return fail("mmap");
  if (sem_init(&m->empty, 1, 1) < 0) return fail("sem_init"); /* 1: shared */
  if (sem_init(&m->full, 1, 0) < 0) return fail("sem_init");

  for (;;) {
    size_t length = fgets(line, TEXT, stdin) == NULL ? 0 : strlen(line);
    if (sem_wait(&m->empty) < 0) return fail("sem_wait");
    memcpy(m->text, line, length);
    m->length = length;
    if (sem_post(&m->full) < 0) return fail("sem_post");
    if (length == 0) break;
  }
  return shm_unlink(name) < 0 ? fail("shm_unlink") : 0;
}

static int reader(const char *name)
{
  int fd = shm_open(name, O_RDWR, 0);
  if (fd < 0) return fail("shm_open");
  struct message *m = map(fd);
  if (m == MAP_FAILED) return fail("mmap");

  for (;;) {
    if (sem_wait(&m->full) < 0) return fail("sem_wait");
    if (m->length == 0) return 0;
    fwrite(m->text, 1, m->length, stdout);
    fflush(stdout);
    if (sem_post(&m->empty) < 0) return fail("sem_post");
  }
}

int main(int argc, char **argv)
{
  if (argc == 3 && !strcmp(argv[1], "writer")) return writer(argv[2]);
  if (argc == 3 && !strcmp(argv[1], "reader")) return reader(argv[2]);
  fprintf(stderr, "usage: semaphores writer|reader NAME\n");
  return 2;
}
