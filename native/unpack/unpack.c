#include "unpack/unpack.h"

#include "base/util.h"
#include "unpack/gunzip.h"
#include "unpack/jail.h"
#include "unpack/outline.h"
#include "unpack/publish.h"

#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

/* How much of a plain archive is read at once: what is there is handed on. */
#define PLAIN_MOST ((size_t)256 << 10)

static void pass_plain(struct ring *ring)
{
    uint64_t position = 0;
    for (;;) {
        size_t room = ring_piece(position, PLAIN_MOST);
        publish_room(ring, position + room);
        ssize_t count = read(STDIN_FILENO, ring->bytes + position % RING_SIZE, room);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return;
        position += (uint64_t)count;
        publish(ring, position);
    }
}

static void unpack(struct ring *ring, bool is_gzip, pid_t parent)
{
    if (is_gzip && gunzip_prepare(ring) < 0) _exit(1);
    /* Signals do what they do by default; nothing but its input, its outline and the ring's events is open. */
    signal(SIGPIPE, SIG_DFL);
    if (unpack_enter_jail(parent) < 0) _exit(1);
    const char *failure = NULL;
    if (is_gzip)
        failure = gunzip();
    else
        pass_plain(ring);
    if (failure == NULL)
        publish_end(ring);
    else
        publish_failure(ring, failure);
    _exit(0);
}

static void close_others(const struct ring *ring)
{
    for (int fd = 0; fd < ring->released_event; fd++)
        if (fd != STDIN_FILENO && fd != OUTLINE_FD && fd != ring->filled_event) close(fd);
}

int unpack_start(struct ring *ring, const char *compression)
{
    bool is_gzip = strcmp(compression, "gzip") == 0;
    if (!is_gzip && strcmp(compression, "none") != 0) return fail_with(EINVAL);
    if (ring_make(ring) < 0) return -1;
    pid_t parent = getpid(), child = fork();
    if (child < 0) return -1;
    if (child == 0) {
        close_others(ring);
        unpack(ring, is_gzip, parent);
    }
    close(STDIN_FILENO);
    close(OUTLINE_FD);
    ring->writer = (int)syscall(SYS_pidfd_open, child, 0);
    return ring->writer < 0 ? -1 : 0;
}

int unpack_end(struct ring *ring)
{
    siginfo_t end;
    while (waitid((idtype_t)P_PIDFD, (id_t)ring->writer, &end, WEXITED) < 0)
        if (errno != EINTR) return -1;
    return atomic_load(&ring->progress->over) ? 0 : -1;
}
