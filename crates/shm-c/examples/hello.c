#include <shm_mailbox.h>

int main(void)
{
  shm_sender *sender;
  if (shm_sender_open(&sender, "orders", NULL) != 0) return 1;
  if (shm_send(sender, "one tea\n", 8) != 0) return 1;
  return shm_sender_close(&sender, SHM_LEAVE_KEEP, NULL) != 0;
}
