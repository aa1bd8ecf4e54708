/* Prints the messages of several mailboxes as they come, and ends when all
   senders have closed: event_loop NAME... */
#include <shm_mailbox.h>
#include <stdio.h>
#include <sys/epoll.h>

enum { MOST = 16 };

static int give_up(void)
{
  fprintf(stderr, "event_loop: %s\n", shm_last_error());
  return 1;
}

int main(int argc, char **argv)
{
  shm_receiver *receivers[MOST];
  struct epoll_event event = {.events = EPOLLIN};
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  int open = argc - 1;

  if (open < 1 || open > MOST || epoll < 0) return 2;
  for (int i = 0; i < open; i++) {
    int bell;
    if (shm_receiver_open(&receivers[i], argv[i + 1], NULL) != SHM_OK ||
        shm_receiver_bell(receivers[i], &bell) != SHM_OK)
      return give_up();
    event.data.u32 = (uint32_t)i;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, bell, &event) < 0) return 1;
  }
  while (open > 0) {
    int wait = -1; /* the shortest time that an endpoint asks for */
    for (int i = 0; i < argc - 1; i++) {
      struct shm_message message;
      int error = SHM_OK, timeout = 0;
      if (receivers[i] == NULL) continue;
      /* Arm until it says to wait: the mailbox is empty then. */
      while (!(error = shm_receiver_arm(receivers[i], &timeout)) && !timeout)
        while (shm_try_recv(receivers[i], &message) == SHM_OK)
          printf("%s: %.*s", argv[i + 1], (int)message.length,
                 (const char *)message.data);
      if (error == SHM_ERROR_CLOSED) {
        shm_receiver_close(&receivers[i], NULL);
        open--;
      } else if (error != SHM_OK) {
        return give_up();
      } else if (timeout > 0 && (wait < 0 || timeout < wait)) {
        wait = timeout;
      }
    }
    fflush(stdout);
    /* Your other descriptors go into the same epoll. */
    if (open > 0) epoll_wait(epoll, &event, 1, wait);
  }
  return 0;
}
