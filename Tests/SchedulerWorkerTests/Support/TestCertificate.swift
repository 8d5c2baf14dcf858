import NIOSSL

/// Certificates for servers of tests, made once with openssl.
///
/// No machine trusts them, and their keys protect nothing; the authority's own key is thrown away.
enum TestCertificate: String, Sendable, CaseIterable {
    /// For localhost, from the tests' authority, to 2120.
    case good
    /// As `good`, but it ended in 2020.
    case expired
    /// From the tests' authority, for another host.
    case elsewhere
    /// For localhost, from nobody but itself.
    case selfSigned

    /// The authority that a client of a test may trust.
    static func authority() throws -> NIOSSLCertificate {
        try NIOSSLCertificate(bytes: Array(authorityText.utf8), format: .pem)
    }

    /// A server that presents the certificate.
    func serverContext() throws -> NIOSSLContext {
        let certificate = try NIOSSLCertificate(bytes: Array(text.utf8), format: .pem)
        let key = try NIOSSLPrivateKey(bytes: Array(TestCertificate.key.utf8), format: .pem)
        return try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: [.certificate(certificate)], privateKey: .privateKey(key)))
    }

    private var text: String {
        switch self {
        case .good: TestCertificate.goodText
        case .expired: TestCertificate.expiredText
        case .elsewhere: TestCertificate.elsewhereText
        case .selfSigned: TestCertificate.selfSignedText
        }
    }

    private static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQge0+yLZnb7MwS+h3I
        a2xPI63XcUQQTp5hMHiyHlB750+hRANCAATyNMbT2mlXRAdVFhIFSJQs8hQWMzOx
        N/Aur3jn1ZqgKF+s2yNYob8s4GrOxdSHEmk5R3VrvVTWCB71rEBP+XUQ
        -----END PRIVATE KEY-----
        """

    private static let authorityText = """
        -----BEGIN CERTIFICATE-----
        MIIBZjCCAQ2gAwIBAgIBATAKBggqhkjOPQQDAjAaMRgwFgYDVQQDDA9TY2hlZHVs
        ZXIgdGVzdHMwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBoxGDAW
        BgNVBAMMD1NjaGVkdWxlciB0ZXN0czBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IA
        BKJPVyaK/oeyJJtQZnQNZmB68MfVX/7lOdqfoFO5Q6bUB5IYR+wUC29O2XAXpP0F
        LiLdIlAOq9Zm9sb4HX4x6VWjQjBAMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/
        BAQDAgIEMB0GA1UdDgQWBBRjpIuT/4+G+XJsnopwS2VxA+RTRDAKBggqhkjOPQQD
        AgNHADBEAiBA0klzdd1srKGrZypGx6H/9RN8FEFeJ2fhrkMWERLaLQIgC7Imak/X
        9SVxtuEoyUG7y9y11gJ30X3j+gYMV8KAYzo=
        -----END CERTIFICATE-----
        """

    private static let goodText = """
        -----BEGIN CERTIFICATE-----
        MIIBfjCCASOgAwIBAgIBAjAKBggqhkjOPQQDAjAaMRgwFgYDVQQDDA9TY2hlZHVs
        ZXIgdGVzdHMwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQ
        BgNVBAMMCWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABPI0xtPa
        aVdEB1UWEgVIlCzyFBYzM7E38C6veOfVmqAoX6zbI1ihvyzgas7F1IcSaTlHdWu9
        VNYIHvWsQE/5dRCjXjBcMBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAAATAdBgNV
        HQ4EFgQUgcPQbJaRcCyjgGm+JVkdNCjcxX0wHwYDVR0jBBgwFoAUY6SLk/+Phvly
        bJ6KcEtlcQPkU0QwCgYIKoZIzj0EAwIDSQAwRgIhAMiTvbOkF9hWrR2nP/KOpOTM
        JJLvjH5qddZySQY89LA8AiEA2SseSoxeZK4jKrzeXgsK4WAypt53FW0Nxo/KQJlg
        m9A=
        -----END CERTIFICATE-----
        """

    private static let expiredText = """
        -----BEGIN CERTIFICATE-----
        MIIBejCCASGgAwIBAgIBAzAKBggqhkjOPQQDAjAaMRgwFgYDVQQDDA9TY2hlZHVs
        ZXIgdGVzdHMwHhcNMjAwMTAxMDAwMDAwWhcNMjAwMTAyMDAwMDAwWjAUMRIwEAYD
        VQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATyNMbT2mlX
        RAdVFhIFSJQs8hQWMzOxN/Aur3jn1ZqgKF+s2yNYob8s4GrOxdSHEmk5R3VrvVTW
        CB71rEBP+XUQo14wXDAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwHQYDVR0O
        BBYEFIHD0GyWkXAso4BpviVZHTQo3MV9MB8GA1UdIwQYMBaAFGOki5P/j4b5cmye
        inBLZXED5FNEMAoGCCqGSM49BAMCA0cAMEQCIHVUzTVe/nB6oqn4A7heXqkxcnmY
        gDqLiKzDYEjr6t60AiApgaMeLGvaMqspxDVQt/z9UUh3cHIwpgC0jd/lkPdBcg==
        -----END CERTIFICATE-----
        """

    private static let elsewhereText = """
        -----BEGIN CERTIFICATE-----
        MIIBhjCCAS2gAwIBAgIBBDAKBggqhkjOPQQDAjAaMRgwFgYDVQQDDA9TY2hlZHVs
        ZXIgdGVzdHMwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBwxGjAY
        BgNVBAMMEWVsc2V3aGVyZS5pbnZhbGlkMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD
        QgAE8jTG09ppV0QHVRYSBUiULPIUFjMzsTfwLq9459WaoChfrNsjWKG/LOBqzsXU
        hxJpOUd1a71U1gge9axAT/l1EKNgMF4wHAYDVR0RBBUwE4IRZWxzZXdoZXJlLmlu
        dmFsaWQwHQYDVR0OBBYEFIHD0GyWkXAso4BpviVZHTQo3MV9MB8GA1UdIwQYMBaA
        FGOki5P/j4b5cmyeinBLZXED5FNEMAoGCCqGSM49BAMCA0cAMEQCIDOq3HWOFaoa
        uoAJLccs6M50iG9F7o6pWIc/xAFkZcjSAiAlR1ly7OTvOfG8EOXgnW43diEzEsN+
        DzeU5I/ABPQrEQ==
        -----END CERTIFICATE-----
        """

    private static let selfSignedText = """
        -----BEGIN CERTIFICATE-----
        MIIBVTCB/KADAgECAgEFMAoGCCqGSM49BAMCMBQxEjAQBgNVBAMMCWxvY2FsaG9z
        dDAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowFDESMBAGA1UEAwwJ
        bG9jYWxob3N0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8jTG09ppV0QHVRYS
        BUiULPIUFjMzsTfwLq9459WaoChfrNsjWKG/LOBqzsXUhxJpOUd1a71U1gge9axA
        T/l1EKM9MDswGgYDVR0RBBMwEYIJbG9jYWxob3N0hwR/AAABMB0GA1UdDgQWBBSB
        w9BslpFwLKOAab4lWR00KNzFfTAKBggqhkjOPQQDAgNIADBFAiAwWJJRTd16DBr4
        6n3BB8IOROgCx7Qu5/ZPAY+tttNYOwIhAPl5KNwYXeFBMltZseBRraoQUC9h6XBI
        N14dY7WVxITY
        -----END CERTIFICATE-----
        """
}
