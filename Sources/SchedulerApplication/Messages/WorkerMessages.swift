public import SchedulerDomain

/// The wire form of a heartbeat, for workers without access to the store.
extension Heartbeat {
    public func encoded(at now: UTCInstant) -> [UInt8] {
        MessageEnvelope(.workerHeartbeat, at: now).encoded { bytes in
            bytes.writeObject { object in
                object.member("worker_id", plain: worker.description)
                object.member("status", plain: status.rawValue)
                object.member("current_task_count", currentTaskCount)
                object.member("held") { bytes in
                    bytes.writeList(held) { attempt, bytes in bytes.writeObject { attempt.write(into: &$0) } }
                }
            }
        }
    }

    init(_ fields: MessageFields) throws(MessageError) {
        let payload = try fields.object("payload")
        var held: [RunAttempt] = []
        for object in try payload.objects("held") { held.append(try RunAttempt(object)) }
        self.init(
            worker: try payload.workerID("worker_id"),
            status: try payload.parsed("status", "a worker's status") { WorkerStatus(rawValue: $0) },
            currentTaskCount: Int(clamping: try payload.integer("current_task_count")),
            held: held)
    }
}

/// The wire form of a registration. What the store decides (status, heartbeats) does not travel.
extension WorkerInfo {
    public func encodedRegistration(at now: UTCInstant) -> [UInt8] {
        MessageEnvelope(.workerRegistration, at: now).encoded { bytes in
            bytes.writeObject { object in
                object.member("worker_id", plain: id.description)
                object.member("name", name)
                object.member("hostname", hostname)
                object.member("ip_address", ipAddress)
                if let port { object.member("port", port) }
                object.member("task_types") { bytes in
                    bytes.writeList(taskTypes) { type, bytes in JSONValue.write(type, into: &bytes) }
                }
                object.member("max_concurrent_tasks", maxConcurrentTasks)
                object.member("version", version)
                object.member("labels") { bytes in
                    JSONValue.object(labels.mapValues { .string($0) }).write(into: &bytes)
                }
            }
        }
    }

    init(_ fields: MessageFields, at timestamp: UTCInstant) throws(MessageError) {
        let payload = try fields.object("payload")
        let labels = payload.value("labels")?.object ?? [:]
        self.init(
            id: try payload.workerID("worker_id"),
            name: try payload.string("name"),
            hostname: try payload.string("hostname"),
            ipAddress: try payload.optionalString("ip_address"),
            port: try payload.optionalInteger("port").map { Int(clamping: $0) },
            taskTypes: try payload.strings("task_types"),
            maxConcurrentTasks: Int(clamping: try payload.integer("max_concurrent_tasks")),
            status: .registering,
            lastHeartbeat: timestamp,
            registeredAt: timestamp,
            version: try payload.optionalString("version") ?? "",
            labels: labels.compactMapValues(\.string))
    }
}
