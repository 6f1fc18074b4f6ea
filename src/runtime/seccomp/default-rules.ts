/**
 * The calls that Docker's default profile allows to every container: the facts of moby/profiles,
 * seccomp/default_linux.go at commit 02e898b137ae (autumn 2026), sorted by what the calls are for. Names are separated
 * by blanks; those that only some machines have stand among the others.
 */
export const ALWAYS = [
  // Files: opening, reading and writing.
  `access close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64 fadvise64_64 fallocate
  fcntl fcntl64 fdatasync flock fsync ftruncate ftruncate64 ioctl _llseek lseek open openat openat2 pipe pipe2
  pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead readv sendfile sendfile64 splice sync
  sync_file_range syncfs tee truncate truncate64 vmsplice write writev`,
  // Names, directories and attributes; owners and modes.
  `cachestat chdir chmod chown chown32 fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fstat fstat64
  fstatat64 fstatfs fstatfs64 futimesat getcwd getdents getdents64 lchown lchown32 link linkat listmount lstat lstat64
  mkdir mkdirat mknod mknodat name_to_handle_at newfstatat readlink readlinkat rename renameat renameat2 rmdir stat
  stat64 statfs statfs64 statmount statx symlink symlinkat umask unlink unlinkat utime utimensat utimensat_time64
  utimes`,
  `fgetxattr flistxattr fremovexattr fsetxattr getxattr getxattrat lgetxattr listxattr listxattrat llistxattr
  lremovexattr lsetxattr removexattr removexattrat setxattr setxattrat`,
  // Waiting for files: events, notifications, asynchronous requests.
  `epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd
  eventfd2 fanotify_mark inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy
  io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit _newselect poll ppoll ppoll_time64 pselect6
  pselect6_time64 select`,
  // Memory.
  `brk madvise map_shadow_stack memfd_create memfd_secret mincore mlock mlock2 mlockall mmap mmap2 mprotect mremap
  mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect process_mrelease remap_file_pages`,
  // Processes and threads.
  `execve execveat exit exit_group fork futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake
  get_robust_list get_thread_area getpgid getpgrp getpid getppid getsid gettid membarrier pidfd_open prctl
  restart_syscall rseq set_robust_list set_thread_area set_tid_address setpgid setsid uretprobe vfork wait4 waitid
  waitpid`,
  // Signals.
  `kill pause pidfd_send_signal rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend
  rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sigaltstack signalfd signalfd4 sigprocmask sigreturn
  tgkill tkill`,
  // Scheduling and limits.
  `getcpu getpriority getrlimit getrusage ioprio_get ioprio_set prlimit64 riscv_hwprobe sched_get_priority_max
  sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval
  sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield
  setpriority setrlimit sysinfo times ugetrlimit uname`,
  // Who one is, and giving up rights.
  `capget capset getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getresgid getresgid32
  getresuid getresuid32 getuid getuid32 landlock_add_rule landlock_create_ruleset landlock_restrict_self seccomp
  setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setregid setregid32 setresgid
  setresgid32 setresuid setresuid32 setreuid setreuid32 setuid setuid32`,
  // Time and timers; setting the clock needs a capability besides.
  `adjtimex alarm clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64
  clock_nanosleep clock_nanosleep_time64 getitimer gettimeofday nanosleep setitimer time timer_create timer_delete
  timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create timerfd_gettime
  timerfd_gettime64 timerfd_settime timerfd_settime64`,
  // Sockets, once made; `socket` itself looks at the address family. That of `socketcall` (i386) lies behind a pointer,
  // where no filter can look: denied as a whole it would take every socket from most 32-bit programs, as the C libraries
  // of Debian and Ubuntu and the runtime of Go know no other way and do not try one. Docker has tried that, and has gone
  // back to leaving AF_ALG to AppArmor and SELinux.
  `accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg recvmmsg_time64
  recvmsg send sendmmsg sendmsg sendto setsockopt shutdown socketcall socketpair`,
  // Messages, semaphores and shared memory; random numbers.
  `getrandom ipc mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend
  mq_timedsend_time64 mq_unlink msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat
  shmctl shmdt shmget`,
];

/** Tracing was a way around the filter before Linux 4.8. */
export const SINCE_4_8 = 'process_vm_readv process_vm_writev ptrace';

/** The calls that belong to one family of machines, under Docker's names for them. */
export const BY_MACHINE: readonly { arches: string; names: string }[] = [
  { arches: 'ppc64le', names: 'sync_file_range2 swapcontext' },
  {
    arches: 'arm arm64',
    names: 'arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls',
  },
  { arches: 'amd64 x32', names: 'arch_prctl' },
  { arches: 'amd64 x32 x86', names: 'modify_ldt' },
  { arches: 's390 s390x', names: 's390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr' },
  { arches: 'riscv64', names: 'riscv_flush_icache' },
];

/** The calls that a capability of the bounding set adds. */
export const BY_CAPABILITY: Readonly<Record<string, string>> = {
  CAP_DAC_READ_SEARCH: 'open_by_handle_at',
  CAP_SYS_ADMIN: `bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr
    lsm_list_modules lsm_set_self_attr mount mount_setattr move_mount open_tree perf_event_open quotactl quotactl_fd
    setdomainname sethostname setns syslog umount umount2 unshare`,
  CAP_SYS_BOOT: 'reboot',
  CAP_SYS_CHROOT: 'chroot',
  CAP_SYS_MODULE: 'delete_module init_module finit_module',
  CAP_SYS_PACCT: 'acct',
  CAP_SYS_PTRACE: 'kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace',
  CAP_SYS_RAWIO: 'iopl ioperm',
  CAP_SYS_TIME: 'settimeofday stime clock_settime clock_settime64',
  CAP_SYS_TTY_CONFIG: 'vhangup',
  CAP_SYS_NICE: 'get_mempolicy mbind set_mempolicy set_mempolicy_home_node',
  CAP_SYSLOG: 'syslog',
  CAP_BPF: 'bpf',
  CAP_PERFMON: 'perf_event_open',
};

/**
 * Address families (linux/socket.h) that `socket` may ask for: all below this one, AF_DECnet, which the kernel has
 * lost; then these. Absent are what the kernel has lost (19, 20, 23, 25, 34, 37), AF_ALG (38: a surface that
 * containers do not need) and AF_VSOCK (40: the way to virtual machines, the same in every network namespace). Through
 * `socketcall` both are there all the same.
 */
export const FAMILIES_BELOW = 12;
export const FAMILIES = [
  13, 14, 15, 16, 17, 18, 21, 22, 24, 26, 27, 28, 29, 30, 31, 32, 33, 35, 36, 39, 41, 42, 43, 44, 45,
];

/**
 * The arguments that `personality` may have: PER_LINUX, PER_LINUX32, each with UNAME26, and the question what it is
 * now.
 */
export const PERSONALITIES = [0x0, 0x8, 0x20000, 0x20008, 0xffffffff];

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET (linux/sched.h). */
export const NEW_NAMESPACES = 0x7e020000;
