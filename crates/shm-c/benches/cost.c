/* Sends and receives messages in one thread, and prints what a pair costs.
   cost LENGTH COUNT */
#include <shm_mailbox.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static uint64_t pass(shm_sender *sender, shm_receiver *receiver,
                     const unsigned char *bytes, size_t length, long count)
{
  struct shm_message message;
  uint64_t sum = 0;

  for (long i = 0; i < count; i++) {
    if (shm_try_send(sender, bytes, length) != 0) abort();
    if (shm_try_recv(receiver, &message) != 0) abort();
    sum += message.data[0] + message.number;
  }
  return sum;
}

int main(int argc, char **argv)
{
  static unsigned char bytes[SHM_MAX_MESSAGE];
  shm_sender *sender;
  shm_receiver *receiver;
  double begun;
  uint64_t sum;

  if (argc != 3 || shm_pair(&sender, &receiver, NULL) != 0) return 2;
  size_t length = (size_t)atol(argv[1]);
  long count = atol(argv[2]);
  sum = pass(sender, receiver, bytes, length, count / 10);
  begun = now();
  sum += pass(sender, receiver, bytes, length, count);
  printf("%.3f\n", (now() - begun) / (double)count);
  fprintf(stderr, "%llu\n", (unsigned long long)sum);
  shm_sender_close(&sender, SHM_LEAVE_CLOSE, NULL);
  shm_receiver_close(&receiver, NULL);
  return 0;
}
