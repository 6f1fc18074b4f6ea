#include "forwarder/forwarder_pipe.h"

#include "base/util.h"

#include <fcntl.h>

/* Idle ones that are kept. */
#define KEPT 16

/* The size of a pipe; the kernel's own where a user may not have as much. */
#define PIPE_SIZE (256 << 10)

static struct pipe kept[KEPT];
static int count;

int pipe_take(struct pipe *pipe)
{
    int ends[2];
    if (pipe->in >= 0) return 0;
    if (count > 0) {
        *pipe = kept[--count];
        return 0;
    }
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) return -1;
    fcntl(ends[0], F_SETPIPE_SZ, PIPE_SIZE);
    *pipe = (struct pipe){.in = ends[1], .out = ends[0]};
    return 0;
}

void pipe_give_back(struct pipe *pipe, size_t left)
{
    if (pipe->in < 0) return;
    if (left == 0 && count < KEPT) {
        kept[count++] = *pipe;
    } else {
        close(pipe->in);
        close(pipe->out);
    }
    *pipe = NO_PIPE;
}
