/* On v2 the rules about devices are an eBPF program of the cgroup; the kernel keeps it until the cgroup is removed. */
#include "state/device_program.h"

#include "base/util.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

/*
 * The most instructions: as many as a privileged program may have (since 5.2, BPF_COMPLEXITY_LIMIT_INSNS); before that
 * it was 4096.
 */
#define INSTRUCTIONS_MAX 1000000

static int bpf(int command, union bpf_attr *attributes, size_t size)
{
    return (int)syscall(SYS_bpf, command, attributes, size);
}

static int digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* `bytes` has room for half of the digits' number. */
static int decode(const char *hex, uint8_t *bytes)
{
    for (; *hex != '\0'; hex += 2) {
        int high = digit(hex[0]), low = high < 0 ? -1 : digit(hex[1]);
        if (low < 0) return fail_with(EINVAL);
        *bytes++ = (uint8_t)(high << 4 | low);
    }
    return 0;
}

/* Loads the program. It calls no helper function of the kernel, so its license is asked for by nothing. */
static int load(const void *instructions, size_t count)
{
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    attributes.insns = (uint64_t)(uintptr_t)instructions;
    attributes.insn_cnt = (uint32_t)count;
    attributes.license = (uint64_t)(uintptr_t) "";
    return bpf(BPF_PROG_LOAD, &attributes, sizeof attributes);
}

static int attach(int cgroup, int program)
{
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.target_fd = (uint32_t)cgroup;
    attributes.attach_bpf_fd = (uint32_t)program;
    attributes.attach_type = BPF_CGROUP_DEVICE;
    attributes.attach_flags = BPF_F_ALLOW_MULTI;
    return bpf(BPF_PROG_ATTACH, &attributes, sizeof attributes);
}

static int load_hex(const char *hex)
{
    size_t size = strlen(hex) / 2, count = size / sizeof(struct bpf_insn);
    if (count == 0 || count > INSTRUCTIONS_MAX || strlen(hex) != count * sizeof(struct bpf_insn) * 2)
        return fail_with(EINVAL);
    uint8_t *instructions = malloc(size);
    if (instructions == NULL) return -1;
    int program = decode(hex, instructions) < 0 ? -1 : load(instructions, count);
    int error = errno;
    free(instructions);
    errno = error;
    return program;
}

int device_program_attach(const char *directory, const char *hex)
{
    owned_fd cgroup = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (cgroup < 0) return -1;
    owned_fd program = load_hex(hex);
    return program < 0 ? -1 : attach(cgroup, program);
}
