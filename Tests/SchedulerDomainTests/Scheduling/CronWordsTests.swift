import SchedulerDomain
import Testing

@Suite("Cron expressions in words")
struct CronWordsTests {
    private func words(_ text: String, zone: String = "Europe/Berlin") throws -> String {
        try CronExpression(parsing: text).words(in: zone)
    }

    @Test(
        "tell the times of day",
        arguments: [
            ("0 2 * * *", "at 02:00 every day"),
            ("15 30 2 * * *", "at 02:30:15 every day"),
            ("0,30 0 2 * * *", "at 02:00:00 and 02:00:30 every day"),
            ("0,30 9,17 * * *", "at 09:00, 09:30, 17:00 and 17:30 every day"),
            ("0 9-17/2 * * *", "at 09:00, 11:00, 13:00, 15:00 and 17:00 every day"),
            ("*/15 9 * * *", "at 09:00, 09:15, 09:30 and 09:45 every day"),
            ("* * * * * *", "every second"),
            ("*/10 * * * * *", "every 10 seconds"),
            ("5/10 * * * * *", "every 10 seconds from second 5"),
            ("*/7 * * * * *", "at every 7th second from 0 through 56 of every minute"),
            ("*/10 * 9 * * *", "every 10 seconds from 09:00:00 through 09:59:50"),
            ("*/10 * 9,17 * * *", "at every 10th second from 0 through 50 of every minute of hours 9 and 17"),
            ("* 5 * * * *", "every second of minute 5 of every hour"),
            ("* * 9,17 * * *", "every second of hours 9 and 17"),
            ("0,5 7 */2 * * *", "at seconds 0 and 5 of minute 7 of every 2nd hour from 0 through 22"),
            ("30 * * * * *", "every minute at second 30"),
            ("30 */15 * * * *", "every 15 minutes at second 30"),
            ("30 5/15 * * * *", "every 15 minutes from minute 5 of every hour, at second 30"),
            ("30 5 * * * *", "every hour at minute 5, second 30"),
            ("* * * * *", "every minute"),
            ("*/1 * * * *", "every minute"),
            ("*/5 * * * *", "every 5 minutes"),
            ("0,15,30,45 * * * *", "every 15 minutes"),
            ("0/30 * * * *", "every 30 minutes"),
            ("5/15 * * * *", "every 15 minutes from minute 5 of every hour"),
            ("*/7 * * * *", "at every 7th minute from 0 through 56 of every hour"),
            ("0,10-20,45 * * * *", "at minutes 0, 10 through 20 and 45 of every hour"),
            ("0,20,45 * * * *", "at minutes 0, 20 and 45 of every hour"),
            ("* 9 * * *", "every minute from 09:00 through 09:59"),
            ("* 9,17 * * *", "every minute of hours 9 and 17"),
            ("*/15 9-17 * * *", "every 15 minutes from 09:00 through 17:45"),
            ("*/15 9,17 * * *", "at every 15th minute from 0 through 45 of hours 9 and 17"),
            ("0 * * * *", "every hour on the hour"),
            ("30 * * * *", "every hour at minute 30"),
            ("30 9-17 * * *", "every hour from 09:30 through 17:30"),
            ("0 */2 * * *", "every 2 hours from 00:00 through 22:00"),
            ("0 0-3,8-11,20 * * *", "at minute 0 of hours 0 through 3, 8 through 11 and 20"),
        ])
    func times(text: String, expected: String) throws {
        #expect(try words(text) == "\(expected), Berlin time")
    }

    @Test(
        "tell the days of the month",
        arguments: [
            ("0 0 1 * *", "on the 1st of every month"),
            ("0 0 1,15 * *", "on the 1st and the 15th of every month"),
            ("0 0 1-7 * *", "on the 1st through the 7th of every month"),
            (
                "0 0 2,3,11,12,13,21,22,23 * *",
                "on the 2nd, the 3rd, the 11th through the 13th and the 21st through the 23rd of every month"
            ),
            ("0 0 */2 * *", "on every 2nd day from the 1st through the 31st of every month"),
            ("0 0 10/5 * *", "on every 5th day from the 10th through the 30th of every month"),
            ("0 0 1-31 * *", "every day"),
            ("0 0 31 * *", "on the 31st of every month that has one"),
            ("0 0 31 1,3 *", "on the 31st of January and March"),
            ("0 0 29 2 *", "on the 29th of February"),
            ("0 0 L * *", "on the last day of every month"),
            ("0 0 L-1 * *", "on the last day but one of every month"),
            ("0 0 L-3 2 *", "on the 3rd day before the last of February"),
            ("0 0 L-30 * *", "on the 30th day before the last of every month that has one"),
            ("0 0 LW * *", "on the last weekday of every month"),
            ("0 0 15W * *", "on the weekday nearest the 15th of every month"),
            ("0 0 1,LW * *", "on the 1st and the last weekday of every month"),
        ])
    func monthDays(text: String, expected: String) throws {
        #expect(try words(text) == "at 00:00 \(expected), Berlin time")
    }

