# Starting, finding and ending the server of a folder by the process id in DIR/pid.

# Starts a program in a session of its own (Ctrl-C in the terminal does not reach it), with an environment made of
# nothing but the given variables, and with the log as its output; remembers its process id in a file. Its signals are
# unblocked: a test starts us from a thread that blocks nearly all, and a server with SIGTERM blocked cannot be stopped.
launch() {
    local dir=$1 pid_file=$2 before=$PWD
    shift 2
    # Before the fork: whoever looks at the process at once must find it in its folder (`works_in`).
    cd "$dir"
    (
        close_inherited_files
        if is_root; then
            exec setsid setpriv --reuid="$SERVICE_USER" --regid="$SERVICE_USER" --clear-groups -- env -i --default-signal "$@"
        else
            exec setsid env -i --default-signal "$@"
        fi
    ) </dev/null >>"$dir/server.log" 2>&1 &
    echo $! >"$pid_file"
    cd "$before"
}

# A server that kept what its starter has open (a pipe, a socket) would keep whoever waits for its end waiting.
close_inherited_files() {
    local file number
    for file in "/proc/$BASHPID/fd/"*; do
        number=${file##*/}
        if ((number > 2)); then eval "exec $number>&-"; fi
    done
}

read_pid() { cat "$1/pid" 2>/dev/null; }

is_running() {
    local pid
    pid=$(read_pid "$1") && [[ -n $pid ]] && is_alive "$pid" && works_in "$pid" "$1"
}

# A zombie still answers signals, but it serves nobody.
is_alive() { [[ -d /proc/$1 && $(state_of "$1") != Z ]]; }

state_of() { sed -nE 's/^State:\s+(.).*/\1/p' "/proc/$1/status" 2>/dev/null; }

# Guards against a process id that the system gave to somebody else after a reboot or a crash.
works_in() {
    local pid=$1 dir=$2 folder
    folder=$(readlink "/proc/$pid/cwd" 2>/dev/null) && [[ $folder == "$dir" || $folder == "$dir"/* ]]
}

somebody_works_in() {
    local process
    for process in /proc/[0-9]*; do
        is_alive "${process#/proc/}" && works_in "${process#/proc/}" "$1" && return
    done
    return 1
}

wait_gone() {
    local dir=$1 deadline=$((SECONDS + $2))
    while is_running "$dir"; do
        ((SECONDS < deadline)) || return 1
        sleep 0.05
    done
}

# Kills a process and all its descendants; the parent first, so that it cannot start others meanwhile.
kill_tree() {
    local all
    all=$(descendants "$1")
    kill -STOP "$1" 2>/dev/null || true
    all="$all $(descendants "$1")"
    # shellcheck disable=SC2086  # a list of numbers, meant to be split
    kill -KILL "$1" $all 2>/dev/null || true
}

descendants() {
    local child
    for child in $(cat /proc/"$1"/task/*/children 2>/dev/null); do
        echo "$child"
        descendants "$child"
    done
}

kill_who_works_in() {
    local process
    for process in /proc/[0-9]*; do
        works_in "${process#/proc/}" "$1" && kill -KILL "${process#/proc/}" 2>/dev/null
    done
    return 0
}
