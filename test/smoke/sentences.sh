# The sentences, in order, and the functions that show them. Whether in an emulated machine or here, it is calls of skiff
# that take the time: what one container can show is shown by one, and what does nothing any more is removed at the end.
# `alike` is for what depends neither on cgroups nor on what few kernels have.

MIB=1048576

exit_codes() {
    skiff run --rm "$IMAGE" true
    fails 7 skiff run --rm "$IMAGE" sh -c 'exit 7'
    fails 137 skiff run --rm "$IMAGE" sh -c 'sh -c "kill -9 \$\$"; exit $?'
    fails 127 skiff run --rm "$IMAGE" no-such-command
    fails 126 skiff run --rm "$IMAGE" /etc
}
alike 'exit codes are those of the command, 127 when there is none, 126 when it cannot be executed' exit_codes

namespaces() {
    # Of the lines about cgroups: on v1 each hierarchy has one of its own.
    inside=$(skiff run --rm "$IMAGE" sh -c 'for n in mnt pid uts ipc net cgroup; do readlink /proc/self/ns/$n; done
        echo "process $$"; grep -v ":/\$" /proc/self/cgroup | sed "s/^/outside /"')
    for name in mnt pid uts ipc net cgroup; do
        [ -e /proc/self/ns/$name ] || skip "this kernel has no $name namespaces"
        ! printf '%s\n' "$inside" | grep -qxF "$(readlink /proc/self/ns/$name)" || is "not the host's" 'the same' $name
    done
    has '^process 1$' "$inside" pid
    is '' "$(printf '%s\n' "$inside" | grep '^outside')" 'what is outside of the cgroup namespace'
}
it 'mount, pid, uts, ipc, network and cgroup namespaces are new' namespaces

confinement() {
    # Docker's profile refuses a new user namespace to those without CAP_SYS_ADMIN.
    fails 1 skiff run --rm "$IMAGE" sh -c 'cat /proc/self/status; unshare -U true'
    has '^Seccomp:	2$' "$said" 'seccomp'
    has '^CapEff:	00000000a80425fb$' "$said" 'capabilities'
    has '^CapBnd:	00000000a80425fb$' "$said" 'capabilities'
    has '^CapAmb:	0000000000000000$' "$said" 'capabilities'
    has 'Operation not permitted' "$said" unshare
}
it "the seccomp filter is attached, and the capabilities are Docker's fourteen" confinement

# has_apparmor: skips where skiff has no profile of its own to load.
has_apparmor() {
    [ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ] || skip 'this kernel has no AppArmor'
    [ -e /sys/kernel/security/apparmor/profiles ] || skip 'securityfs is not mounted'
    command -v apparmor_parser >/dev/null || skip 'this machine has no apparmor_parser'
}

# The beginning of a script that a health check ends, by SIGTERM: so the check has run, and found what it looked for.
ENDED_BY_CHECK='trap "exit 9" TERM; sleep 100000 & echo >/ready;'

labels() {
    has_apparmor
    skiff info | grep -q '^Security Options: seccomp apparmor=skiff-default-[0-9]*$'
    has '^skiff-default-[0-9]+ \(enforce\)$' "$(skiff run --rm "$IMAGE" cat /proc/self/attr/current)" 'a command'
    start_script labelled "$ENDED_BY_CHECK wait" --init --health-interval 1s \
        --health-cmd '[ -e /seen ] && grep -q "^skiff-default-" /proc/self/attr/current && kill -TERM 1'
    label=$(skiff inspect -f '{{.AppArmorProfile}}' labelled)
    seen=$(skiff exec labelled sh -c 'cat /proc/self/attr/current /proc/1/attr/current; : >/seen')
    is "$label (enforce) $label (enforce)" "$(echo $seen)" 'exec and --init'
    is 9 "$(skiff wait labelled)" 'the health check'
    is unconfined "$(skiff run --rm --privileged "$IMAGE" cat /proc/self/attr/current)" '--privileged'
}
it "a container, its health checks and what exec starts are under skiff's AppArmor profile" labels

# touched OPTION...: what of the machine a container with rights over it comes to under its profile.
touched() {
    skiff run --rm --cap-add SYS_ADMIN --security-opt systempaths=unconfined "$@" "$IMAGE" sh -c '
        mkdir /there
        mount -t tmpfs none /there 2>/dev/null && echo mount
        umount /dev/shm && echo umount
        for file in sysrq-trigger sys/vm/drop_caches sys/kernel/core_pattern sys/kernel/hostname self/comm; do
            (: >>/proc/$file) 2>/dev/null && echo $file
        done
        ls /sys/firmware >/dev/null 2>&1 && echo firmware
        true'
}

profile() {
    has_apparmor
    is 'umount sys/kernel/hostname self/comm' "$(echo $(touched))" 'under the profile'
    is 'mount umount sysrq-trigger sys/vm/drop_caches sys/kernel/core_pattern sys/kernel/hostname self/comm firmware' \
        "$(echo $(touched --security-opt apparmor=unconfined))" 'without'
}
it 'the profile keeps a container from mounts and from what /proc and /sys have of the machine' profile

# socketcalls FAMILIES OPTION...: the number of the error that socket(2) of 32 bits ends with, for each.
socketcalls() {
    families=$1
    shift
    skiff run --rm -v "$programs:/programs:ro" "$@" "$IMAGE" \
        sh -c "for family in $families; do /programs/socketcall-\$family; echo \$?; done"
}

families() {
    has_apparmor
    [ "$(uname -m)" = x86_64 ] || skip 'only x86 has socketcall beside other calls'
    # AF_ALG, AF_VSOCK, and AF_INET, which has no such type.
    is '13 13 94' "$(echo $(socketcalls '38 40 2'))" 'under the profile'
    [ "$(socketcalls 38 --security-opt apparmor=unconfined)" != 13 ] || is 'no refusal' 13 'without the profile'
}
it 'the profile refuses the families of sockets that a filter cannot see in 32-bit programs' families

tracing() {
    mkfifo "$work/tracer"
    timeout 60 cat "$work/tracer" >"$work/caught" &
    skiff run -d --name tracer --cap-add SYS_PTRACE --health-cmd true --health-interval 100ms \
        -v "$programs/seize:/seize:ro" -v "$work/tracer:/caught" "$IMAGE" sh -c 'exec /seize >/caught'
    # Three at least; whoever is faster than the tracer is not seized.
    round=0
    while [ $((round += 1)) -le 3 ] || { [ $round -le 100 ] && [ "$(wc -l <"$work/caught")" -le 2 ]; }; do
        skiff exec tracer sh -c 'true & true'
    done
    skiff rm -f tracer
    wait
    # A line for each that was seized, its own before: number, capabilities, mode of the filter.
    [ "$(wc -l <"$work/caught")" -gt 2 ] || is 'somebody' nobody 'seized'
    is 1 "$(cut -d ' ' -f 2,3 "$work/caught" | sort -u | wc -l)" 'sets of rights among them'
    has '^[0-9]+ [0-9a-f]+ 2$' "$(head -n 1 "$work/caught")" 'the filter'
}
it 'a container that may trace gets hold of nobody who has more rights than itself' tracing

privileged() {
    seen=$(skiff run --rm --privileged "$IMAGE" sh -c '
        cat /proc/self/status; awk '\''$2 == "/sys" { print "sys:", $4 }'\'' /proc/mounts')
    has '^Seccomp:	0$' "$seen" seccomp
    has "^CapEff:	$(sed -n 's/^CapBnd:	//p' /proc/self/status)\$" "$seen" capabilities
    has '^sys: rw' "$seen" 'options of /sys'
}
alike 'a privileged container has all capabilities of the engine, no filter and a writable /sys' privileged

user_namespace() {
    map='0:100000:65536'
    start mapped --uidmap $map --gidmap $map
    inside=$(skiff exec mapped sh -c '
        id -u; cat /proc/self/uid_map; stat -c %u:%g /bin/busybox; touch /made; stat -c %u:%g /made')
    is '0 0 100000 65536 0:0 0:0' "$(echo $inside)" 'ids inside'
    has '^Uid:	100000	100000	100000	100000$' "$(cat "/proc/$(field Pid mapped)/status")" 'ids outside'
}
it 'with a user namespace root is somebody else outside, and owns its files inside' user_namespace

sharing() {
    start sharer --ipc shareable
    pid=$(field Pid sharer)
    for name in pid ipc uts net cgroup; do readlink "/proc/$pid/ns/$name"; done >"$work/namespaces"
    inside=$(skiff run --rm --pid container:sharer --ipc container:sharer --uts container:sharer \
        --network container:sharer --cgroupns container:sharer "$IMAGE" \
        sh -c 'for n in pid ipc uts net cgroup; do readlink /proc/self/ns/$n; done')
    is "$(cat "$work/namespaces")" "$inside" 'namespaces'
}
it 'namespaces can be those of another container' sharing

settings() {
    inside=$(skiff run --rm --hostname there --ulimit nofile=100:200 --sysctl net.ipv4.ip_forward=1 --shm-size 8m \
        --tmpfs /scratch:size=1m --umask 027 --user 1000:1000 --group-add 7 --read-only "$IMAGE" sh -c '
            hostname; ulimit -Sn; ulimit -Hn; cat /proc/sys/net/ipv4/ip_forward
            df -k /dev/shm /scratch | awk "NR > 1 { print \$2 }"; umask; id -u; id -G; touch /made 2>&1' || true)
    is 'there 100 200 1 8192 1024 0027 1000 1000 7 touch: /made: Read-only file system' "$(echo $inside)" 'inside'
}
alike 'host name, limits, sysctls, file systems, umask, user and groups are as asked for' settings

mounts() {
    mkdir -p "$work/data/below"
    echo content > "$work/data/file"
    inside=$(skiff run --rm -v "$work/data:/x/y" -v "$work/data/file:/x/file:ro" -v "$work/data:/own:O" \
        --mount "type=image,src=$IMAGE,dst=/image" --tmpfs /x "$IMAGE" sh -c '
            cat /x/y/file /x/file /own/file; touch /x/y/made; echo mine > /own/file; touch /image/made /x/file 2>&1
            ls -d /image/bin' || true)
    is 'content content content touch: /image/made: Read-only file system touch: /x/file: Read-only file system /image/bin' \
        "$(echo $inside)" 'inside'
    is 'below file made' "$(echo $(ls "$work/data"))" 'what it has made'
    is content "$(cat "$work/data/file")" 'what it has changed'
}
alike 'files of the host and of other images are mounted, parents first' mounts

time_offset() {
    [ -e /proc/self/ns/time ] || skip 'this kernel has no time namespaces'
    up=$(skiff run --rm --time-offset boottime=864000 "$IMAGE" cut -d. -f1 /proc/uptime)
    [ "$up" -ge 864000 ] || is 'at least 864000' "$up" 'seconds since boot'
}
alike 'a time offset moves the clock that counts from boot' time_offset

# limits: the container of which several sentences show one limit each; sets $id.
limits() {
    [ -e "$work/limits" ] || {
        start limits -m 64m --memory-reservation 32m --memory-swap 96m --cpus 0.5 --cpuset-cpus 0 --cpu-shares 512 \
            --pids-limit 33
        echo "$id" >"$work/limits"
    }
    id=$(cat "$work/limits")
}

memory() {
    limits
    limit memory.limit_in_bytes $((64 * MIB)) memory.max $((64 * MIB))
    limit memory.soft_limit_in_bytes $((32 * MIB)) memory.low $((32 * MIB))
}
it 'memory and its reservation are what the kernel says' memory

memory_swap() {
    limits
    limit memory.memsw.limit_in_bytes $((96 * MIB)) memory.swap.max $((32 * MIB))
}
it 'memory with swap is what the kernel says' memory_swap

swappiness() {
    if [ -e /sys/fs/cgroup/memory/memory.swappiness ]; then
        start swappy -m 64m --memory-swappiness 10
        limit memory.swappiness 10 - -
    else
        fails 125 skiff run --rm --memory-swappiness 10 "$IMAGE" true
        has 'swappiness' "$said" 'the refusal'
        fails 125 skiff run --rm --oom-kill-disable -m 64m "$IMAGE" true
        has 'oom|OOM|out-of-memory|out of memory' "$said" 'the refusal'
    fi
}
it 'what only cgroups of version 1 can do is done there, and refused elsewhere' swappiness

parent() {
    start child -m 64m --pids-limit 50 --cpus 0.5 --cgroup-parent "/smoke-$$/inner"
    found=
    for file in /sys/fs/cgroup/memory/smoke-$$/inner/skiff-"$id"/memory.limit_in_bytes \
        /sys/fs/cgroup/smoke-$$/inner/skiff-"$id"/memory.max; do
        [ ! -f "$file" ] || found=$(cat "$file")
    done
    is $((64 * MIB)) "$found" 'the memory limit below the parent'
}
it 'a parent for the cgroup is made, and limits hold below it' parent

cpu() {
    limits
    limit cpu.cfs_quota_us 50000 cpu.max '50000 100000'
    limit cpuset.cpus 0 cpuset.cpus 0
}
it 'cpus and the set of them are what the kernel says' cpu

cpu_shares() {
    limits
    limit cpu.shares 512 cpu.weight 59
}
it 'shares of the cpu are what the kernel says, on v2 as a weight' cpu_shares

tasks() {
    limits
    limit pids.max 33 pids.max 33
    fails 2 skiff run --rm --pids-limit 20 "$IMAGE" sh -c 'i=0; while [ $i -lt 40 ]; do sleep 30 & i=$((i+1)); done'
    has "can't fork" "$said" 'the 40th fork'
}
it 'the limit of tasks is what the kernel says, and stops a loop of forks' tasks

io_limits() {
    device=$(disk) || skip 'the store is not on a whole block device'
    start io --device-read-bps "$device:1mb" --device-write-iops "$device:50"
    limit blkio.throttle.read_bps_device "$(numbers_of "$device") $MIB" \
        io.max "$(numbers_of "$device") rbps=$MIB wbps=max riops=max wiops=50"
}
it 'limits of input and output are what the kernel says' io_limits

io_weight() {
    code=0
    id=$(skiff run -d --name weight --blkio-weight 500 "$IMAGE" sleep 100000 2>"$work/refused") || code=$?
    if [ $code = 125 ]; then
        has 'controller' "$(cat "$work/refused")" 'the error'
        skip "refused: $(head -n 1 "$work/refused")"
    fi
    if file=$(cgroup_file blkio.bfq.weight io.bfq.weight); then
        has '^(default )?500$' "$(cat "$file")" "$file"
    else
        limit blkio.weight 500 io.weight 'default 4950'
    fi
}
it 'a weight of input and output is what the kernel says, or refused' io_weight

out_of_memory() {
    fails 137 skiff run --name greedy -m 16m "$IMAGE" sh -c 'tail /dev/zero; exit $?'
    is 'true 137' "$(skiff inspect -f '{{.State.OOMKilled}} {{.State.ExitCode}}' greedy)" 'OOMKilled and ExitCode'
    has 'memory' "$(skiff why greedy)" 'why'
}
it 'what takes more memory than it may is killed, and inspect and why say so' out_of_memory

throttling() {
    # The first process of a container would not hear what timeout sends.
    skiff run --name busy --cpus 0.1 "$IMAGE" sh -c 'timeout 1 sh -c "while :; do :; done"; true'
    has 'throttl|held back|CPU' "$(skiff why busy)" 'why'
}
it 'a container that wanted more cpu than it had was throttled, and why says so' throttling

writable_cgroups() {
    if [ ! -e /sys/fs/cgroup/cgroup.controllers ]; then
        fails 125 skiff run --rm --security-opt writable-cgroups=true "$IMAGE" true
        has 'limits' "$said" 'the refusal'
        return
    fi
    start_script writer 'mkdir /sys/fs/cgroup/below || exit; (echo max >/sys/fs/cgroup/memory.max) 2>/dev/null
        echo >/ready; exec sleep 100000' -m 64m --security-opt writable-cgroups=true
    limit - - memory.max $((64 * MIB))
}
it 'a container may write its cgroups only where that does not lift its limits' writable_cgroups

monitor_counts() {
    start counted --cpus 0.5
    found=
    for place in /sys/fs/cgroup/*/"skiff-$id.monitor" "/sys/fs/cgroup/skiff-$id.monitor"; do
        for file in "$place/cpu.cfs_quota_us" "$place/cpu.max"; do
            [ ! -e "$file" ] || found="$(cat "$file") $(wc -l <"$place/cgroup.procs")"
        done
    done
    # One process of the host is in there: whoever starts the container and relays what it writes.
    case $found in
    '50000 1' | '50000 100000 1') ;;
    *) is '50000 1' "$found" 'the quota beside the container, and how many processes are under it' ;;
    esac
}
it "a limit of the cpu holds for the container's monitor, in a cgroup beside" monitor_counts

devices() {
    fails 1 skiff run --rm "$IMAGE" sh -c 'mknod /null c 1 3 && echo >/null || exit 9; mknod /node c 1 11 && true >/node'
    has 'Operation not permitted' "$said" 'opening a node of its own making'
    skiff run --rm --device-cgroup-rule 'c 1:11 rwm' "$IMAGE" sh -c 'mknod /node c 1 11 && true >/node'
    fails 1 skiff run --rm --device /dev/kmsg:/dev/messages:w "$IMAGE" \
        sh -c 'true >/dev/messages || exit 9; true </dev/messages'
}
it 'devices can be opened as far as rules allow them, whoever made the node' devices

update() {
    start updated -m 64m --cpus 0.5
    skiff update -m 128m --memory-swap 128m --cpus 0.75 --pids-limit 50 updated
    limit memory.limit_in_bytes $((128 * MIB)) memory.max $((128 * MIB))
    limit cpu.cfs_quota_us 75000 cpu.max '75000 100000'
    limit pids.max 50 pids.max 50
    is $((128 * MIB)) "$(field Memory updated)" 'inspect'
}
it 'update changes the limits of a running container' update

stats() {
    start watched -m 64m
    table=$(skiff stats --no-stream watched)
    has '^CONTAINER ID +NAME +CPU % +MEM USAGE / LIMIT' "$table" 'the header'
    has '^[0-9a-f]{12} +watched +[0-9.]+% +[0-9.]+(B|KiB|MiB) / 64MiB .* [1-9][0-9]*$' "$table" 'the line'
}
it 'stats shows what a container uses' stats

frozen() {
    file=$(cgroup_file freezer.state cgroup.events)
    case $file in
    *freezer.state) cat "$file" ;;
    *) sed -n 's/^frozen 1$/FROZEN/p; s/^frozen 0$/THAWED/p' "$file" ;;
    esac
}

pause() {
    start_script sleepy 'trap "echo >/ready" USR1; echo >/ready; sleep 100000 & while :; do wait; done'
    skiff pause sleepy
    is FROZEN "$(frozen)" 'the cgroup'
    has 'Paused' "$(skiff ps)" 'ps'
    skiff unpause sleepy
    is THAWED "$(frozen)" 'the cgroup'
    skiff kill -s USR1 sleepy
    await sleepy
    skiff pause sleepy
    skiff rm -f sleepy
}
it 'a paused container stands still, continues, and can be removed' pause

init() {
    fails 7 skiff run --rm --init "$IMAGE" sh -c '[ $$ != 1 ] && exit 7'
    start tended --init
    skiff stop tended
    is 143 "$(skiff wait tended)" 'the exit code after SIGTERM'
}
alike '--init forwards signals and ends as the command does' init

stop() {
    start_script polite 'trap "echo bye; exit 7" TERM; echo hello; echo >/ready; sleep 100000 & wait'
    skiff stop polite
    is 7 "$(skiff wait polite)" 'the exit code'
    is 'hello bye' "$(echo $(skiff logs polite))" 'the log'
    start deaf
    skiff stop -t 1 deaf
    is 137 "$(skiff wait deaf)" 'the exit code of one that does not listen'
}
alike 'stop asks first, and kills what does not listen; the log has every line' stop

outliving() {
    code=0
    skiff run --rm --pid host "$IMAGE" sh -c "yes outlives-$$ & exit 3" >/dev/null || code=$?
    is 3 "$code" 'the exit code'
    # In brackets, so that grep does not find itself.
    is '' "$(grep -al "outlive[s]-$$" /proc/[0-9]*/cmdline 2>/dev/null)" 'what is left'
}
it 'what outlives the first process, and writes without end, neither holds up the end nor survives' outliving

full() {
    # The limit is reached by the time of the first check.
    start_script full 'trap "exit 9" TERM; i=0; while [ $i -lt 9 ]; do sleep 100000 & i=$((i + 1)); done
        echo >/ready; wait' --pids-limit 10 --health-cmd '[ ! -e /seen ] || kill -TERM 1' --health-interval 5s
    limit pids.current 10 pids.current 10
    is inside "$(skiff exec full sh -c 'echo inside; : >/seen')" 'exec'
    is 9 "$(skiff wait full)" 'the health check'
}
it 'exec and health checks come in where the limit of tasks is reached' full

overdue() {
    # The first check is not done in time; the second one looks for what it left.
    start_script overdue "$ENDED_BY_CHECK wait" --health-interval 1s --health-timeout 3s --health-cmd '
        [ ! -e /second ] || { ps | grep -q "[s]leep 77777" || kill -TERM 1; exit; }
        : >/second
        few=777
        setsid sleep ${few}77 &
        sleep ${few}77'
    is 9 "$(skiff wait overdue)" 'what the next check found'
}
it 'a health check that is not done in time leaves no process' overdue

kill_and_remove() {
    start victim
    fails 1 skiff rm victim
    skiff kill victim
    is 137 "$(skiff wait victim)" 'the exit code'
    skiff rm victim
    start forced
    skiff rm -f forced
    for name in victim forced; do fails 1 skiff inspect $name; done
}
alike 'kill ends a container, and rm removes it when it has ended, or by force' kill_and_remove

# page ADDRESS: what a web server says there; from the host.
page() {
    timeout 5 busybox wget -qO- "http://$1/page"
}

networks() {
    with_networks
    skiff network create --ipv6 front
    start_script web 'echo hello >/page; httpd -p 80 -h /; echo >/ready; exec sleep 100000' \
        --network front --network-alias shop -p 8080:80 -p 127.0.0.1:8081:80
    is hello "$(page 127.0.0.1:8080)" 'the port, from the host'
    is hello "$(page '[::1]:8080')" 'the port, from the host by IPv6'
    is hello "$(page 127.0.0.1:8081)" 'the port of 127.0.0.1, from the host'
    is hello "$(skiff run --rm --network front "$IMAGE" wget -qO- http://shop/page)" 'by its name on the network'
    gateway=$(skiff network inspect -f '{{(index .IPAM.Config 0).Gateway}}' front)
    address=$(skiff inspect -f '{{.NetworkSettings.Networks.front.IPAddress}}' web)
    is hello "$(skiff exec web wget -qO- "http://$gateway:8080/page")" 'the port, from the container itself'
    # From another network: the port; the address, where nobody answers; the port of 127.0.0.1.
    asked=$(skiff run --rm "$IMAGE" sh -c "wget -qO- http://$gateway:8080/page
        timeout 2 wget -qO- http://$address/page; echo \$?; wget -qO- http://$gateway:8081/page 2>/dev/null; echo \$?")
    is 'hello 143 1' "$(echo $asked)" 'the port, the address and the port of 127.0.0.1, from another network'
    skiff rm -f web
    skiff network rm front
    fails 1 page 127.0.0.1:8080
}
it 'containers of a network find each other by name, published ports lead in, and nothing else does' networks

# answerer CONTAINER: somebody in its network namespace who answers datagrams at port 53 with its name; sets $answerer.
answerer() {
    mkfifo "$work/answers"
    nsenter "--net=/proc/$(field Pid "$1")/ns/net" perl -MIO::Socket::INET -e '
        $| = 1;
        my $socket = IO::Socket::INET->new(Proto => "udp", LocalPort => 53) or die "no socket: $!";
        print "ready\n";
        while ($socket->recv(my $question, 9)) { $socket->send($ARGV[0]) }' "$1" >"$work/answers" &
    answerer=$!
    read -r _ <"$work/answers"
    rm "$work/answers"
}

# asker: who asks the port 5353 of this host from one socket, once for each line, and prints what is answered.
asker() {
    perl -MIO::Socket::INET -e '
        $| = 1;
        my $socket = IO::Socket::INET->new(Proto => "udp", PeerAddr => "127.0.0.1:5353") or die "no socket: $!";
        while (<STDIN>) {
            my $answer = "silence";
            local $SIG{ALRM} = sub { die };
            $socket->send("?");
            eval { alarm 5; $socket->recv($answer, 99) or $answer = "refused"; alarm 0 };
            print "$answer\n";
        }'
}

datagrams() {
    with_networks
    grep -q ' ctnetlink_' /proc/kallsyms || skip 'this kernel has no ctnetlink'
    mkfifo "$work/questions" "$work/replies"
    asker <"$work/questions" >"$work/replies" &
    exec 3>"$work/questions" 4<"$work/replies"
    for name in first second; do
        start "$name" -p 5353:53/udp
        answerer "$name"
        echo >&3
        read -r reply <&4
        is "$name" "$reply" 'the answer'
        kill "$answerer"
        skiff rm -f "$name"
        echo >&3
        read -r reply <&4
        is refused "$reply" 'the answer when nobody has the port'
    done
    exec 3>&- 4<&-
    wait
}
alike 'a client that never stops sending datagrams is led to whoever has the port now' datagrams

storage_size() {
    refused=$(skiff run --rm --storage-opt size=20m "$IMAGE" true 2>&1) || {
        has 'has no project quotas|this kernel cannot limit' "$refused" 'the refusal'
        skip 'the store is on a file system without project quotas'
    }
    start limited --storage-opt size=20m -v limited:/volume
    is "$((20 * MIB))" "$(skiff inspect -f '{{.HostConfig.StorageOpt.size}}' limited)" inspect
    fails 1 skiff exec limited sh -c 'df -k /; dd if=/dev/zero of=/file bs=1M count=30; code=$?; df -k /; exit $code'
    has 'No space left on device|[Qq]uota exceeded' "$said" 'a file of 30 MB'
    # In kB: the size, before; what is free, afterwards.
    spaces=$(printf '%s\n' "$said" | awk '$NF == "/" { print $(NF - 4), $(NF - 2) }')
    is 20480 "$(printf '%s\n' "$spaces" | sed -n '1s/ .*//p')" 'the size that df shows'
    free=$(printf '%s\n' "$spaces" | sed -n '2s/.* //p')
    [ "$free" -le 1024 ] || is 'at most 1 MB' "$free" 'what is free'
    skiff exec limited sh -c 'mkdir /volume/d && dd if=/dev/zero of=/volume/d/file bs=1M count=30 && rm -r /volume/d'
    # Each has its own, also once it was stopped.
    skiff run --rm --storage-opt size=20m "$IMAGE" dd if=/dev/zero of=/etc/file bs=1M count=15
    skiff restart -t 0 limited
    fails 1 skiff exec limited dd if=/dev/zero of=/etc/more bs=1M count=2
    skiff exec limited sh -c 'rm -f /file /etc/more && dd if=/dev/zero of=/etc/file bs=1M count=15'
    skiff rm -fv limited
}
it 'what a container changes takes no more on the disk than --storage-opt size says, and df shows it' storage_size

doctor() {
    skiff doctor
}
it 'doctor finds that containers can run here' doctor

nothing_left() {
    remove_all
    is '' "$(leftovers)" 'left behind'
}
it 'nothing stays behind: no container, cgroup, mount, process or directory' nothing_left