    @Test(
        "tell the days of the week",
        arguments: [
            ("0 2 * * 1-5", "on weekdays"),
            ("0 2 * * mon-fri", "on weekdays"),
            ("0 2 * * SAT,SUN", "on weekends"),
            ("0 2 * * 0", "on Sundays"),
            ("0 2 * * 7", "on Sundays"),
            ("0 2 * * MON,THU", "on Mondays and Thursdays"),
            ("0 2 * * FRI-MON", "on Friday through Monday"),
            ("0 2 * * 1-4,6", "on Monday through Thursday and Saturdays"),
            ("0 2 * * */2", "on Tuesdays, Thursdays, Saturdays and Sundays"),
            ("0 2 * * 0-7", "every day"),
            ("0 2 * * MON#2", "on the second Monday of every month"),
            ("0 2 * * 5L", "on the last Friday of every month"),
            ("0 2 * * MON,FRIL", "on Mondays and on the last Friday of every month"),
            ("0 2 * 3 MON#1,MON#3", "on the first Monday and the third Monday of March"),
        ])
    func weekdays(text: String, expected: String) throws {
        #expect(try words(text) == "at 02:00 \(expected), Berlin time")
    }

    @Test(
        "tell how two day fields go together",
        arguments: [
            ("0 0 13 * FRI", "on the 13th of every month and also on Fridays"),
            ("0 0 13 3 FRI", "on the 13th of March and also on Fridays in March"),
            ("0 0 */2 * MON", "on every 2nd day from the 1st through the 31st of every month, but only on Mondays"),
            ("0 0 1 * */2", "on the 1st of every month, but only on Tuesdays, Thursdays, Saturdays and Sundays"),
            ("0 0 1 * ?", "on the 1st of every month"),
            ("0 0 ? * MON", "on Mondays"),
            ("0 0 1-31 * MON", "every day"),
            ("0 0 */1 * MON", "on Mondays"),
        ])
    func bothDays(text: String, expected: String) throws {
        #expect(try words(text) == "at 00:00 \(expected), Berlin time")
    }

    @Test(
        "tell months and years",
        arguments: [
            ("0 0 0 * 3 *", "every day in March"),
            ("0 0 0 * JAN-MAR *", "every day in January through March"),
            ("0 0 0 * NOV-FEB *", "every day in November through February"),
            ("0 0 0 * */3 *", "every day in January, April, July and October"),
            ("0 0 0 24 12 ? 2027", "on the 24th of December, in 2027"),
            ("0 0 0 * * ? 2027-2030", "every day, in 2027 through 2030"),
            ("0 0 0 * * ? 2027,2030", "every day, in 2027 and 2030"),
            ("0 0 0 * * ? 2026/2", "every day, in every 2nd year from 2026 through 2198"),
        ])
    func monthsAndYears(text: String, expected: String) throws {
        #expect(try words(text) == "at 00:00 \(expected), Berlin time")
    }

    @Test(
        "tell the macros",
        arguments: [
            ("@yearly", "at 00:00 on the 1st of January"), ("@annually", "at 00:00 on the 1st of January"),
            ("@monthly", "at 00:00 on the 1st of every month"), ("@weekly", "at 00:00 on Sundays"),
            ("@daily", "at 00:00 every day"), ("@midnight", "at 00:00 every day"),
            ("@hourly", "every hour on the hour"),
        ])
    func macros(text: String, expected: String) throws {
        #expect(try words(text) == "\(expected), Berlin time")
    }

    @Test(
        "tell a fixed rate and what it is counted from, without a zone",
        arguments: [
            ("@every 1s", "every second"), ("@every 90s", "every 90 seconds"), ("@every 1m", "every minute"),
            ("@every 1h30m", "every 90 minutes"), ("@every 1d", "every day"), ("@every 36h", "every 36 hours"),
            ("@every 1h5m10s", "every 1 hour, 5 minutes and 10 seconds"),
        ])
    func fixedRate(text: String, expected: String) throws {
        #expect(try words(text) == "\(expected), counted from 1970-01-01T00:00:00Z")
        let start = at("2027-01-01T08:00:00Z")
        let started = try CronExpression(parsing: text).words(in: "UTC", from: start)
        #expect(started == "\(expected), counted from 2027-01-01T08:00:00Z")
    }

    @Test(
        "name the zone by its city",
        arguments: [
            ("UTC", "UTC"), ("Etc/UTC", "UTC"), ("America/New_York", "New York time"),
            ("America/Argentina/Buenos_Aires", "Buenos Aires time"), ("Etc/GMT+5", "Etc/GMT+5 time"),
            ("EST5EDT", "EST5EDT time"),
        ])
    func zones(zone: String, expected: String) throws {
        #expect(try words("0 2 * * *", zone: zone) == "at 02:00 every day, \(expected)")
    }
}
