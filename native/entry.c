/*
 * What the executable does before its runtime starts: the first code of the program, put in front of Bun's entry point
 * by bin/patch-executable.ts. Bun refuses to start in a working directory that was deleted or unmounted, where most
 * commands need none. Such a directory is left for one in which nothing can be found or made, and by which
 * src/host/working-directory.ts knows. No library, no data, any address: entry.ld makes one piece of it.
 */
#include <asm/unistd.h>
#include <linux/limits.h>

/* The program's first instruction, with the stack as execve(2) has left it. rdx is for the runtime (the x86-64 ABI). */
__asm__(".section .text.entry, \"ax\"\n"
        "    push %rdx\n"
        "    sub $8, %rsp\n"
        "    call leave_lost_directory\n"
        "    add $8, %rsp\n"
        "    pop %rdx\n"
        "    jmp *runtime_entry(%rip)\n"
        ".text\n");

static long system_call(long number, const char *path, unsigned long size)
{
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(path), "S"(size) : "rcx", "r11", "memory");
    return result;
}

void leave_lost_directory(void);

/* getcwd(2) calls one that was unmounted "(unreachable)/...". */
void leave_lost_directory(void)
{
    char path[PATH_MAX];
    if (system_call(__NR_getcwd, path, sizeof path) > 0 && path[0] == '/') return;
    system_call(__NR_chdir, "/proc/self/task", 0);
}
