# A private PostgreSQL server: durable as in production (fsync), passwords checked as in production (scram).

postgres_program() {
    local candidate
    for candidate in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V -r) /usr/pgsql-*/bin; do
        if [[ -x $candidate/$1 ]]; then
            echo "$candidate/$1"
            return
        fi
    done
    command -v "$1" || fail "$1 is not installed; try: scripts/install-dependencies --servers"
}

postgres_prepare() {
    local dir=$1 initdb
    if [[ -s $dir/data/PG_VERSION ]]; then
        is_running "$dir" || postgres_clean_up "$dir"
        return
    fi
    initdb=$(postgres_program initdb)
    rm -rf "$dir/data"
    od -An -N16 -tx1 /dev/urandom | tr -d ' \n' | write_private "$dir/password"
    # Without a locale, text compares the same on every machine. --no-sync spares the new files only.
    (cd "$dir" && as_service_user "$initdb" --pgdata=data --username=scheduler --pwfile=password \
        --auth=scram-sha-256 --encoding=UTF8 --no-locale --no-sync) >"$dir/initdb.log" 2>&1 || {
        tail -n 20 "$dir/initdb.log" >&2
        fail "initdb failed in $dir"
    }
}

postgres_choose_ports() { free_port >"$1/port"; }

postgres_launch() {
    local dir=$1 sockets=$1 port
    port=$(cat "$dir/port")
    # A socket's path holds 107 bytes at most; in a deeper folder the server does without.
    ((${#dir} > 80)) && sockets=
    launch "$dir" "$dir/pid" PATH="$PATH" LC_ALL=C TZ=UTC \
        "$(postgres_program postgres)" -D "$dir/data" \
        -c listen_addresses=127.0.0.1 -c port="$port" -c unix_socket_directories="$sockets" \
        -c max_connections=200 -c shared_buffers=256MB -c fsync=on -c logging_collector=off \
        -c log_line_prefix='%m [%p] %q%u@%d ' -c timezone=UTC
}

# The server keeps its state in the eighth line of its own file; the first is its process.
postgres_is_ready() {
    local dir=$1 file=$1/data/postmaster.pid
    [[ -r $file && $(sed -n 1p "$file") == "$(read_pid "$dir")" && $(sed -n 8p "$file") == ready* ]] 2>/dev/null
}

postgres_url() {
    echo "postgres://scheduler:$(cat "$1/password")@127.0.0.1:$(cat "$1/port")/postgres"
}

# "Fast": ends the sessions, writes a checkpoint.
postgres_stop_signal() { echo INT; }

# After a crash the backends end by themselves, a moment later. The lock files are removed here, because a server refuses
# to start while the process named there exists, and a killed one exists as a zombie until process 1 reaps it (in a
# container perhaps never). Only once nobody works in the data folder any more, else two servers could share it.
postgres_clean_up() {
    local dir=$1 deadline=$((SECONDS + 10))
    [[ -e $dir/data/postmaster.pid ]] || return 0
    while somebody_works_in "$dir/data"; do
        # One that was forked while its parent was killed may wait for ever for a lock that nobody releases.
        kill_who_works_in "$dir/data"
        ((SECONDS < deadline)) || fail "processes of a former server still work in $dir/data"
        sleep 0.05
    done
    rm -f "$dir/data/postmaster.pid" "$dir"/.s.PGSQL.*
}

postgres_ctl() {
    local dir=$1
    shift
    PGPASSWORD=$(cat "$dir/password") "$(postgres_program psql)" -X -h 127.0.0.1 -p "$(cat "$dir/port")" \
        -U scheduler -d postgres "$@"
}
