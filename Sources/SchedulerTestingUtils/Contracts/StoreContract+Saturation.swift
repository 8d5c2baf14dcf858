import SchedulerDomain

extension StoreContract {
    private static let other = TenantID("other")

    /// Held backlogs while every slot that becomes free has takers.
    static let saturationCases: [ContractCase] = [
        ContractCase("a held backlog hides nothing while another tenant would fill every slot") { data in
            try await data.store.tenants.save([Tenant(id: other)])
            let capped = try await data.task(.fixture(name: "capped", maxConcurrent: 1))
            let free = try await data.task(.fixture(name: "free"))
            let flood = try await data.task(.fixture(name: "flood"), tenant: other)
            let worker = try await data.worker(slots: 4)
            _ = try await data.runs(600, of: capped)
            _ = try await data.runs(40, of: flood)
            _ = try await data.start(on: worker, limit: 3)
            data.clock.advance(by: .seconds(1))
            let runs = try await data.runs(1, of: free)
            let served = try await data.serve(2, on: worker).map(\.attempt.run)
            try expect(served.contains(runs[0].id), "the run behind the backlog was not picked")
        },
        ContractCase("a held backlog hides nothing while other priorities would fill every slot") { data in
            let capped = try await data.task(.fixture(name: "capped", maxConcurrent: 1))
            let free = try await data.task(.fixture(name: "free"))
            let flood = try await data.task(.fixture(name: "flood"))
            let worker = try await data.worker(slots: 2)
            _ = try await data.runs(600, of: capped, priority: .low)
            _ = try await data.start(on: worker, limit: 1)
            for priority in [Priority.normal, .high, .critical] {
                _ = try await data.runs(20, of: flood, priority: priority)
            }
            data.clock.advance(by: .seconds(1))
            let runs = try await data.runs(1, of: free, priority: .low)
            let served = try await data.serve(18, on: worker).map(\.attempt.run)
            try expect(served.contains(runs[0].id), "the run behind the backlog was not picked")
        },
        ContractCase("a held backlog hides nothing while a pick takes as many others as it may") { data in
            try await data.store.tenants.save([Tenant(id: other)])
            let capped = try await data.task(.fixture(name: "capped", maxConcurrent: 1))
            let free = try await data.task(.fixture(name: "free"))
            let flood = try await data.task(.fixture(name: "flood"), tenant: other)
            _ = try await data.worker(slots: 5_000)
            _ = try await data.runs(600, of: capped)
            _ = try await data.runs(600, of: flood)
            data.clock.advance(by: .seconds(1))
            let runs = try await data.runs(1, of: free)
            let picked = try await data.store.runs.pick(limit: 500).runs.map(\.attempt.run)
            try expect(picked.contains(runs[0].id), "the run behind the backlog was not picked")
        },
        ContractCase("a hundred queued runs hide nothing among many tenants and priorities") { data in
            let tenants = (0..<10).map { TenantID("tenant \($0)") }
            try await data.store.tenants.save(tenants.map { Tenant(id: $0) })
            for tenant in tenants {
                let flood = try await data.task(.fixture(name: "flood"), tenant: tenant)
                for priority in Priority.allCases { _ = try await data.runs(10, of: flood, priority: priority) }
            }
            let capped = try await data.task(.fixture(name: "capped", maxConcurrent: 1))
            let free = try await data.task(.fixture(name: "free"))
            _ = try await data.worker(slots: 1_000)
            let backlog = try await data.runs(100, of: capped, priority: .critical)
            data.clock.advance(by: .seconds(1))
            let runs = try await data.runs(1, of: free, priority: .critical)
            let picked = try await data.store.runs.pick(limit: 60).runs.map(\.attempt.run)
            try expect(picked.contains(backlog[0].id), "the first of the backlog was not picked")
            try expect(picked.contains(runs[0].id), "the run behind the backlog was not picked")
        },
        ContractCase("slots that become free one by one reach a run behind more lanes than a pass looks at") { data in
            try await data.store.tenants.save([Tenant(id: other)])
            let drafts = (0..<1_100).map { TaskDraft(spec: .fixture(name: "task \($0)"), status: .paused) }
            let held = try await data.store.tasks.create(drafts)
            _ = try await data.store.runs.enqueue([held.map { data.newRun(of: $0, trigger: .scheduled) }])
            let free = try await data.task(.fixture(name: "free"))
            let flood = try await data.task(.fixture(name: "flood"), tenant: other)
            let worker = try await data.worker(slots: 1)
            _ = try await data.runs(20, of: flood)
            data.clock.advance(by: .seconds(1))
            let runs = try await data.runs(3, of: free)
            let served = try await data.serve(8, on: worker).map(\.attempt.run)
            try expect(Set(served).isSuperset(of: runs.map(\.id)), "the runs behind the held lanes were not picked")
        },
        ContractCase("a long lane behind a held backlog is picked on without a wait") { data in
            let drafts = (0..<600).map { TaskDraft(spec: .fixture(name: "task \($0)"), status: .paused) }
            let held = try await data.store.tasks.create(drafts)
            _ = try await data.store.runs.enqueue([held.map { data.newRun(of: $0, trigger: .scheduled) }])
            let free = try await data.task(.fixture(name: "free"))
            _ = try await data.worker(slots: 5_000)
            data.clock.advance(by: .seconds(1))
            let runs = try await data.runs(30, of: free)
            var picked: Set<RunID> = []
            var passes = 0
            while passes < 60 {
                passes += 1
                let pick = try await data.store.runs.pick(limit: 100)
                picked.formUnion(pick.runs.map(\.attempt.run))
                if !pick.isPartial { break }
            }
            try expectEqual(picked, Set(runs.map(\.id)), "what was picked before the picker would sleep")
        },
        ContractCase("many tenants of whom nothing is due, or may start, do not thin out a pick") { data in
            let tenants = (0..<300).map { TenantID("tenant \($0)") }
            try await data.store.tenants.save(tenants.map { Tenant(id: $0) })
            let drafts = tenants.enumerated().map { index, tenant in
                TaskDraft(tenant: tenant, spec: .fixture(name: "task"), status: index % 2 == 0 ? .paused : .active)
            }
            let others = try await data.store.tasks.create(drafts)
            let later = data.clock.now.advanced(by: .seconds(60))
            let new = others.map { task in
                data.newRun(of: task, trigger: .scheduled, dueAt: task.status == .paused ? nil : later)
            }
            _ = try await data.store.runs.enqueue(new.map { [$0] })
            let own = try await data.task()
            _ = try await data.worker()
            let runs = try await data.runs(60, of: own)
            let pick = try await data.store.runs.pick(limit: 50)
            try expectEqual(pick.runs.map(\.attempt.run), runs.prefix(50).map(\.id), "the pick")
        },
    ]
}
