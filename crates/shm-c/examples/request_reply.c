/* Request and reply, through two mailboxes.
   request_reply server NAME answers each request with the same in capitals.
   request_reply client NAME asks for each line of standard input. */
#include <ctype.h>
#include <shm_mailbox.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* A reply begins with the number of its request. */
enum { TEXT = SHM_MAX_MESSAGE - sizeof(uint64_t) };

static int give_up(void)
{
  fprintf(stderr, "request_reply: %s\n", shm_last_error());
  return 1;
}

static int serve(shm_receiver *requests, shm_sender *replies)
{
  struct shm_message request;
  char reply[SHM_MAX_MESSAGE];
  int error;

  while ((error = shm_peek(requests, &request)) == SHM_OK) {
    size_t length = request.length < TEXT ? request.length : TEXT;
    memcpy(reply, &request.number, sizeof request.number);
    for (size_t i = 0; i < length; i++)
      reply[sizeof request.number + i] = (char)toupper(request.data[i]);
    if (shm_send(replies, reply, sizeof request.number + length) != SHM_OK)
      return give_up();
    /* Only now: a server that is killed before gets the request again. */
    if (shm_ack(requests) != SHM_OK) return give_up();
  }
  return error == SHM_ERROR_CLOSED ? 0 : give_up();
}

static int ask(shm_sender *requests, shm_receiver *replies)
{
  struct shm_state state;
  struct shm_message reply;
  char line[TEXT];

  while (fgets(line, sizeof line, stdin) != NULL) {
    uint64_t number;
    if (shm_sender_state(requests, &state, sizeof state) != SHM_OK ||
        shm_send(requests, line, strlen(line)) != SHM_OK)
      return give_up();
    do { /* A server that was killed may have answered twice. */
      if (shm_recv(replies, &reply) != SHM_OK) return give_up();
      memcpy(&number, reply.data, sizeof number);
    } while (number != state.count);
    fwrite(reply.data + sizeof number, 1, reply.length - sizeof number, stdout);
  }
  return 0;
}

int main(int argc, char **argv)
{
  char requests[256], replies[256];
  shm_sender *sender;
  shm_receiver *receiver;

  if (argc != 3) return 2;
  int is_server = strcmp(argv[1], "server") == 0;
  snprintf(requests, sizeof requests, "%s-requests", argv[2]);
  snprintf(replies, sizeof replies, "%s-replies", argv[2]);
  if (shm_sender_open(&sender, is_server ? replies : requests, NULL) ||
      shm_receiver_open(&receiver, is_server ? requests : replies, NULL))
    return give_up();
  int status = is_server ? serve(receiver, sender) : ask(sender, receiver);
  shm_sender_close(&sender, SHM_LEAVE_CLOSE, NULL);
  shm_receiver_close(&receiver, NULL);
  return status;
}
