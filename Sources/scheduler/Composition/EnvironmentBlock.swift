import Glibc

/// The variables with which the process was started, as the system shows them in `/proc/<pid>/environ`.
///
/// A task that runs as the same user is kept out by `PR_SET_DUMPABLE`, one that runs as root is not. So once the
/// configuration is loaded everything is overwritten that no library of ours reads.
enum EnvironmentBlock {
    /// What stays: the allow-list of tasks, the terminal, the dynamic linker, and the settings of libpq and TLS, but
    /// no password among them.
    private static let kept: Set<String> = [
        "PATH", "HOME", "LANG", "LC_ALL", "TZ", "USER", "LOGNAME", "PWD", "TMPDIR", "TERM", "NO_COLOR",
        "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "PGSSLMODE", "PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY",
        "PGPASSFILE", "PGSERVICEFILE",
    ]

    /// Overwrites the values and removes the variables; called while the process has one thread that reads them.
    static func scrub() {
        var names: [String] = []
        var entry = environ
        while let text = entry.pointee {
            let length = strlen(text)
            if let equals = strchr(text, 0x3D) {
                let name = String(decoding: UnsafeRawBufferPointer(start: text, count: equals - text), as: UTF8.self)
                if !kept.contains(name) {
                    memset(equals + 1, 0, length - (equals - text) - 1)
                    names.append(name)
                }
            }
            entry += 1
        }
        for name in names { unsetenv(name) }
    }
}
