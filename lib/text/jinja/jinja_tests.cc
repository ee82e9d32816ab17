#include <array>

#include "text/jinja/jinja_renderer.h"
#include "text/unicode.h"

namespace phi::text::jinja {
namespace {

struct NamedTest {
  std::string_view name;
  TestFunction function;
};

const Value& operand(std::string_view test, const Arguments& arguments) {
  return BoundArguments(test, arguments, {"other"}, 1).at(0);
}

template <Operator op>
bool compares(Renderer&, const Value& subject, const Arguments& arguments) {
  return apply(op, subject, operand("comparison", arguments)).truth();
}

bool leaves(const Value& subject, const Value& divisor, int64_t remainder) {
  return apply(Operator::modulo, subject, divisor).equals(remainder);
}

bool is_same(Renderer&, const Value& subject, const Arguments& arguments) {
  const Value& other = operand("sameas", arguments);
  if (subject.is_none() || subject.is_number())
    return subject.type_name() == other.type_name() && subject.equals(other);
  if (subject.as_sequence()) return subject.as_sequence() == other.as_sequence();
  if (subject.as_dict()) return subject.as_dict() == other.as_dict();
  return subject.equals(other);
}

bool is_iterable(Renderer&, const Value& subject, const Arguments&) {
  return subject.is_undefined() || subject.is_string() || subject.as_dict() ||
         subject.as_sequence();
}

bool is_sequence(Renderer&, const Value& subject, const Arguments&) {
  return subject.is_undefined() || subject.is_string() || subject.as_dict() ||
         subject.is_indexable();
}

template <std::string (*Map)(std::string_view), std::string (*Other)(std::string_view)>
bool has_case(Renderer&, const Value& subject, const Arguments&) {
  const std::string text = subject.str();
  return Map(text) == text && Other(text) != text;
}

constexpr std::array kTests = {
    NamedTest{"defined",
              [](Renderer&, const Value& v, const Arguments&) { return !v.is_undefined(); }},
    NamedTest{"undefined",
              [](Renderer&, const Value& v, const Arguments&) { return v.is_undefined(); }},
    NamedTest{"none", [](Renderer&, const Value& v, const Arguments&) { return v.is_none(); }},
    NamedTest{"string", [](Renderer&, const Value& v, const Arguments&) { return v.is_string(); }},
    NamedTest{"mapping",
              [](Renderer&, const Value& v, const Arguments&) { return v.as_dict() != nullptr; }},
    NamedTest{"sequence", is_sequence},
    NamedTest{"iterable", is_iterable},
    NamedTest{"boolean", [](Renderer&, const Value& v, const Arguments&) { return v.is_bool(); }},
    NamedTest{"true",
              [](Renderer&, const Value& v, const Arguments&) { return v.is_bool() && v.truth(); }},
    NamedTest{"false", [](Renderer&, const Value& v,
                          const Arguments&) { return v.is_bool() && !v.truth(); }},
    NamedTest{"integer",
              [](Renderer&, const Value& v, const Arguments&) { return v.is_integer(); }},
    NamedTest{"float", [](Renderer&, const Value& v, const Arguments&) { return v.is_float(); }},
    NamedTest{"number", [](Renderer&, const Value& v, const Arguments&) { return v.is_number(); }},
    NamedTest{"callable", [](Renderer&, const Value& v,
                             const Arguments&) { return v.as_callable() != nullptr; }},
    NamedTest{"odd",
              [](Renderer&, const Value& v, const Arguments&) { return leaves(v, int64_t{2}, 1); }},
    NamedTest{"even",
              [](Renderer&, const Value& v, const Arguments&) { return leaves(v, int64_t{2}, 0); }},
    NamedTest{"divisibleby",
              [](Renderer&, const Value& v, const Arguments& a) {
                return leaves(v, operand("divisibleby", a), 0);
              }},
    NamedTest{"lower", has_case<to_lower, to_upper>},
    NamedTest{"upper", has_case<to_upper, to_lower>},
    NamedTest{"sameas", is_same},
    NamedTest{"escaped", [](Renderer&, const Value& v, const Arguments&) { return v.is_markup(); }},
    NamedTest{"filter", [](Renderer&, const Value& v,
                           const Arguments&) { return find_filter(v.str()) != nullptr; }},
    NamedTest{"test", [](Renderer&, const Value& v,
                         const Arguments&) { return find_test(v.str()) != nullptr; }},
    NamedTest{"in", compares<Operator::in>},
    NamedTest{"eq", compares<Operator::equal>},
    NamedTest{"equalto", compares<Operator::equal>},
    NamedTest{"==", compares<Operator::equal>},
    NamedTest{"ne", compares<Operator::not_equal>},
    NamedTest{"!=", compares<Operator::not_equal>},
    NamedTest{"lt", compares<Operator::less>},
    NamedTest{"lessthan", compares<Operator::less>},
    NamedTest{"<", compares<Operator::less>},
    NamedTest{"le", compares<Operator::less_equal>},
    NamedTest{"<=", compares<Operator::less_equal>},
    NamedTest{"gt", compares<Operator::greater>},
    NamedTest{"greaterthan", compares<Operator::greater>},
    NamedTest{">", compares<Operator::greater>},
    NamedTest{"ge", compares<Operator::greater_equal>},
    NamedTest{">=", compares<Operator::greater_equal>},
};

}  // namespace

TestFunction find_test(std::string_view name) {
  for (const NamedTest& test : kTests) {
    if (test.name == name) return test.function;
  }
  return nullptr;
}

}  // namespace phi::text::jinja
