# Free ports of 127.0.0.1.

# Prints a port that nobody listens on. Below 32768, where the system takes the ports of outgoing connections from,
# so that it stays free until the server binds it (and while a test restarts that server).
free_port() {
    local port
    for _ in {1..100}; do
        port=$((20000 + (RANDOM << 15 | RANDOM) % 12000))
        if ! is_listening "$port"; then
            echo "$port"
            return
        fi
    done
    fail "found no free port between 20000 and 32000"
}

is_listening() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Whether a start failed because somebody took the port between our look and the server's bind.
lost_its_port() { grep -qiE 'address already in use|eaddrinuse' "$1/server.log"; }
