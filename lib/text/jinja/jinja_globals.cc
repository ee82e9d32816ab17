#include <array>
#include <chrono>
#include <ctime>
#include <utility>

#include "text/jinja/jinja_renderer.h"

namespace phi::text::jinja {
namespace {

constexpr int64_t kMaxRange = 100'000;  // as Jinja2's sandbox has it

struct NamedFunction {
  std::string_view name;
  Function::Body body;
};

Value range(Renderer& renderer, const Arguments& arguments) {
  const BoundArguments bound("range", arguments, {"start", "stop", "step"}, 1);
  const int64_t start = bound.find(1) ? bound.at(0).integer() : 0;
  const int64_t stop = bound.find(1) ? bound.at(1).integer() : bound.at(0).integer();
  const int64_t step = bound.integer(2, 1);
  if (step == 0) refuse("range() step must not be zero");
  std::vector<Value> elements;
  for (int64_t i = start; step > 0 ? i < stop : i > stop;) {
    if (elements.size() >= kMaxRange) refuse("a range is longer than ", kMaxRange);
    elements.push_back(i);
    if (__builtin_add_overflow(i, step, &i)) break;
  }
  renderer.spend(elements.size());
  return Value::sequence(SequenceType::range, std::move(elements));
}

/// dict(mapping or pairs, **members)
Value dict(Renderer&, const Arguments& arguments) {
  std::vector<std::pair<Value, Value>> members;
  if (!arguments.positional.empty()) {
    const Value& from = arguments.positional[0];
    if (from.as_dict()) members = from.as_dict()->members;
    for (const Value& pair : from.as_dict() ? std::vector<Value>() : from.elements()) {
      const std::vector<Value> halves = pair.elements();
      if (halves.size() != 2) refuse("dict() wants pairs");
      members.emplace_back(halves[0], halves[1]);
    }
  }
  for (const auto& [name, value] : arguments.named) members.emplace_back(name, value);
  return Value::dict(std::move(members));
}

Value make_namespace(Renderer& renderer, const Arguments& arguments) {
  std::vector<std::pair<std::string, Value>> members;
  if (!arguments.positional.empty() && arguments.positional[0].as_dict()) {
    for (const auto& [name, value] : arguments.positional[0].as_dict()->members)
      members.emplace_back(name.str(), value);
  }
  members.insert(members.end(), arguments.named.begin(), arguments.named.end());
  return renderer.make_namespace(std::move(members));
}

Value raise_exception(Renderer&, const Arguments& arguments) {
  const BoundArguments bound("raise_exception", arguments, {"message"}, 1);
  fail(Code::invalid_argument, "the chat template refuses the messages: ", bound.at(0).str());
}

/// The separator, except the first time.
class Joiner final : public Callable {
 public:
  explicit Joiner(Value separator) : separator_(std::move(separator)) {}
  Value call(Renderer&, const Arguments&) const override {
    return std::exchange(used_, true) ? separator_ : Value("");
  }

 private:
  Value separator_;
  mutable bool used_ = false;
};

Value joiner(Renderer&, const Arguments& arguments) {
  const BoundArguments bound("joiner", arguments, {"sep"}, 0);
  return Value::of(std::make_shared<Joiner>(bound.get(0, ", ")));
}

/// Months and weekdays are English whatever the process's locale.
std::string formatted_time(std::string_view format, const std::tm& time) {
  constexpr std::array<std::string_view, 12> kMonths = {
      "January", "February", "March",     "April",   "May",      "June",
      "July",    "August",   "September", "October", "November", "December"};
  constexpr std::array<std::string_view, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                     "Thursday", "Friday", "Saturday"};
  const std::string_view month = kMonths[static_cast<size_t>(time.tm_mon)],
                         day = kDays[static_cast<size_t>(time.tm_wday)];
  const auto digits = [](int value, size_t width) {
    const std::string text = std::to_string(value);
    return std::string(width > text.size() ? width - text.size() : 0, '0') + text;
  };
  std::string out;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || i + 1 == format.size()) {
      out += format[i];
      continue;
    }
    char letter = format[++i];
    const bool unpadded = letter == '-' && i + 1 < format.size();
    if (unpadded) letter = format[++i];
    const auto number = [&](int value, size_t width) {
      out += digits(value, unpadded ? 1 : width);
    };
    switch (letter) {
      case 'Y':
        number(time.tm_year + 1900, 4);
        break;
      case 'y':
        number(time.tm_year % 100, 2);
        break;
      case 'm':
        number(time.tm_mon + 1, 2);
        break;
      case 'd':
        number(time.tm_mday, 2);
        break;
      case 'j':
        number(time.tm_yday + 1, 3);
        break;
      case 'H':
        number(time.tm_hour, 2);
        break;
      case 'I':
        number((time.tm_hour + 11) % 12 + 1, 2);
        break;
      case 'M':
        number(time.tm_min, 2);
        break;
      case 'S':
        number(time.tm_sec, 2);
        break;
      case 'B':
        out += month;
        break;
      case 'b':
        out += month.substr(0, 3);
        break;
      case 'A':
        out += day;
        break;
      case 'a':
        out += day.substr(0, 3);
        break;
      case 'p':
        out += time.tm_hour < 12 ? "AM" : "PM";
        break;
      case 'F':
        out += formatted_time("%Y-%m-%d", time);
        break;
      case 'T':
        out += formatted_time("%H:%M:%S", time);
        break;
      case '%':
        out += '%';
        break;
      default:
        refuse("strftime_now: format '%", letter, "' is not supported");
    }
  }
  return out;
}

/// The only use of a clock: templates may ask for the date.
Value strftime_now(Renderer&, const Arguments& arguments) {
  const BoundArguments bound("strftime_now", arguments, {"format"}, 1);
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm local{};
  if (!localtime_r(&now, &local)) refuse("the date is not known");
  return formatted_time(bound.at(0).string(), local);
}

constexpr std::array kFunctions = {
    NamedFunction{"range", range},
    NamedFunction{"dict", dict},
    NamedFunction{"namespace", make_namespace},
    NamedFunction{"joiner", joiner},
    NamedFunction{"raise_exception", raise_exception},
    NamedFunction{"strftime_now", strftime_now},
};

}  // namespace

Value global_function(std::string_view name) {
  for (const NamedFunction& function : kFunctions) {
    if (function.name == name) return Value::of(std::make_shared<Function>(function.body));
  }
  return {};
}

}  // namespace phi::text::jinja
