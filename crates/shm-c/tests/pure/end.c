/* One endpoint of a mailbox in C11, by docs/protocol.md alone:
 *
 *     cc -std=c11 -O2 -o end end.c
 *     ./end send|receive NAME [--slots N] [--hot H] [--wait block|spin]
 *
 * It obeys the commands of the page's section "Conformance", and sleeps on its flag or spins. With
 * -DFAULT=1 to 10 it breaks one rule, for the tests of the kit. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef FAULT
#define FAULT 0
#endif

enum { LEFT, FAILED, USAGE, TAKEN = 4, NO_ROOM, DIED, REFUSED,
       CORRUPT, TRUNCATED, CLOSED, UNLINKED, BUSY, USED_UP };       /* the exit status */
enum { INIT, SENDER, RECEIVER };                                    /* the bytes that are locked */
enum { PAGE = 4096, LONGEST = 1024, MOST_SLOTS = 65536 };
#define LAST_MESSAGE ((UINT64_C(1) << 53) - 2)
#define MET UINT64_MAX
#define MS UINT64_C(1000000)
#define LOAD(word) atomic_load_explicit(&(word), memory_order_acquire)
#define STORE(word, value) atomic_store_explicit(&(word), (value), memory_order_release)

struct side {
    _Atomic uint64_t life;
    _Atomic uint32_t parked, pid, fences, kept;
};
struct slot {
    _Atomic uint64_t stamp;
    unsigned char payload[LONGEST], unused[56];
};
struct mailbox {
    char magic[8];
    uint32_t version, kind, slots, hot;
    unsigned char unused[8], id[16];
    _Alignas(128) _Atomic uint64_t sent;
    _Alignas(128) struct side sender;
    _Alignas(128) _Atomic uint64_t received;
    _Alignas(128) struct side receiver;
    _Alignas(128) struct slot slot[];
};
_Static_assert(sizeof(struct mailbox) == 640 && sizeof(struct slot) == 1088, "the layout");

static const char *name;
static char path[300];              /* of the object */
static bool sends, spins;
static int fd, my_byte, peer_byte;
static uint32_t slots = 64, hot;
static off_t needed;                /* bytes, by slots and hot */
static struct mailbox *box;
static struct side *mine, *peer;
static uint64_t my_life;
static uint64_t n;                  /* the next message to send, or to show */
static uint64_t received;           /* as I stored it, or as a sender loaded it last */
static uint64_t unmet_life;         /* the peer's that I have not met; MET if I have */
static uint64_t known_life;         /* the peer's, at the last check */
static uint64_t checked;            /* when, in nanoseconds */

/* Ends as one that died: the kernel frees the locks. */
static _Noreturn void stop(int status, const char *why) {
    fprintf(stderr, "%s: %s (%s)\n", name ? name : "end", why, strerror(errno));
    _exit(status);
}

static void on_sigbus(int number) {
    (void)number;
    _exit(TRUNCATED);
}

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000 * MS + (uint64_t)time.tv_nsec;
}

static bool lock(int byte, short type) {
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

static bool lock_init(void) {
    for (uint64_t end = now() + 2000 * MS; !lock(INIT, F_WRLCK); usleep(1000))
        if (now() > end)
            return false;
    return true;
}

static bool is_locked(int byte) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    if (fcntl(fd, F_OFD_GETLK, &lock) != 0)
        stop(FAILED, "cannot test a lock");
    return lock.l_type != F_UNLCK;
}

static struct stat status(void) {
    struct stat object;
    if (fstat(fd, &object) != 0)
        stop(FAILED, "fstat");
    return object;
}

static bool has_name(void) {
    struct stat object = status(), named;
    return lstat(path, &named) == 0 && named.st_dev == object.st_dev
        && named.st_ino == object.st_ino;
}

static long futex(_Atomic uint32_t *word, int call, uint32_t value, const struct timespec *end) {
    return syscall(SYS_futex, word, call, value, end, NULL, FUTEX_BITSET_MATCH_ANY);
}

/* After my stores: wakes the peer if it sleeps, or in any case. */
static void wake(bool in_any_case) {
    atomic_thread_fence(memory_order_seq_cst);
    if (!in_any_case && atomic_load_explicit(&peer->parked, memory_order_relaxed) == 0)
        return;
    uint32_t parked = atomic_exchange(&peer->parked, 0);
    if (parked == 2 && FAULT != 6)          /* 6: never rings */
        futimens(fd, NULL);
    if (in_any_case || (parked != 0 && parked != 2))
        futex(&peer->parked, FUTEX_WAKE, 1, NULL);
}

