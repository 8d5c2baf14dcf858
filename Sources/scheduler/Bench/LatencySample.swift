/// Delays in milliseconds and what is told of them.
struct LatencySample: Sendable {
    private let sorted: [Double]

    init(_ milliseconds: [Double]) { sorted = milliseconds.sorted() }

    var count: Int { sorted.count }
    var least: Double { sorted.first ?? 0 }
    var most: Double { sorted.last ?? 0 }

    /// The nearest-rank percentile; `share` is above 0 and at most 1.
    func percentile(_ share: Double) -> Double {
        guard !sorted.isEmpty else { return 0 }
        let rank = Int((share * Double(sorted.count)).rounded(.up))
        return sorted[max(0, min(sorted.count - 1, rank - 1))]
    }

    /// One line: `P50 4 ms, P99 9 ms, most 11 ms`.
    var text: String {
        "P50 \(shown(percentile(0.5))) ms, P99 \(shown(percentile(0.99))) ms, most \(shown(most)) ms"
    }

    private func shown(_ value: Double) -> String {
        value < 100 ? "\((value * 10).rounded() / 10)" : "\(Int(value.rounded()))"
    }
}
