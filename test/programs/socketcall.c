/* socket(FAMILY, SOCK_SEQPACKET, 0) as 32-bit programs call it, behind socketcall(2): exits with the error's number. */
static unsigned arguments[] = {FAMILY, 5, 0};

void _start(void)
{
    int result;
    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(102), "b"(1), "c"(arguments)
                     : "memory", "r8", "r9", "r10", "r11");
    __asm__ volatile("int $0x80" : : "a"(252), "b"(-result));
    __builtin_unreachable();
}
