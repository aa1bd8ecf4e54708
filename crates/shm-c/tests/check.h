/* What the C tests share: a check that ends the program, and a wait. */
#ifndef CHECK_H
#define CHECK_H

#include <shm_mailbox.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHECK(condition)                                                      \
  do {                                                                        \
    if (!(condition)) {                                                       \
      fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition,      \
              shm_last_error());                                              \
      exit(1);                                                                \
    }                                                                         \
  } while (0)

/* The call returns this. */
#define EXPECT(call, expected)                                                \
  do {                                                                        \
    int found_ = (call);                                                      \
    if (found_ != (expected)) {                                               \
      fprintf(stderr, "%s:%d: %s: %s, expected %s: %s\n", __FILE__, __LINE__, \
              #call, shm_error_name(found_), #expected, shm_last_error());    \
      exit(1);                                                                \
    }                                                                         \
  } while (0)

/* The call fails, and the text has this in it. */
#define EXPECT_TEXT(call, expected, text)            \
  do {                                               \
    EXPECT(call, expected);                          \
    CHECK(strstr(shm_last_error(), (text)) != NULL); \
  } while (0)

/* Longer than anything takes on a machine that is not hung: ten minutes. */
#define LIMIT ((int64_t)600 * 1000 * 1000 * 1000)

static inline int is(const struct shm_message *message, const char *text)
{
  return message->length == strlen(text) &&
         memcmp(message->data, text, message->length) == 0;
}

#endif
