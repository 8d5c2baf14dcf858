# Shared by the benchmarks: starts the distributed form for the time of a script. SCHEDULER is the program to measure.
#
# Needs common.sh and ports.sh.

export SCHEDULER=${SCHEDULER:-$here/../.build/release/scheduler}
export LOG_LEVEL=${LOG_LEVEL:-warning}

stop_system() {
    trap - EXIT
    kill -TERM "$system" 2>/dev/null || true
    wait "$system" || true
    rm -f "$system_log"
}

# Starts PostgreSQL, RabbitMQ, one api, two dispatchers and three workers, and sets API_PORT.
start_system() {
    local deadline=$((SECONDS + 120))
    [[ -x $SCHEDULER ]] || fail "there is no $SCHEDULER; build it with: make release"
    API_PORT=$(free_port)
    export API_PORT
    system_log=$(mktemp "${TMPDIR:-/tmp}/scheduler-bench.XXXXXX")
    "$here/demo" >"$system_log" 2>&1 &
    system=$!
    trap stop_system EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    until grep -q '^Ctrl-C ends it' "$system_log"; do
        kill -0 "$system" 2>/dev/null || { cat "$system_log" >&2; fail "the system did not start"; }
        ((SECONDS < deadline)) || { cat "$system_log" >&2; fail "the system is not ready after two minutes"; }
        sleep 0.2
    done
}
