/*
 * The program of the image "hello", which every skiff carries: it prints what a container sees from inside.
 * It reads /proc where it can and says so where it cannot; nothing here is taken from the engine.
 */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { LABEL_WIDTH = 14, LINE_WIDTH = 80, MAX_MOUNTS = 256, MAX_FIELDS = 64 };

/* The mount points seen from here, and where the cgroup hierarchies are among them. */
struct mount {
    char *root;
    char *point;
    char *type;
    char *options;
};

static struct mount mounts[MAX_MOUNTS];
static size_t mount_count;
static int column;

static void begin(const char *label)
{
    printf("  %-*s", LABEL_WIDTH, label);
    column = LABEL_WIDTH + 2;
}

/* Prints one word of a line that continues below its own beginning when it gets too long. */
__attribute__((format(printf, 1, 2))) static void word(const char *format, ...)
{
    char text[4096];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (column > LABEL_WIDTH + 2 && column + 1 + length > LINE_WIDTH) {
        printf("\n%*s", LABEL_WIDTH + 2, "");
        column = LABEL_WIDTH + 2;
    }
    bool first = column == LABEL_WIDTH + 2;
    printf("%s%s", first ? "" : " ", text);
    column += length + (first ? 0 : 1);
}

static void end(void)
{
    putchar('\n');
}

/* The kernel writes blank, tab, newline and backslash in mount points as three octal digits (proc(5)). */
static void unescape(char *text)
{
    char *out = text;
    for (const char *in = text; *in != '\0'; out++) {
        if (in[0] == '\\' && in[1] >= '0' && in[1] <= '3' && in[2] != '\0' && in[3] != '\0') {
            *out = (char)((in[1] - '0') * 64 + (in[2] - '0') * 8 + (in[3] - '0'));
            in += 4;
        } else {
            *out = *in++;
        }
    }
    *out = '\0';
}

/* "36 35 98:0 /root /point options optional... - type source super-options" (proc(5), mountinfo) */
static bool parse_mount(char *line, struct mount *mount)
{
    char *fields[MAX_FIELDS];
    int count = 0, dash = 0;
    char *rest = NULL;
    for (char *field = strtok_r(line, " \n", &rest); field && count < MAX_FIELDS;
         field = strtok_r(NULL, " \n", &rest)) {
        if (dash == 0 && count > 5 && strcmp(field, "-") == 0) dash = count;
        fields[count++] = field;
    }
    if (dash == 0 || dash + 3 >= count) return false;
    mount->root = strdup(fields[3]);
    mount->point = strdup(fields[4]);
    mount->type = strdup(fields[dash + 1]);
    mount->options = strdup(fields[dash + 3]);
    if (!mount->root || !mount->point || !mount->type || !mount->options) return false;
    unescape(mount->root);
    unescape(mount->point);
    return true;
}

static void read_mounts(void)
{
    FILE *file = fopen("/proc/self/mountinfo", "re");
    if (!file) return;
    char *line = NULL;
    size_t size = 0;
    while (mount_count < MAX_MOUNTS && getline(&line, &size, file) > 0)
        if (parse_mount(line, &mounts[mount_count])) mount_count++;
    free(line);
    fclose(file);
}

/* True when the comma-separated list holds the name. */
static bool lists(const char *list, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = list; at != NULL; at = strchr(at, ',')) {
        if (*at == ',') at++;
        if (strncmp(at, name, length) == 0 && (at[length] == ',' || at[length] == '\0')) return true;
    }
    return false;
}

/* The first line of a file without its newline; false when it cannot be read. */
static bool read_line(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "re");
    if (!file) return false;
    bool found = fgets(text, (int)size, file) != NULL;
    fclose(file);
    if (found) text[strcspn(text, "\n")] = '\0';
    return found;
}

/* The cgroup of this process in the hierarchy of a controller (v1) or in the unified one (controller ""). */
static bool own_cgroup(const char *controller, char *path, size_t size)
{
    FILE *file = fopen("/proc/self/cgroup", "re");
    if (!file) return false;
    char line[4096];
    bool found = false;
    while (!found && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        char *names = strchr(line, ':');
        char *where = names ? strchr(names + 1, ':') : NULL;
        if (!where) continue;
        *where++ = '\0';
        found = controller[0] == '\0' ? names[1] == '\0' : lists(names + 1, controller);
        if (found) snprintf(path, size, "%s", where);
    }
    fclose(file);
    return found;
}

