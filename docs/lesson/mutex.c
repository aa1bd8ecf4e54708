/* What a mutex in shared memory says after its holder was killed.
   cc -o mutex mutex.c -pthread && ./mutex */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A child locks the mutex and dies; then the parent tries for 200 ms. */
static int lock_of_the_dead(int robust)
{
  pthread_mutex_t *mutex = mmap(NULL, sizeof *mutex, PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (mutex == MAP_FAILED) return errno;
  pthread_mutexattr_t how;
  pthread_mutexattr_init(&how);
  pthread_mutexattr_setpshared(&how, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&how, robust);
  pthread_mutex_init(mutex, &how);

  pid_t child = fork();
  if (child == 0) {
    pthread_mutex_lock(mutex);
    raise(SIGKILL);
  }
  waitpid(child, NULL, 0);

  struct timespec end;
  clock_gettime(CLOCK_REALTIME, &end);
  end.tv_sec += (end.tv_nsec + 200000000) / 1000000000;
  end.tv_nsec = (end.tv_nsec + 200000000) % 1000000000;
  return pthread_mutex_timedlock(mutex, &end);
}

static const char *name(int error)
{
  if (error == EOWNERDEAD) return "EOWNERDEAD, the lock is mine";
  if (error == ETIMEDOUT) return "ETIMEDOUT, still locked";
  return error ? "another error" : "locked";
}

int main(void)
{
  printf("plain: %s\n", name(lock_of_the_dead(PTHREAD_MUTEX_STALLED)));
  printf("robust: %s\n", name(lock_of_the_dead(PTHREAD_MUTEX_ROBUST)));
  return 0;
}
