import Testing

@testable import SchedulerWorker

@Suite("The keeper's own memory")
struct MemoryFloorTests {
    @Test("only what is a file, is not written and was not changed is given back")
    func cleanMappings() {
        let smaps = """
            1000-3000 r-xp 00000000 fe:00 12                         /usr/lib/libc.so.6
            Size:                  8 kB
            Anonymous:             0 kB
            VmFlags: rd ex mr mw me
            3000-4000 r--p 00002000 fe:00 12                         /usr/lib/libc.so.6
            Anonymous:             4 kB
            4000-5000 rw-p 00003000 fe:00 12                         /usr/lib/libc.so.6
            Anonymous:             0 kB
            5000-6000 r--p 00000000 00:00 0
            Anonymous:             0 kB
            6000-7000 r-xp 00000000 00:00 0                          [vdso]
            Anonymous:             0 kB
            7000-9000 r--p 00000000 fe:00 13                         /usr/lib/libm.so.6
            Anonymous:             0 kB
            """
        #expect(MemoryFloor.cleanFileMappings(of: smaps) == [0x1000..<0x3000, 0x7000..<0x9000])
    }
}
