# A private RabbitMQ node: own name, own ports, own data, and an own port mapper (epmd), because the machine's one
# would outlive the node and belong to whoever came first. Three ports: AMQP, distribution, epmd.

# The packages' wrapper in /usr/sbin refuses every user but root and rabbitmq; the script behind it does not.
rabbitmq_program() {
    local candidate
    for candidate in /usr/lib/rabbitmq/bin /usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin; do
        if [[ -x $candidate/$1 ]]; then
            echo "$candidate/$1"
            return
        fi
    done
    command -v "$1" || fail "$1 is not installed; try: scripts/install-dependencies --servers"
}

rabbitmq_prepare() {
    local dir=$1
    rabbitmq_program rabbitmq-server >/dev/null
    command -v epmd >/dev/null || fail "epmd (of Erlang) is not installed; try: scripts/install-dependencies --servers"
    is_running "$dir" || rabbitmq_clean_up "$dir"
    mkdir -p "$dir/home" "$dir/data"
    if is_root; then chown "$SERVICE_USER:$SERVICE_USER" "$dir/home" "$dir/data"; fi
    echo '[].' | write_private "$dir/enabled_plugins"
    : | write_private "$dir/no-environment.conf"
}

rabbitmq_choose_ports() {
    local dir=$1
    free_port >"$dir/port"
    free_port >"$dir/distribution-port"
    free_port >"$dir/epmd-port"
}

rabbitmq_launch() {
    local dir=$1
    rabbitmq_write_configuration "$dir"
    rabbitmq_launch_epmd "$dir"
    # The server's script waits for the node and ends with it, so its process stands for both; SIGTERM to the script
    # stops the node in order.
    rabbitmq_variables "$dir"
    launch "$dir" "$dir/pid" "${rabbitmq_environment[@]}" "$(rabbitmq_program rabbitmq-server)"
}

rabbitmq_write_configuration() {
    local dir=$1
    write_private "$dir/rabbitmq.conf" <<TEXT
listeners.tcp.1 = 127.0.0.1:$(cat "$dir/port")
loopback_users.guest = true
log.console = true
log.console.level = info
disk_free_limit.absolute = 50MB
raft.wal_max_size_bytes = 67108864
TEXT
}

rabbitmq_launch_epmd() {
    local dir=$1 port deadline=$((SECONDS + 10))
    port=$(cat "$dir/epmd-port")
    launch "$dir" "$dir/epmd-pid" PATH="$PATH" "$(command -v epmd)" -port "$port" -address 127.0.0.1
    until is_listening "$port" || ((SECONDS >= deadline)); do sleep 0.05; done
}

# Sets rabbitmq_environment: all that the node and rabbitmqctl need to know of this folder, nothing of the caller's.
rabbitmq_variables() {
    local dir=$1
    rabbitmq_environment=(
        PATH="$PATH" LANG=C.UTF-8 HOME="$dir/home" TMPDIR="$dir/data"
        ERL_EPMD_PORT="$(cat "$dir/epmd-port")" ERL_EPMD_ADDRESS=127.0.0.1
        RABBITMQ_NODENAME="scheduler-$(cat "$dir/port")@localhost"
        RABBITMQ_DIST_PORT="$(cat "$dir/distribution-port")"
        RABBITMQ_CONF_ENV_FILE="$dir/no-environment.conf"
        RABBITMQ_CONFIG_FILE="$dir/rabbitmq.conf" RABBITMQ_ADVANCED_CONFIG_FILE="$dir/advanced.config"
        RABBITMQ_ENABLED_PLUGINS_FILE="$dir/enabled_plugins" RABBITMQ_GENERATED_CONFIG_DIR="$dir/data/config"
        RABBITMQ_MNESIA_BASE="$dir/data/mnesia" RABBITMQ_LOG_BASE="$dir/data/log" RABBITMQ_LOGS=-
        RABBITMQ_PID_FILE="$dir/data/node.pid"
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}'
    )
}

rabbitmq_is_ready() { grep -q 'Server startup complete' "$1/server.log" 2>/dev/null; }

rabbitmq_url() { echo "amqp://guest:guest@127.0.0.1:$(cat "$1/port")"; }

rabbitmq_stop_signal() { echo TERM; }

# The node outlives its script where only that was killed; the port mapper ends last.
rabbitmq_clean_up() {
    local dir=$1 file pid
    for file in "$dir/data/node.pid" "$dir/epmd-pid"; do
        pid=$(cat "$file" 2>/dev/null) || continue
        if is_alive "$pid" && works_in "$pid" "$dir"; then kill_tree "$pid"; fi
        rm -f "$file"
    done
}

rabbitmq_ctl() {
    local dir=$1
    shift
    rabbitmq_variables "$dir"
    (cd "$dir" && as_service_user env -i "${rabbitmq_environment[@]}" "$(rabbitmq_program rabbitmqctl)" "$@")
}