/*
 * The directory of this process's cgroup below a mount of its hierarchy. The mount may show a part of the hierarchy
 * only (its root); with a cgroup namespace both are "/".
 */
static bool cgroup_directory(const struct mount *mount, const char *controller, char *path, size_t size)
{
    char own[2048];
    if (!own_cgroup(controller, own, sizeof own)) return false;
    size_t skip = strcmp(mount->root, "/") == 0 ? 0 : strlen(mount->root);
    bool below = strncmp(own, mount->root, skip) == 0 && (own[skip] == '/' || own[skip] == '\0');
    snprintf(path, size, "%s%s", mount->point, below && strcmp(own + skip, "/") != 0 ? own + skip : "");
    return true;
}

/* The limit that one cgroup directory sets: bytes, cores or processes; false when it sets none. */
typedef bool (*limit_reader)(const char *directory, double *limit);

static bool read_number(const char *directory, const char *name, double *value)
{
    char path[4096], text[64];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    if (!read_line(path, text, sizeof text)) return false;
    char *rest;
    *value = strtod(text, &rest);
    return rest != text && *value >= 0;
}

static bool memory_v1(const char *directory, double *limit)
{
    /* No limit is the largest number of whole pages that a signed 64-bit number holds. */
    return read_number(directory, "memory.limit_in_bytes", limit) && *limit < 0x1p62;
}

static bool memory_v2(const char *directory, double *limit)
{
    return read_number(directory, "memory.max", limit);
}

static bool cpu_v1(const char *directory, double *limit)
{
    double period;
    if (!read_number(directory, "cpu.cfs_quota_us", limit)) return false;
    if (!read_number(directory, "cpu.cfs_period_us", &period) || period <= 0) return false;
    *limit /= period;
    return true;
}

static bool cpu_v2(const char *directory, double *limit)
{
    char path[4096], text[64];
    double period;
    snprintf(path, sizeof path, "%s/cpu.max", directory);
    if (!read_line(path, text, sizeof text) || sscanf(text, "%lf %lf", limit, &period) != 2 || period <= 0)
        return false;
    *limit /= period;
    return true;
}

static bool pids_any(const char *directory, double *limit)
{
    return read_number(directory, "pids.max", limit);
}

/* The smallest limit of this cgroup and of what can be seen above it: a limit holds for everything below. */
static bool smallest(const struct mount *mount, const char *controller, limit_reader reader, double *limit)
{
    char directory[4096];
    bool found = false;
    if (!cgroup_directory(mount, controller, directory, sizeof directory)) return false;
    size_t top = strlen(mount->point);
    for (;;) {
        double value;
        if (reader(directory, &value) && (!found || value < *limit)) {
            *limit = value;
            found = true;
        }
        char *slash = strrchr(directory, '/');
        if (!slash || strlen(directory) <= top || (size_t)(slash - directory) < top) return found;
        *slash = '\0';
    }
}

enum visibility { HIDDEN, UNLIMITED, LIMITED };

static enum visibility find_limit(const char *controller, limit_reader v1, limit_reader v2, double *limit)
{
    enum visibility seen = HIDDEN;
    for (size_t i = 0; i < mount_count && seen != LIMITED; i++) {
        bool old = strcmp(mounts[i].type, "cgroup") == 0 && lists(mounts[i].options, controller);
        if (!old && strcmp(mounts[i].type, "cgroup2") != 0) continue;
        bool limited = smallest(&mounts[i], old ? controller : "", old ? v1 : v2, limit);
        seen = limited ? LIMITED : UNLIMITED;
    }
    return seen;
}

static void print_limits(void)
{
    static const char *const labels[] = {"memory", "cpu", "processes"};
    double limits[3] = {0, 0, 0};
    enum visibility seen[] = {
        find_limit("memory", memory_v1, memory_v2, &limits[0]),
        find_limit("cpu", cpu_v1, cpu_v2, &limits[1]),
        find_limit("pids", pids_any, pids_any, &limits[2]),
    };
    for (int i = 0; i < 3; i++) {
        begin(labels[i]);
        if (seen[i] == HIDDEN)
            word("no cgroup in sight");
        else if (seen[i] == UNLIMITED)
            word("unlimited");
        else if (i == 0)
            word("at most %.1f MiB", limits[0] / (1024 * 1024));
        else if (i == 1)
            word("at most %g cores", limits[1]);
        else
            word("at most %.0f", limits[2]);
        end();
    }
}

