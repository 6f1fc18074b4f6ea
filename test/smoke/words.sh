# What the sentences are made of. Reads SKIFF, STORE, IMAGE and $work.

# Few sentences are about networks, and a container takes twice as long with one.
export SKIFF_NETWORK=none

# with_networks: from here on in a sentence, a container is on the default network unless it says otherwise.
with_networks() {
    unset SKIFF_NETWORK
}

# SKIFF may be several words: the same program on Node. What hangs fails one sentence, not those after it.
skiff() {
    timeout -k 5 60 $SKIFF --root "$STORE" "$@"
}

# start NAME [OPTION...]: a container that does nothing, in the background; sets $id.
start() {
    name=$1
    shift
    id=$(skiff run -d --name "$name" "$@" "$IMAGE" sleep 100000)
}

# start_script NAME SCRIPT [OPTION...]: one that runs a script; returns when it has written its first line to /ready.
start_script() {
    name=$1 script=$2
    shift 2
    mkfifo "$work/$name"
    id=$(skiff run -d --name "$name" -v "$work/$name:/ready" "$@" "$IMAGE" sh -c "$script")
    await "$name"
}

# await NAME: returns when that script has written a line to /ready (once more).
await() {
    timeout 60 head -n 1 "$work/$1" >/dev/null
}

# is EXPECTED ACTUAL WHAT: exact words.
is() {
    [ "$1" = "$2" ] && return
    echo "$3: expected '$1', got '$2'"
    exit 1
}

# has PATTERN TEXT WHAT: a line that fits an extended regular expression.
has() {
    printf '%s\n' "$2" | grep -Eq -e "$1" && return
    printf '%s: nothing like /%s/ in:\n%s\n' "$3" "$1" "$2"
    exit 1
}

# fails CODE COMMAND...: it ends with this code; what it says is in $said.
fails() {
    expected=$1
    shift
    code=0
    said=$("$@" 2>&1) || code=$?
    [ "$code" = "$expected" ] && return
    printf '%s: expected exit code %s, got %s:\n%s\n' "$*" "$expected" "$code" "$said"
    exit 1
}

# skip WHY: the kernel lacks something.
skip() {
    echo "$1"
    exit 77
}

# cgroup_file V1-FILE V2-FILE: the file of container $id, wherever its controller is; fails without one. `-` is none.
cgroup_file() {
    for file in /sys/fs/cgroup/*/"skiff-$id/$1" "/sys/fs/cgroup/skiff-$id/$2"; do
        [ ! -f "$file" ] || break
    done
    [ -f "$file" ] && echo "$file"
}

# limit V1-FILE V1-VALUE V2-FILE V2-VALUE: the kernel says one of them.
limit() {
    file=$(cgroup_file "$1" "$3") || skip "this kernel has neither $1 nor $3"
    case $file in
    */"$1") is "$2" "$(cat "$file")" "$1" ;;
    *) is "$4" "$(cat "$file")" "$3" ;;
    esac
}

# field NAME CONTAINER: the first field of that name in what inspect says.
field() {
    skiff inspect --type container "$2" | sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" | head -n 1
}

# disk: the block device that the store is on, a whole one; fails without one.
disk() {
    device=$(df -P "$STORE" | awk 'NR == 2 { print $1 }')
    [ -b "$device" ] || return 1
    [ ! -e "/sys/class/block/${device##*/}/partition" ] || return 1
    echo "$device"
}

# numbers_of DEVICE: MAJOR:MINOR in decimal.
numbers_of() {
    cat "/sys/class/block/${1##*/}/dev"
}

# What the set has made: its containers, and the cgroups that it named as a parent.
remove_all() {
    containers=$(skiff ps -aq)
    [ -z "$containers" ] || skiff rm -f $containers >/dev/null
    for place in /sys/fs/cgroup/smoke-$$ /sys/fs/cgroup/*/smoke-$$; do
        [ ! -d "$place" ] || rmdir "$place/inner" "$place"
    done
}

# Of every container that the store ever had: its journal has the creation of each before it has a cgroup.
cgroups_of_containers() {
    cat "$STORE"/events.log* | grep -oE '"ID":"[0-9a-f]{64}"' | grep -oE '[0-9a-f]{64}' | sort -u >"$work/ids"
    find /sys/fs/cgroup -type d -name 'skiff-*' 2>/dev/null | grep -F -f "$work/ids"
}

# leftovers: what containers must not leave behind, a line each.
leftovers() {
    runtime=$(skiff info | sed -n 's/^Runtime Dir: //p')
    cgroups_of_containers | sed 's/^/cgroup /'
    grep -F " $STORE/" /proc/self/mountinfo | sed 's/^/mount /'
    for place in "$runtime" "$STORE/containers" "$STORE/tmp" "$STORE/trash" "$STORE/locks"; do
        [ ! -d "$place" ] || find "$place" -mindepth 1 -maxdepth 1 ! -name root ! -name gone ! -name names \
            ! -name last-out ! -name 'uplinks[46]'
    done
    [ ! -d "$runtime/names" ] || find "$runtime/names" -type f
    # In brackets, so that grep does not find itself.
    grep -alE "[/]${runtime#/}/" /proc/[0-9]*/cmdline 2>/dev/null | sed 's/^/process /'
}
