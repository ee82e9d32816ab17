#include <algorithm>
#include <cmath>

#include "text/jinja/jinja_renderer.h"
#include "text/jinja/jinja_text.h"

namespace phi::text::jinja {
namespace {

constexpr size_t kMaxElements = size_t{1} << 20;

[[noreturn]] void no_operator(std::string_view symbol, const Value& left, const Value& right) {
  refuse("unsupported operand types for ", symbol, ": '", left.type_name(), "' and '",
         right.type_name(), "'");
}

[[noreturn]] void too_large() { refuse("an integer is too large"); }

std::string repeated(const std::string& text, int64_t times) {
  if (times <= 0 || text.empty()) return {};
  if (static_cast<uint64_t>(times) > kMaxTextBytes / text.size())
    refuse("a repeated text is too long");
  std::string out;
  for (int64_t i = 0; i < times; ++i) out += text;
  return out;
}

Value add(const Value& left, const Value& right) {
  if (left.is_string() && right.is_string()) {
    const bool markup = left.is_markup() || right.is_markup();
    if (markup) return Value::text(escaped(left).string() + escaped(right).string(), true);
    return left.string() + right.string();
  }
  const Sequence *a = left.as_sequence(), *b = right.as_sequence();
  if (a && b && a->type == b->type && a->type <= SequenceType::tuple) {
    std::vector<Value> elements = a->elements;
    elements.insert(elements.end(), b->elements.begin(), b->elements.end());
    if (elements.size() > kMaxElements) refuse("a list is too long");
    return Value::sequence(a->type, std::move(elements));
  }
  no_operator("+", left, right);
}

Value multiply(const Value& left, const Value& right) {
  if (!left.is_number())
    return right.is_number() ? multiply(right, left) : (no_operator("*", left, right), Value());
  const int64_t times = left.integer();
  if (right.is_string()) return Value::text(repeated(right.string(), times), right.is_markup());
  const Sequence* sequence = right.as_sequence();
  if (!sequence || sequence->type > SequenceType::tuple) no_operator("*", left, right);
  std::vector<Value> elements;
  for (int64_t i = 0; i < times && !sequence->elements.empty(); ++i) {
    elements.insert(elements.end(), sequence->elements.begin(), sequence->elements.end());
    if (elements.size() > kMaxElements) refuse("a list is too long");
  }
  return Value::sequence(sequence->type, std::move(elements));
}

int64_t floor_divided(int64_t a, int64_t b) {
  if (b == -1 && a == INT64_MIN) too_large();
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

Value integer_power(int64_t base, int64_t exponent) {
  if (exponent < 0) return std::pow(static_cast<double>(base), static_cast<double>(exponent));
  int64_t result = 1;
  for (; exponent > 0; exponent >>= 1) {
    if ((exponent & 1) && __builtin_mul_overflow(result, base, &result)) too_large();
    if (exponent > 1 && __builtin_mul_overflow(base, base, &base)) too_large();
  }
  return result;
}

Value integer_arithmetic(Operator op, int64_t a, int64_t b) {
  int64_t out = 0;
  bool overflows = false;
  switch (op) {
    case Operator::add:
      overflows = __builtin_add_overflow(a, b, &out);
      break;
    case Operator::subtract:
      overflows = __builtin_sub_overflow(a, b, &out);
      break;
    case Operator::multiply:
      overflows = __builtin_mul_overflow(a, b, &out);
      break;
    case Operator::power:
      return integer_power(a, b);
    default:
      if (b == 0) refuse("division by zero");
      if (op == Operator::divide) return static_cast<double>(a) / static_cast<double>(b);
      out = floor_divided(a, b);
      if (op == Operator::modulo) out = a - out * b;
  }
  if (overflows) too_large();
  return out;
}

Value float_arithmetic(Operator op, double a, double b) {
  if (op == Operator::add) return a + b;
  if (op == Operator::subtract) return a - b;
  if (op == Operator::multiply) return a * b;
  if (op == Operator::power) return std::pow(a, b);
  if (b == 0) refuse("division by zero");
  if (op == Operator::divide) return a / b;
  if (op == Operator::floor_divide) return std::floor(a / b);
  const double remainder = std::fmod(a, b);
  return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder;
}

Value arithmetic(Operator op, const Value& left, const Value& right) {
  left.require_defined();
  right.require_defined();
  if (left.is_number() && right.is_number()) {
    if (left.is_float() || right.is_float())
      return float_arithmetic(op, left.number(), right.number());
    return integer_arithmetic(op, left.integer(), right.integer());
  }
  if (op == Operator::add) return add(left, right);
  if (op == Operator::multiply) return multiply(left, right);
  if (op == Operator::modulo && left.is_string())
    return Value::text(percent_format(left.string(), right), left.is_markup());
  constexpr std::string_view kSymbols[] = {"+", "-", "*", "/", "//", "%", "**"};
  no_operator(kSymbols[static_cast<size_t>(op)], left, right);
}

/// First index, last index (exclusive) and step of a slice, as Python's slice.indices gives them.
struct Range {
  int64_t start, stop, step;
};
Range range_of(int64_t length, const Value& start, const Value& stop, const Value& step) {
  const int64_t by = step.is_none() ? 1 : step.integer();
  if (by == 0) refuse("slice step cannot be zero");
  const int64_t lowest = by < 0 ? -1 : 0, highest = by < 0 ? length - 1 : length;
  const auto clamped = [&](const Value& bound, int64_t otherwise) {
    if (bound.is_none()) return otherwise;
    const int64_t index = bound.integer();
    return std::clamp(index < 0 ? index + length : index, lowest, highest);
  };
  return {clamped(start, by < 0 ? highest : lowest), clamped(stop, by < 0 ? lowest : highest), by};
}

}  // namespace

Value sliced(const Value& object, const Value& start, const Value& stop, const Value& step) {
  object.require_defined();
  if (!object.is_string() && !object.is_indexable())
    refuse("'", object.type_name(), "' object is not subscriptable");
  const std::vector<Value> characters =
      object.is_string() ? object.elements() : std::vector<Value>();
  const std::vector<Value>& elements =
      object.is_string() ? characters : object.as_sequence()->elements;
  const Range range = range_of(static_cast<int64_t>(elements.size()), start, stop, step);
  std::vector<Value> chosen;
  if (range.step > 0) {
    for (int64_t i = range.start; i < range.stop; i += std::min(range.step, range.stop - i))
      chosen.push_back(elements[static_cast<size_t>(i)]);
  } else {
    for (int64_t i = range.start; i > range.stop; i += std::max(range.step, range.stop - i))
      chosen.push_back(elements[static_cast<size_t>(i)]);
  }
  if (!object.is_string()) return Value::sequence(object.as_sequence()->type, std::move(chosen));
  std::string text;
  for (const Value& character : chosen) text += character.string();
  return Value::text(std::move(text), object.is_markup());
}

bool contains(const Value& container, const Value& element) {
  if (container.is_string()) return container.string().find(element.string()) != std::string::npos;
  if (const Dict* dict = container.as_dict()) return dict->find(element) != nullptr;
  const std::vector<Value> elements = container.elements();
  return std::any_of(elements.begin(), elements.end(),
                     [&](const Value& value) { return value.equals(element); });
}

Value apply(Operator op, const Value& left, const Value& right) {
  switch (op) {
    case Operator::equal:
      return left.equals(right);
    case Operator::not_equal:
      return !left.equals(right);
    case Operator::less:
      return left.compare(right) < 0;
    case Operator::less_equal:
      return left.compare(right) <= 0;
    case Operator::greater:
      return left.compare(right) > 0;
    case Operator::greater_equal:
      return left.compare(right) >= 0;
    case Operator::in:
      return contains(right, left);
    case Operator::not_in:
      return !contains(right, left);
    default:
      return arithmetic(op, left, right);
  }
}

}  // namespace phi::text::jinja
