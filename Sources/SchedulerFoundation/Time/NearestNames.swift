/// The zone names that somebody may have meant who wrote another one: at most three, the nearest first.
struct NearestNames {
    let names: [String]

    /// Compares without regard to case, with `_` for blanks, and also with the city alone.
    init(to text: String, among all: [String]) {
        let wanted = NearestNames.plain(text)
        guard wanted.count >= 2, wanted.count <= 40 else {
            names = []
            return
        }
        let most = max(1, wanted.count / 4)
        var near: [(distance: Int, name: String)] = []
        for name in all {
            let whole = NearestNames.plain(name)
            let city = whole.split(separator: NearestNames.slash).last.map(Array.init) ?? whole
            let distance = min(
                NearestNames.distance(wanted, whole, upTo: most), NearestNames.distance(wanted, city, upTo: most))
            if distance <= most { near.append((distance, name)) }
        }
        near.sort { ($0.distance, $0.name) < ($1.distance, $1.name) }
        // What is the same but for case and blanks is what was meant.
        let isSame = near.first?.distance == 0
        names = near.filter { !isSame || $0.distance == 0 }.prefix(3).map(\.name)
    }

    private static let slash = UInt8(ascii: "/")

    private static func plain(_ text: String) -> [UInt8] {
        text.utf8.map { byte in
            switch byte {
            case 0x41...0x5A: byte + 32
            case UInt8(ascii: " "): UInt8(ascii: "_")
            default: byte
            }
        }
    }

    /// How many characters must be put in, taken out or replaced; anything above `most` where it is more than that.
    ///
    /// - SeeAlso: Wagner and Fischer, "The String-to-String Correction Problem", 1974.
    private static func distance(_ left: [UInt8], _ right: [UInt8], upTo most: Int) -> Int {
        guard abs(left.count - right.count) <= most else { return most + 1 }
        var row = Array(0...right.count)
        for (i, byte) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in right.enumerated() {
                let replaced = diagonal + (byte == other ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
