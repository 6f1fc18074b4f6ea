/* The content of a regular file, with its holes. */
#include "layer/shift.h"

#include "base/util.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#define FICLONE _IOW(0x94, 9, int)

static int copy_by_hand(int from, int to, off_t at, off_t end)
{
    static char buffer[1 << 16];
    while (at < end) {
        size_t want = end - at < (off_t)sizeof buffer ? (size_t)(end - at) : sizeof buffer;
        ssize_t n = pread(from, buffer, want, at);
        if (n == 0) return fail_with(EIO); /* it became shorter */
        for (ssize_t done = 0, put; done < n; done += put) {
            put = pwrite(to, buffer + done, (size_t)(n - done), at + done);
            if (put < 0) return -1;
        }
        if (n < 0) return -1;
        at += n;
    }
    return 0;
}

static int copy_range(int from, int to, off_t at, off_t end)
{
    while (at < end) {
        off_t in = at, out = at;
        ssize_t n = syscall(SYS_copy_file_range, from, &in, to, &out, (size_t)(end - at), 0);
        if (n <= 0) return copy_by_hand(from, to, at, end);
        at += n;
    }
    return 0;
}

int copy_content(int from, int to, off_t size)
{
    if (size == 0 || ioctl(to, FICLONE, from) == 0) return 0;
    if (ftruncate(to, size) < 0) return -1;
    for (off_t at = 0, hole; at < size; at = hole) {
        off_t data = lseek(from, at, SEEK_DATA);
        if (data < 0 && errno == ENXIO) return 0; /* a hole up to the end */
        /* A file system that knows no holes has data everywhere. */
        hole = data < 0 ? size : lseek(from, data, SEEK_HOLE);
        if (hole < 0) return -1;
        if (copy_range(from, to, data < 0 ? at : data, hole) < 0) return -1;
    }
    return 0;
}
