#include "workloads/timestamp_text.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace kvferry::workloads {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;

struct CivilTime {
  int year{};
  int month{};
  int day{};
  int hour{};
  int minute{};
  int second{};
  std::int64_t fraction_ns{};
  int zone_minutes{};  // east of UTC
  ZoneText zone{};
};

[[noreturn]] void refuse(const FieldText& field, std::string_view expected) {
  throw bad_value("bad-timestamp", field, expected);
}

// Reads a text from its start; every function says whether it found what it was asked for.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  bool is_done() const { return rest_.empty(); }

  bool digits(std::size_t count, int& number) {
    if (rest_.size() < count) return false;
    number = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return false;
      number = 10 * number + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return true;
  }

  bool literal(char expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(1);
    return true;
  }

 private:
  std::string_view rest_;
};

bool read_date_and_clock(Cursor& cursor, CivilTime& time) {
  return cursor.digits(4, time.year) && cursor.literal('-') && cursor.digits(2, time.month) &&
         cursor.literal('-') && cursor.digits(2, time.day) &&
         (cursor.literal(' ') || cursor.literal('T')) && cursor.digits(2, time.hour) &&
         cursor.literal(':') && cursor.digits(2, time.minute) && cursor.literal(':') &&
         cursor.digits(2, time.second);
}

void read_fraction(Cursor& cursor, CivilTime& time, const FieldText& field) {
  if (!cursor.literal('.')) return;
  int count = 0;
  std::int64_t unit = kNsPerSecond;
  for (int digit = 0; cursor.digits(1, digit); ++count) {
    unit /= 10;
    time.fraction_ns += digit * unit;
  }
  if (count == 0 || count > 9) refuse(field, "1 to 9 digits after the decimal point of a second");
}

void read_zone(Cursor& cursor, CivilTime& time, const FieldText& field) {
  if (cursor.is_done()) return;
  time.zone = ZoneText::present;
  if (cursor.literal('Z')) return;
  const int sign = cursor.literal('+') ? 1 : cursor.literal('-') ? -1 : 0;
  int hours = 0;
  int minutes = 0;
  constexpr int kFarthestZoneHours = 14;
  if (sign == 0 || !cursor.digits(2, hours) || !cursor.literal(':') || !cursor.digits(2, minutes) ||
      hours > kFarthestZoneHours || minutes > 59) {
    refuse(field, "a zone 'Z' or '+HH:MM' up to 14 hours, or none, after the time");
  }
  time.zone_minutes = sign * (60 * hours + minutes);
}

// An impossible date is not rounded to a possible one: 2023-02-30 is a fault, not March 2.
std::chrono::sys_days checked_day(const CivilTime& time, const FieldText& field) {
  if (time.year < 1970 || time.year > 2261) refuse(field, "a year from 1970 to 2261");
  const std::chrono::year_month_day date{std::chrono::year{time.year},
                                         std::chrono::month{static_cast<unsigned>(time.month)},
                                         std::chrono::day{static_cast<unsigned>(time.day)}};
  if (!date.ok()) refuse(field, "a day that is in the calendar");
  if (time.hour > 23 || time.minute > 59) refuse(field, "a time from 00:00 to 23:59");
  if (time.second > 59) refuse(field, "seconds from 00 to 59 (leap seconds have no place here)");
  return std::chrono::sys_days{date};
}

}  // namespace

Timestamp parse_timestamp(const FieldText& field) {
  Cursor cursor(field.text);
  CivilTime time;
  if (!read_date_and_clock(cursor, time)) {
    refuse(field, "a date such as '2023-11-16 18:15:46.68059'");
  }
  read_fraction(cursor, time, field);
  read_zone(cursor, time, field);
  if (!cursor.is_done()) refuse(field, "nothing after the zone");
  const std::int64_t days = checked_day(time, field).time_since_epoch().count();
  const std::int64_t minutes = (days * 24 + time.hour) * 60 + time.minute - time.zone_minutes;
  return {(minutes * 60 + time.second) * kNsPerSecond + time.fraction_ns, time.zone};
}

}  // namespace kvferry::workloads
