# Shared by the scripts: messages, and the unprivileged user that servers run as.

readonly SERVICE_USER=scheduler-test

fail() {
    echo "error: $*" >&2
    exit 1
}

is_root() { [[ $EUID == 0 ]]; }

# Runs a command as the unprivileged user when we are root (neither server wants to be root), else as ourselves.
as_service_user() {
    if is_root; then
        setpriv --reuid="$SERVICE_USER" --regid="$SERVICE_USER" --clear-groups -- "$@"
    else
        "$@"
    fi
}

# Makes the unprivileged user where it is missing; somebody else may make it at the same moment.
ensure_service_user() {
    is_root || return 0
    id -u "$SERVICE_USER" >/dev/null 2>&1 && return
    useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin \
        "$SERVICE_USER" 2>/dev/null || id -u "$SERVICE_USER" >/dev/null 2>&1 ||
        fail "cannot make the system user $SERVICE_USER; try: useradd --system --user-group $SERVICE_USER"
}

# Gives a server's folder to the user that runs it, and checks that this user can reach it.
prepare_folder() {
    local dir=$1
    ensure_service_user
    chmod 700 "$dir"
    if is_root; then
        chown "$SERVICE_USER:$SERVICE_USER" "$dir"
        as_service_user test -x "$dir/." ||
            fail "the user $SERVICE_USER cannot reach $dir; choose a folder below a world-readable one such as /tmp"
    fi
}

# Writes standard input to a file that only the server's user (and root) can read.
write_private() {
    local file=$1
    (umask 077 && cat >"$file")
    if is_root; then chown "$SERVICE_USER:$SERVICE_USER" "$file"; fi
}

# Each start writes a log of its own, so that readiness is never read from an older start's lines.
keep_old_log() {
    local dir=$1
    if [[ -e $dir/server.log ]]; then mv -f "$dir/server.log" "$dir/server.log.previous"; fi
    : | write_private "$dir/server.log"
}

show_log() {
    local dir=$1 reason=$2
    {
        echo "$reason; the end of $dir/server.log:"
        tail -n 30 "$dir/server.log" 2>/dev/null | sed 's/^/    /'
    } >&2
}