/* Where message `number` is, and its stamp; NULL if it is not there. */
static struct slot *find(uint64_t number, uint64_t *stamp) {
    struct slot *place[2] = {&box->slot[number % hot], &box->slot[hot + number % slots]};
    struct slot *found = NULL;
    for (int i = 0; i < (hot == slots ? 1 : 2); i++) {
        uint64_t read = LOAD(place[i]->stamp);
        if (read >> 11 > number + 1)
            stop(CORRUPT, "a stamp is ahead");
        if (read >> 11 == number + 1 && !found) {
            found = place[i];
            *stamp = read;
        }
    }
    return found;
}

/* The slot for the next message, by the last known count; NULL if there is none. */
static struct slot *free_slot(void) {
    uint64_t queued = n - received;
    if (FAULT == 8 && queued > 0)           /* 8: one message too many */
        queued--;
    if (queued < hot)
        return &box->slot[n % hot];
    return queued < slots ? &box->slot[hot + n % slots] : NULL;
}

static bool has_room(void) {
    if (free_slot())
        return true;
    uint64_t loaded = LOAD(box->received);
    if (loaded < received || loaded > n)
        stop(CORRUPT, "received is out of its range");
    received = loaded;
    return free_slot() != NULL;
}

static bool has_message(void) {
    uint64_t stamp;
    return find(n, &stamp) != NULL;
}

/* Attaching */

static bool is_power_of_two(uint32_t number, uint32_t most) {
    return number != 0 && number <= most && (number & (number - 1)) == 0;
}

static void map(void) {
    box = mmap(NULL, (size_t)needed, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (box == MAP_FAILED)
        stop(FAILED, "mmap");
    mine = sends ? &box->sender : &box->receiver;
    peer = sends ? &box->receiver : &box->sender;
}

static void set_needed(void) {
    off_t places = hot == slots ? (off_t)slots : (off_t)hot + slots;
    off_t end = (off_t)sizeof *box + places * (off_t)sizeof(struct slot);
    needed = (end + PAGE - 1) / PAGE * PAGE;
}

static void take_role(void) {
    uint64_t epoch = LOAD(mine->life) >> 1;
    my_life = (epoch + 1) << 1 ? (epoch + 1) << 1 : 2;
    atomic_store(&mine->pid, (uint32_t)getpid());
    atomic_store(&mine->fences, 0);
    atomic_exchange(&mine->parked, 0);
    STORE(mine->life, my_life);
    if (sends)
        STORE(mine->kept, 0);
    /* A failure makes the peer's wakes late, at most. */
    syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0);
    checked = now();
}

