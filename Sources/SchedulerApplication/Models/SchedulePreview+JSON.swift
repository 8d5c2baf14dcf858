package import SchedulerDomain

extension JSONWriter {
    /// Writes a preview as the API shows it.
    package mutating func value(_ preview: SchedulePreview) {
        let times = preview.times
        object { writer in
            writer.field("schedule", times.expression.description)
            writer.field("timezone", times.zone.name)
            writer.field("description", preview.words)
            writer.field("dst_gap", times.gapPolicy.rawValue)
            writer.field("dst_overlap", times.repeatPolicy.rawValue)
            writer.field("start_date", times.start)
            writer.field("end_date", times.end)
            writer.field("from", preview.from)
            writer.name("fires")
            writer.list(preview.fires) { $0.value($1) }
            writer.field("never_again", preview.isOver)
            writer.field("tzdata", preview.zonesVersion)
        }
    }

    /// Writes a fire time with the local time, the offset and the remark.
    package mutating func value(_ fire: ShownFire) {
        object { writer in
            writer.field("utc", fire.instant)
            writer.field("local", fire.localText)
            writer.field("offset", fire.offsetText)
            writer.field("abbreviation", fire.abbreviation)
            writer.field("remark", fire.remark)
        }
    }

    /// Writes a change of a zone's offset.
    package mutating func value(_ change: ShownChange) {
        let (before, after) = change.transition.clocks
        object { writer in
            writer.field("utc", change.transition.instant)
            writer.field("kind", change.transition.isGap ? "gap" : "overlap")
            writer.field("clock_before", before.description)
            writer.field("clock_after", after.description)
            writer.field("remark", change.words)
        }
    }
}
