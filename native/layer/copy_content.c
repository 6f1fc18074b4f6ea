#include "layer/copy_content.h"

#include "base/util.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#define FICLONE _IOW(0x94, 9, int)

/* Below this a copy by hand is faster than copy_file_range(2), which splices. */
#define SMALL (1 << 18)

/* What is copied between two looks at whether to go on. */
#define PIECE (16 << 20)

struct copying {
    int from, to;
    int (*advance)(off_t bytes);
    bool short_of; /* the file has become shorter */
};

static int tell(const struct copying *copying, off_t bytes)
{
    return copying->advance == NULL ? 0 : copying->advance(bytes);
}

static int copy_by_hand(struct copying *copying, off_t at, off_t end)
{
    static char buffer[1 << 18];
    while (at < end) {
        size_t want = end - at < (off_t)sizeof buffer ? (size_t)(end - at) : sizeof buffer;
        ssize_t n = pread(copying->from, buffer, want, at);
        if (n == 0) {
            copying->short_of = true;
            return ftruncate(copying->to, at);
        }
        for (ssize_t done = 0, put; done < n; done += put) {
            put = pwrite(copying->to, buffer + done, (size_t)(n - done), at + done);
            if (put < 0) return -1;
        }
        if (n < 0 || tell(copying, n) < 0) return -1;
        at += n;
    }
    return 0;
}

static int copy_range(struct copying *copying, off_t at, off_t end)
{
    if (end - at <= SMALL) return copy_by_hand(copying, at, end);
    while (at < end) {
        off_t in = at, out = at;
        size_t want = end - at < PIECE ? (size_t)(end - at) : PIECE;
        ssize_t n = syscall(SYS_copy_file_range, copying->from, &in, copying->to, &out, want, 0);
        if (n <= 0) return copy_by_hand(copying, at, end);
        if (tell(copying, n) < 0) return -1;
        at += n;
    }
    return 0;
}

/* Only a file with fewer blocks than bytes can have holes. */
static int copy_pieces(struct copying *copying, const struct stat *stat)
{
    off_t size = stat->st_size;
    if ((off_t)stat->st_blocks * 512 >= size) return copy_range(copying, 0, size);
    if (ftruncate(copying->to, size) < 0) return -1;
    for (off_t at = 0, hole; at < size && !copying->short_of; at = hole) {
        off_t data = lseek(copying->from, at, SEEK_DATA);
        if (data < 0 && errno == ENXIO) return 0; /* a hole up to the end */
        /* A file system that knows no holes has data everywhere. */
        hole = data < 0 ? size : lseek(copying->from, data, SEEK_HOLE);
        if (hole < 0) return -1;
        if (hole > size) hole = size;
        if (copy_range(copying, data < 0 ? at : data, hole) < 0) return -1;
    }
    return 0;
}

int copy_content(int from, int to, const struct stat *stat, int (*advance)(off_t bytes))
{
    struct copying copying = {.from = from, .to = to, .advance = advance};
    if (stat->st_size == 0) return 0;
    if (ioctl(to, FICLONE, from) == 0) return tell(&copying, stat->st_size);
    return copy_pieces(&copying, stat);
}