/* False if something else has got the name. */
static bool create(void) {
    char link[64];
    struct stat named;
    set_needed();
    fd = open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    int error = fd < 0 ? errno : posix_fallocate(fd, 0, needed);
    if (error == ENOSPC && lstat(path, &named) == 0)
        return close(fd) > 0;
    if (error != 0)
        stop(error == ENOSPC ? NO_ROOM : FAILED, "cannot reserve a file");
    map();
    lock(my_byte, F_WRLCK);
    memcpy(box->magic, "shm-mbox", 8);
    box->version = box->kind = 1;
    box->slots = slots;
    box->hot = hot;
    if (getrandom(box->id, sizeof box->id, 0) != sizeof box->id)
        stop(FAILED, "getrandom");
    box->id[0] |= 1;                        /* never all zeros */
    take_role();
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (linkat(AT_FDCWD, link, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0)
        return true;
    if (errno != EEXIST)
        stop(errno == ENOSPC ? NO_ROOM : FAILED, "linkat");
    munmap(box, (size_t)needed);
    return close(fd) > 0;
}

static void validate(void) {
    struct mailbox head;
    static const unsigned char zeros[16];
    off_t size = status().st_size;
    if (size == 0 || size % PAGE != 0 || pread(fd, &head, sizeof head, 0) != sizeof head)
        stop(REFUSED, "not whole pages");
    if (memcmp(head.magic, "shm-mbox", 8) != 0 || head.version != 1 || head.kind != 1
        || !is_power_of_two(head.slots, MOST_SLOTS) || !is_power_of_two(head.hot, head.slots)
        || memcmp(head.id, zeros, 16) == 0)
        stop(REFUSED, "not a mailbox of version 1");
    slots = head.slots;
    hot = head.hot;
    set_needed();
    if (size < needed)
        stop(REFUSED, "smaller than its slots");
}

/* Where the last one of this role stopped. */
static void resume(void) {
    uint64_t stamp;
    n = sends ? LOAD(box->sent) : LOAD(box->received);
    if (n > LAST_MESSAGE + 1)
        stop(CORRUPT, "a count is too high");
    if (sends && n <= LAST_MESSAGE && find(n, &stamp) && FAULT != 1) {     /* 1: trusts sent */
        n++;
        STORE(box->sent, n);
    }
    received = LOAD(box->received);
    if (received > n || n - received > slots)
        stop(CORRUPT, "received is out of its range");
}

static void attach(void) {
    char slashed[sizeof path];
    snprintf(slashed, sizeof slashed, "/%s", name);
    for (uint64_t end = now() + 500 * MS;; close(fd)) {
        fd = shm_open(slashed, O_RDWR | O_NONBLOCK, 0);
        if (fd < 0 && errno == ENOENT) {
            if (create())
                return;
            continue;
        }
        if (fd < 0)
            stop(errno == EACCES ? FAILED : REFUSED, "cannot open");
        struct stat object = status();
        if (!S_ISREG(object.st_mode) || object.st_mode & S_IWOTH || object.st_uid != geteuid())
            stop(REFUSED, "not a file for this user alone");
        if (!lock_init())
            stop(BUSY, "another process is attaching or closing");
        if (!has_name())
            continue;
        validate();
        if (lock(my_byte, F_WRLCK))
            break;
        if (now() > end)
            stop(TAKEN, "the role is taken");
        lock(INIT, F_UNLCK);
        usleep(1000);
    }
    map();
    resume();
    known_life = LOAD(peer->life);
    unmet_life = is_locked(peer_byte) ? MET : known_life;
    take_role();
    wake(true);
    lock(INIT, F_UNLCK);
}

/* Closing */

static bool is_to_be_unlinked(bool keeps) {
    uint64_t stamp, now_received = LOAD(box->received);
    if (sends)
        return !keeps && now_received == n;
    uint64_t life = LOAD(peer->life);
    bool has_left = life == 0 || (life & 1 && LOAD(peer->kept) == 0);
    return has_left && !is_locked(SENDER) && LOAD(box->sent) <= received
        && !find(received, &stamp);
}

static _Noreturn void leave(int exit_status, bool keeps, bool aborts) {
    if (status().st_size < needed)
        _exit(TRUNCATED);
    bool has_init = lock_init();
    if (keeps)
        STORE(mine->kept, 1);
    if (!aborts)
        STORE(mine->life, my_life | 1);
    if (has_init && (is_to_be_unlinked(keeps) || FAULT == 9) && has_name())
        unlink(path);                       /* 9: whatever is queued */
    lock(my_byte, F_UNLCK);
    wake(true);
    if (has_init)
        lock(INIT, F_UNLCK);
    _exit(exit_status);
}

/* Waiting */

/* Whether what I wait for is there after all; ends the program on a verdict. */
static bool check(bool (*is_there)(void)) {
    struct stat object = status();
    if (object.st_size < needed || object.st_blocks < needed / 512)
        stop(TRUNCATED, "the object has lost memory");
    if (memcmp(box->magic, "shm-mbox", 8) != 0 || LOAD(mine->life) != my_life
        || (sends ? LOAD(box->sent) != n : LOAD(box->received) != received))
        stop(TRUNCATED, "the object has lost what I wrote");
    bool attached;
    do {
        known_life = LOAD(peer->life);
        attached = is_locked(peer_byte);
    } while (LOAD(peer->life) != known_life);
    checked = now();
    bool is_gone = !attached && known_life != 0 && known_life != unmet_life;
    if (is_gone && FAULT == 10)             /* 10: without another test */
        leave(known_life & 1 ? CLOSED : DIED, false, false);
    uint64_t sent = LOAD(box->sent);
    if (is_there())
        return true;
    if (!sends && sent > n)
        stop(CORRUPT, "a stamp is lost");
    if (is_gone)
        leave(known_life & 1 ? CLOSED : DIED, false, false);
    if (!attached && !has_name())
        leave(UNLINKED, false, false);
    return false;
}

/* Sleeps on my flag until woken, or until a check is due. */
static void park(bool (*is_there)(void)) {
    uint64_t end = checked + 100 * MS;
    struct timespec until = {(time_t)(end / (1000 * MS)), (long)(end % (1000 * MS))};
    atomic_exchange(&mine->parked, 1);
    atomic_thread_fence(memory_order_seq_cst);
    if (FAULT != 7 && is_there())           /* 7: sleeps without another test */
        return;
    if (futex(&mine->parked, FUTEX_WAIT_BITSET, 1, &until) != 0 && errno == EFAULT)
        stop(TRUNCATED, "there is no memory");
    if (status().st_size < needed)
        stop(TRUNCATED, "the object is too small");
}

static void wait_for(bool (*is_there)(void)) {
    while (!is_there()) {
        uint64_t interval = spins ? MS / 2 : 100 * MS;
        if (LOAD(peer->life) != known_life || now() - checked >= interval) {
            if (check(is_there))
                break;
        } else if (spins) {
            sched_yield();
        } else {
            park(is_there);
        }
    }
    if (LOAD(mine->parked) != 0)
        atomic_exchange(&mine->parked, 0);
}

/* The commands */

static void send_message(const char *hex) {
    unsigned char bytes[LONGEST];
    size_t length = 0;
    for (; length < LONGEST && sscanf(hex, "%2hhx", &bytes[length]) == 1; hex += 2)
        length++;
    if (*hex != '\0')
        stop(USAGE, "not 0 to 1024 bytes in hexadecimal digits");
    if (n > LAST_MESSAGE)
        stop(USED_UP, "the message numbers are used up");
    wait_for(has_room);
    struct slot *slot = free_slot();
    uint64_t stamp = (n + 1) << 11 | length;
    if (FAULT == 2)                         /* 2: commits before the payload is there */
        STORE(slot->stamp, stamp);
    if (FAULT == 3)                         /* 3: counts before it commits */
        STORE(box->sent, n + 1);
    memcpy(slot->payload, bytes, length);
    STORE(slot->stamp, stamp);
    STORE(box->sent, n + 1);
    wake(false);
    printf("sent %llu\n", (unsigned long long)n++);
}

static void acknowledge(void) {
    received = n;
    STORE(box->received, received);
    wake(false);
}

static void show(void) {
    unsigned char bytes[2048];
    uint64_t stamp;
    wait_for(has_message);
    struct slot *slot = find(n, &stamp);
    size_t length = stamp & 2047;
    if (!slot || (length > LONGEST && FAULT != 4))      /* 4: believes any length */
        stop(CORRUPT, "a message is gone, or too long");
    memcpy(bytes, slot->payload, length);
    unmet_life = MET;
    printf("message %llu ", (unsigned long long)n++);
    for (size_t i = 0; i < length; i++)
        printf("%02x", bytes[i]);
    putchar('\n');
    if (FAULT == 5)                         /* 5: acknowledges unasked */
        acknowledge();
}

static void read_options(int count, char **argument) {
    for (int i = 3; i + 1 < count; i += 2) {
        const char *option = argument[i], *value = argument[i + 1];
        if (strcmp(option, "--slots") == 0)
            slots = (uint32_t)strtoul(value, NULL, 10);
        else if (strcmp(option, "--hot") == 0)
            hot = (uint32_t)strtoul(value, NULL, 10);
        else if (strcmp(option, "--wait") == 0 && strcmp(value, "spin") == 0)
            spins = true;
        else if (strcmp(option, "--wait") != 0 || strcmp(value, "block") != 0)
            stop(USAGE, "no such option");
    }
    hot = hot ? hot : slots < 8 ? slots : 8;
}

int main(int count, char **argument) {
    static char line[4096];
    if (count < 3)
        stop(USAGE, "send or receive, and a name");
    sends = strcmp(argument[1], "send") == 0;
    my_byte = sends ? SENDER : RECEIVER;
    peer_byte = sends ? RECEIVER : SENDER;
    name = argument[2];
    snprintf(path, sizeof path, "/dev/shm/%s", name);
    read_options(count, argument);
    signal(SIGBUS, on_sigbus);
    setvbuf(stdout, NULL, _IOLBF, 0);
    attach();
    printf("attached %llu\n", (unsigned long long)n);
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (sends && strncmp(line, "send ", 5) == 0) {
            send_message(line + 5);
        } else if (!sends && strcmp(line, "show") == 0) {
            show();
        } else if (!sends && strcmp(line, "ack") == 0) {
            acknowledge();
            printf("acknowledged %llu\n", (unsigned long long)received);
        } else if (sends && (strcmp(line, "keep") == 0 || strcmp(line, "abort") == 0)) {
            leave(LEFT, *line == 'k', *line == 'a');
        } else {
            stop(USAGE, "no such command");
        }
    }
    leave(LEFT, false, false);
}
