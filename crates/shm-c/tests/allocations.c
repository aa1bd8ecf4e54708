/* Calls that carry messages allocate nothing. allocations NAME
   The program's own functions take the place of the C library's. */
#include "check.h"

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static unsigned long count;

void *malloc(size_t size)
{
  count++;
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size)
{
  count++;
  return __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size)
{
  count++;
  return __libc_realloc(memory, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
  count++;
  *memory = __libc_memalign(alignment, size);
  return 0;
}

void *aligned_alloc(size_t alignment, size_t size)
{
  count++;
  return __libc_memalign(alignment, size);
}

static void passed(const char *name, const struct shm_options *options)
{
  shm_sender *sender;
  shm_receiver *receiver;
  struct shm_message message, batch[16];
  struct shm_bytes bytes[] = {{"one", 3}, {"two", 3}};
  size_t sent;
  int timeout, fd;
  unsigned long before = count;

  EXPECT(shm_sender_open(&sender, name, options), SHM_OK);
  EXPECT(shm_receiver_open(&receiver, name, options), SHM_OK);
  EXPECT(shm_receiver_bell(receiver, &fd), SHM_OK);
  CHECK(count > before);
  /* The first failure of a thread may make room for its text. */
  EXPECT(shm_try_recv(receiver, &message), SHM_ERROR_EMPTY);

  before = count;
  for (int round = 0; round < 1000; round++) {
    EXPECT(shm_send(sender, "one tea", 7), SHM_OK);
    EXPECT(shm_try_send(sender, "one tea", 7), SHM_OK);
    EXPECT(shm_send_within(sender, "one tea", 7, LIMIT), SHM_OK);
    EXPECT(shm_send_batch(sender, bytes, 2, &sent, SHM_FOREVER), SHM_OK);
    EXPECT(shm_reserve(sender, SHM_FOREVER), SHM_OK);
    EXPECT(shm_append(sender, "one tea", 7), SHM_OK);
    EXPECT(shm_commit(sender), SHM_OK);
    EXPECT(shm_receiver_arm(receiver, &timeout), SHM_OK);
    EXPECT(shm_recv(receiver, &message), SHM_OK);
    EXPECT(shm_try_recv(receiver, &message), SHM_OK);
    EXPECT(shm_recv_within(receiver, &message, LIMIT), SHM_OK);
    EXPECT(shm_peek(receiver, &message), SHM_OK);
    EXPECT(shm_ack(receiver), SHM_OK);
    EXPECT(shm_recv_batch(receiver, batch, 16, &sent, SHM_FOREVER), SHM_OK);
    EXPECT(shm_try_recv(receiver, &message), SHM_ERROR_EMPTY);
    EXPECT(shm_drain(sender, SHM_NO_WAIT), SHM_OK);
  }
  CHECK(count == before);
  EXPECT(shm_sender_close(&sender, SHM_LEAVE_CLOSE, NULL), SHM_OK);
  EXPECT(shm_receiver_close(&receiver, NULL), SHM_OK);
}

int main(int argc, char **argv)
{
  struct shm_options bus = SHM_OPTIONS_INIT;

  CHECK(argc == 2);
  passed(argv[1], NULL);
  bus.kind = SHM_KIND_BUS;
  passed(argv[1], &bus);
  return 0;
}