static void print_mounts(void)
{
    printf("  %-*s%zu\n", LABEL_WIDTH, "mounts", mount_count);
    for (size_t i = 0; i < mount_count; i++) {
        bool printed = false;
        for (size_t j = 0; j < i && !printed; j++)
            printed = strcmp(mounts[j].type, mounts[i].type) == 0;
        if (printed) continue;
        char label[LABEL_WIDTH + 16];
        snprintf(label, sizeof label, "  %.*s", LABEL_WIDTH - 3, mounts[i].type);
        begin(label);
        for (size_t j = i; j < mount_count; j++)
            if (strcmp(mounts[j].type, mounts[i].type) == 0) word("%s", mounts[j].point);
        end();
    }
}

/* capability.h's names, in the order of their numbers */
/* clang-format off */
static const char *const capability_names[] = {
    "chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap",
    "linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner",
    "sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice",
    "sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write", "audit_control", "setfcap",
    "mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf",
    "checkpoint_restore",
};
/* clang-format on */

static void print_capabilities(void)
{
    begin("capabilities");
    uint64_t effective = 0;
    char line[256];
    bool known = false;
    FILE *file = fopen("/proc/self/status", "re");
    while (file && !known && fgets(line, sizeof line, file))
        known = sscanf(line, "CapEff: %" SCNx64, &effective) == 1;
    if (file) fclose(file);
    if (!known)
        word("unknown: /proc is not mounted");
    else if (effective == 0)
        word("none");
    for (unsigned bit = 0; bit < 64; bit++) {
        if ((effective >> bit & 1) == 0) continue;
        if (bit < sizeof capability_names / sizeof capability_names[0])
            word("%s", capability_names[bit]);
        else
            word("cap_%u", bit);
    }
    end();
}

static void print_user(void)
{
    begin("user");
    word("%u%s, group %u%s", getuid(), getuid() == 0 ? " (root)" : "", getgid(),
         getgid() == 0 ? " (root)" : "");
    gid_t groups[64];
    int count = getgroups(64, groups);
    for (int i = 0; i < count; i++)
        if (groups[i] != getgid()) word("+%u", groups[i]);
    end();
}

/* getifaddrs asks the kernel by netlink, so this needs neither /sys nor /proc. */
static void print_interfaces(void)
{
    struct ifaddrs *all = NULL;
    if (getifaddrs(&all) != 0) all = NULL;
    begin("interfaces");
    if (!all) word("none");
    for (struct ifaddrs *link = all; link; link = link->ifa_next) {
        if (!link->ifa_addr || link->ifa_addr->sa_family != AF_PACKET) continue;
        char text[256];
        int used =
            snprintf(text, sizeof text, "%s (%s", link->ifa_name, link->ifa_flags & IFF_UP ? "up" : "down");
        for (struct ifaddrs *at = all; at; at = at->ifa_next) {
            char address[INET_ADDRSTRLEN];
            if (!at->ifa_addr || at->ifa_addr->sa_family != AF_INET ||
                strcmp(at->ifa_name, link->ifa_name) != 0)
                continue;
            inet_ntop(AF_INET, &((struct sockaddr_in *)(void *)at->ifa_addr)->sin_addr, address,
                      sizeof address);
            if ((size_t)used < sizeof text)
                used += snprintf(text + used, sizeof text - (size_t)used, ", %s", address);
        }
        word("%s)", text);
    }
    end();
    if (all) freeifaddrs(all);
}

int main(void)
{
    struct utsname system;
    if (uname(&system) != 0) memset(&system, 0, sizeof system);
    read_mounts();
    puts("Hello from inside a container!\n\n"
         "skiff unpacked an image of one layer, gave it namespaces and a cgroup of its own,\n"
         "and started this program in it. No daemon took part. This is what it sees:\n");
    begin("process");
    word("PID %d", getpid());
    end();
    begin("host name");
    word("%s", system.nodename);
    end();
    print_user();
    print_capabilities();
    print_limits();
    print_mounts();
    print_interfaces();
    begin("kernel");
    word("%s %s %s", system.sysname, system.release, system.machine);
    end();
    return fflush(stdout) == 0 && !ferror(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
}
