import SchedulerApplication
import SchedulerDomain

extension FireYear {
    /// Writes the year as lines for people, as it is computed, until nobody reads on.
    func writeLines(_ number: Int64, of times: FireTimes, to output: TerminalStream) {
        output.write(times.expression.words(in: times.zone.name) + "\n\n")
        var (fires, gaps, overlaps, isCut) = (0, 0, 0, false)
        for item in self {
            guard output.isOpen else { return }
            switch item {
            case .fire(let fire):
                fires += 1
                output.write(fire.line + "\n")
            case .change(let change):
                let isGap = change.transition.isGap
                if isGap { gaps += 1 } else { overlaps += 1 }
                let day = change.transition.clocks.before.description.prefix(10)
                output.write("-- \(day) \(isGap ? "gap" : "overlap"): \(change.words)\n")
            case .more(let more, isCut: let isMoreCut):
                fires += more
                isCut = isMoreCut
                let count = counted(more, "further fire time")
                output.write("… \(isCut ? "at least " : "")\(count) (--all lists them)\n")
            }
        }
        let count = isCut ? "" : "\(counted(fires, "fire time")), "
        output.write("\n\(number): \(count)\(counted(gaps, "gap")), \(counted(overlaps, "overlap"))\n")
    }

    /// Writes the year as a JSON object, as it is computed, until nobody reads on.
    func writeJSON(_ number: Int64, of times: FireTimes, to output: TerminalStream) {
        var writer = JSONWriter(capacity: TerminalStream.pieceSize * 2)
        writer.object { writer in
            writer.field("schedule", times.expression.description)
            writer.field("timezone", times.zone.name)
            writer.field("description", times.expression.words(in: times.zone.name))
            writer.field("year", number)
            writer.name("fires")
            var changes: [ShownChange] = []
            var rest = (count: 0, isCut: false)
            writer.list(self.lazy.prefix { _ in output.isOpen }) { writer, item in
                switch item {
                case .fire(let fire): writer.value(fire)
                case .change(let change): changes.append(change)
                case .more(let count, let isCut): rest = (count, isCut)
                }
                if writer.bytes.count >= TerminalStream.pieceSize { output.write(writer.drain()) }
            }
            writer.field("more", rest.count)
            writer.field("more_count_cut", rest.isCut)
            writer.name("changes")
            writer.list(changes) { $0.value($1) }
        }
        output.write(writer.drain())
        output.write("\n")
    }
}

private func counted(_ count: Int, _ word: String) -> String { "\(count) \(word)\(count == 1 ? "" : "s")" }
