/* What two processors see of each other's stores: two litmus tests, and a loop that never ends.

   ordering buffering    stores that wait
   ordering fenced       the same with a fence in between
   ordering passing      a message and its flag, in relaxed order
   ordering hoisted      a loop over a plain int, as an optimising compiler understands it

   Prints "seen" or "not seen". The first three try until it is seen, but at most 300,000 times (the
   first without this limit) and for two seconds: on a busy machine the two threads seldom run at
   the same moment. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 300000, SECONDS = 2 };

/* Each on cache lines of its own, as far from the others as two processes' words may be. */
static struct {
  _Alignas(128) atomic_int value;
} x, y, turn, out;

static enum { BUFFERING, FENCED, PASSING } test;
static atomic_int finished;

/* Waits until both sides have come to this step; a side that waits long lets others run. */
static void meet(int step)
{
  atomic_fetch_add(&turn.value, 1);
  for (int looks = 0; atomic_load(&turn.value) < 2 * step; looks++)
    if (looks > 1000) sched_yield();
}

/* One side of a round; the tests differ in what stands between the two accesses. */
static int one(void)
{
  atomic_store_explicit(&x.value, 1, memory_order_relaxed);
  if (test == PASSING) { /* the message is x, its flag is y */
    atomic_store_explicit(&y.value, 1, memory_order_relaxed);
    return 0;
  }
  if (test == FENCED) atomic_thread_fence(memory_order_seq_cst);
  return atomic_load_explicit(&y.value, memory_order_relaxed);
}

static int other(void)
{
  if (test == PASSING) { /* 0: the flag was there, and the message was not */
    int flag = atomic_load_explicit(&y.value, memory_order_relaxed);
    int message = atomic_load_explicit(&x.value, memory_order_relaxed);
    return !flag || message;
  }
  atomic_store_explicit(&y.value, 1, memory_order_relaxed);
  if (test == FENCED) atomic_thread_fence(memory_order_seq_cst);
  return atomic_load_explicit(&x.value, memory_order_relaxed);
}

static void *second(void *unused)
{
  (void)unused;
  for (int step = 0;;) {
    meet(++step);
    if (atomic_load(&finished)) return NULL;
    atomic_store(&out.value, other());
    meet(++step);
  }
}

static int litmus(void)
{
  pthread_t thread;
  int seen = 0, step = 0;
  time_t end = time(NULL) + SECONDS;
  if (pthread_create(&thread, NULL, second, NULL)) return 2;
  for (int round = 0;; round++) {
    int enough = seen || time(NULL) > end || (round == ROUNDS && test != BUFFERING);
    atomic_store(&x.value, 0);
    atomic_store(&y.value, 0);
    atomic_store(&finished, enough);
    meet(++step);
    if (enough) break;
    int mine = one();
    meet(++step);
    seen |= mine == 0 && atomic_load(&out.value) == 0;
  }
  pthread_join(thread, NULL);
  puts(seen ? "seen" : "not seen");
  return 0;
}

/* The C pair's wait, without its usleep. */
static int flag = 1;

/* Comes every 50 ms: clears the flag as a peer would, and in the end reports that it did not help. */
static void tick(int signal)
{
  static int ticks;
  (void)signal;
  flag = 0;
  if (++ticks < 4) return;
  if (write(1, "seen\n", 5) != 5) _exit(1);
  _exit(0);
}

static int hoisted(void)
{
  struct itimerval every = { { 0, 50000 }, { 0, 50000 } };
  signal(SIGALRM, tick);
  if (setitimer(ITIMER_REAL, &every, NULL)) return 2;
  while (flag > 0) {}
  puts("not seen");
  return 0;
}

int main(int argc, char **argv)
{
  const char *name = argc > 1 ? argv[1] : "";
  if (!strcmp(name, "hoisted")) return hoisted();
  if (!strcmp(name, "buffering")) test = BUFFERING;
  else if (!strcmp(name, "fenced")) test = FENCED;
  else if (!strcmp(name, "passing")) test = PASSING;
  else return 2;
  return litmus();
}
