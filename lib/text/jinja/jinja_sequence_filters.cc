#include <algorithm>
#include <array>
#include <charconv>

#include "text/jinja/jinja_filters.h"
#include "text/jinja/jinja_text.h"
#include "text/unicode.h"

namespace phi::text::jinja {
namespace {

Value list_of(std::vector<Value> elements) {
  return Value::sequence(SequenceType::list, std::move(elements));
}
Value generator_of(std::vector<Value> elements) {
  return Value::sequence(SequenceType::generator, std::move(elements));
}

Value folded(const Value& value) {
  return value.is_string() ? Value(to_lower(value.string())) : value;
}

enum class Case : int32_t { folds, counts };

/// Follows "a.b.0" from an element; none: the element itself.
class Path {
 public:
  explicit Path(const Value* attribute) {
    if (!attribute || attribute->is_none()) return;
    if (!attribute->is_string()) {
      steps_.push_back(*attribute);
      return;
    }
    for (const std::string& part : split(attribute->string(), ".", -1)) {
      int64_t index = 0;
      const bool number = !part.empty() && part[0] != '-' &&
                          std::from_chars(part.data(), part.data() + part.size(), index).ptr ==
                              part.data() + part.size();
      steps_.push_back(number ? Value(index) : Value(part));
    }
  }

  Value follow(Renderer& renderer, Value from, const Value* otherwise = nullptr) const {
    for (const Value& step : steps_) {
      from = renderer.item_of(from, step);
      if (otherwise && !otherwise->is_none() && from.is_undefined()) from = *otherwise;
    }
    return from;
  }

 private:
  std::vector<Value> steps_;
};

/// The elements with what they are sorted, grouped or compared by.
std::vector<std::pair<Value, Value>> keyed(Renderer& renderer, const Value& subject,
                                           const Value* attribute, Case letters) {
  std::vector<Path> paths;
  const bool several =
      attribute && attribute->is_string() && attribute->string().find(',') != std::string::npos;
  if (several) {
    for (const std::string& part : split(attribute->string(), ",", -1)) {
      const Value name(part);
      paths.emplace_back(&name);
    }
  } else {
    paths.emplace_back(attribute);
  }
  std::vector<std::pair<Value, Value>> out;
  for (Value& element : subject.elements()) {
    std::vector<Value> keys;
    for (const Path& path : paths) {
      const Value key = path.follow(renderer, element);
      keys.push_back(letters == Case::folds ? folded(key) : key);
    }
    out.emplace_back(several ? list_of(std::move(keys)) : std::move(keys[0]), std::move(element));
  }
  renderer.spend(out.size());
  return out;
}

/// Stable; in reverse order equal elements stay in their order too, as in Python. Undefined and
/// None only sort among their like.
void sort_by_key(std::vector<std::pair<Value, Value>>& elements, bool reverse) {
  const auto less = [](const Value& a, const Value& b) { return !a.equals(b) && a.compare(b) < 0; };
  std::stable_sort(elements.begin(), elements.end(), [&](const auto& a, const auto& b) {
    return reverse ? less(b.first, a.first) : less(a.first, b.first);
  });
}

std::vector<Value> without_keys(std::vector<std::pair<Value, Value>> elements) {
  std::vector<Value> out;
  for (auto& element : elements) out.push_back(std::move(element.second));
  return out;
}

Value sort(Renderer& renderer, const Value& subject, const Arguments& arguments) {
  const BoundArguments bound("sort", arguments, {"reverse", "case_sensitive", "attribute"}, 0);
  auto elements =
      keyed(renderer, subject, bound.find(2), bound.flag(1, false) ? Case::counts : Case::folds);
  sort_by_key(elements, bound.flag(0, false));
  return list_of(without_keys(std::move(elements)));
}

Value dict_sort(Renderer&, const Value& subject, const Arguments& arguments) {
  const BoundArguments bound("dictsort", arguments, {"case_sensitive", "by", "reverse"}, 0);
  const std::string by = bound.get(1, "key").str();
  if (by != "key" && by != "value") refuse("dictsort: by must be key or value");
  if (!subject.as_dict()) refuse("dictsort: '", subject.type_name(), "' is no mapping");
  std::vector<std::pair<Value, Value>> elements;
  for (const auto& [key, value] : subject.as_dict()->members) {
    const Value& chosen = by == "key" ? key : value;
    elements.emplace_back(bound.flag(0, false) ? chosen : folded(chosen),
                          Value::sequence(SequenceType::tuple, {key, value}));
  }
  sort_by_key(elements, bound.flag(2, false));
  return list_of(without_keys(std::move(elements)));
}

Value unique(Renderer& renderer, const Value& subject, const Arguments& arguments) {
  const BoundArguments bound("unique", arguments, {"case_sensitive", "attribute"}, 0);
  std::vector<Value> seen, kept;
  for (auto& [key, element] :
       keyed(renderer, subject, bound.find(1), bound.flag(0, false) ? Case::counts : Case::folds)) {
    renderer.spend(seen.size() / 16);
    if (std::any_of(seen.begin(), seen.end(),
                    [&key = key](const Value& value) { return value.equals(key); }))
      continue;
    seen.push_back(key);
    kept.push_back(std::move(element));
  }
  return generator_of(std::move(kept));
}

template <bool largest>
Value extreme(Renderer& renderer, const Value& subject, const Arguments& arguments) {
  const BoundArguments bound("min", arguments, {"case_sensitive", "attribute"}, 0);
  auto elements =
      keyed(renderer, subject, bound.find(1), bound.flag(0, false) ? Case::counts : Case::folds);
  if (elements.empty()) return Value::undefined("no aggregated item, sequence was empty");
  size_t best = 0;
  for (size_t i = 1; i < elements.size(); ++i) {
    const int order = elements[i].first.compare(elements[best].first);
    if (largest ? order > 0 : order < 0) best = i;
  }
  return elements[best].second;
}

Value sum(Renderer& renderer, const Value& subject, const Arguments& arguments) {
  const BoundArguments bound("sum", arguments, {"attribute", "start"}, 0);
  const Path path(bound.find(0));
  Value total = bound.get(1, int64_t{0});
  for (const Value& element : subject.elements())
    total = apply(Operator::add, total, path.follow(renderer, element));
  return total;
}

Value group_by(Renderer& renderer, const Value& subject, const Arguments& arguments) {
  const BoundArguments bound("groupby", arguments, {"attribute", "default", "case_sensitive"}, 1);
  const Path path(bound.find(0));
  const bool folds = !bound.flag(2, false);
  std::vector<std::pair<Value, Value>> elements;
  for (Value& element : subject.elements()) {
    const Value key = path.follow(renderer, element, bound.find(1));
    elements.emplace_back(folds ? folded(key) : key, std::move(element));
  }
  sort_by_key(elements, false);
  std::vector<Value> groups;
  for (size_t begin = 0, end = 0; begin < elements.size(); begin = end) {
    std::vector<Value> members;
    while (end < elements.size() && elements[end].first.equals(elements[begin].first))
      members.push_back(elements[end++].second);
    Value key = path.follow(renderer, members[0], bound.find(1));
    groups.push_back(
        Value::sequence(SequenceType::tuple, {std::move(key), list_of(std::move(members))}));
  }
  return list_of(std::move(groups));
}

Value join(Renderer& renderer, const Value& subject, const Arguments& arguments) {
  const BoundArguments bound("join", arguments, {"d", "attribute"}, 0);
  const Path path(bound.find(1));
  const std::string separator = bound.get(0, "").str();
  std::string out;
  bool first = true;
  for (const Value& element : subject.elements()) {
    if (!first) out += separator;
    first = false;
    out += path.follow(renderer, element).str();
    if (out.size() > kMaxTextBytes) refuse("a text is too long");
  }
  return out;
}

Value first(Renderer&, const Value& subject, const Arguments&) {
  if (const Sequence* sequence = subject.as_sequence();
      sequence && sequence->type == SequenceType::generator) {
    if (sequence->taken < sequence->elements.size()) return sequence->elements[sequence->taken++];
  } else if (const std::vector<Value> elements = subject.elements(); !elements.empty()) {
    return elements.front();
  }
  return Value::undefined("no first item, sequence was empty");
}

Value last(Renderer&, const Value& subject, const Arguments&) {
  const Sequence* sequence = subject.as_sequence();
  if (sequence && sequence->type == SequenceType::generator)
    refuse("'generator' object is not reversible");
  const std::vector<Value> elements = subject.elements();
  return elements.empty() ? Value::undefined("no last item, sequence was empty") : elements.back();
}

Value reverse(Renderer&, const Value& subject, const Arguments&) {
  std::vector<Value> elements = subject.elements();
  std::reverse(elements.begin(), elements.end());
  if (!subject.is_string()) return generator_of(std::move(elements));
  std::string text;
  for (const Value& character : elements) text += character.string();
  return Value::text(std::move(text), subject.is_markup());
}

Value items(Renderer& renderer, const Value& subject, const Arguments&) {
  if (subject.is_undefined()) return generator_of({});
  if (!subject.as_dict()) refuse("can only get item pairs from a mapping");
  return generator_of(call_method(renderer, subject, "items", {}).elements());
}

Value map(Renderer& renderer, const Value& subject, const Arguments& arguments) {
  std::vector<Value> out;
  if (!subject.truth()) return generator_of({});
  if (arguments.positional.empty()) {
    const Arguments named{{}, arguments.named};
    const BoundArguments bound("map", named, {"attribute", "default"}, 1);
    const Path path(bound.find(0));
    for (const Value& element : subject.elements())
      out.push_back(path.follow(renderer, element, bound.find(1)));
  } else {
    const std::string name = arguments.positional[0].string();
    const Arguments rest{{arguments.positional.begin() + 1, arguments.positional.end()},
                         arguments.named};
    for (const Value& element : subject.elements())
      out.push_back(renderer.call_filter(name, element, rest));
  }
  renderer.spend(out.size());
  return generator_of(std::move(out));
}

/// select, reject, selectattr and rejectattr: keeps the elements whose test gives `keeps`.
template <bool keeps, bool by_attribute>
Value select(Renderer& renderer, const Value& subject, const Arguments& arguments) {
  constexpr size_t kTestAt = by_attribute ? 1 : 0;
  if (!subject.truth()) return generator_of({});
  const std::vector<Value>& given = arguments.positional;
  if (by_attribute && given.empty()) refuse("missing parameter for attribute name");
  const Path path(by_attribute ? &given[0] : nullptr);
  const bool has_test = given.size() > kTestAt;
  const std::string test = has_test ? given[kTestAt].string() : "";
  Arguments rest{{}, arguments.named};
  if (has_test) rest.positional.assign(given.begin() + kTestAt + 1, given.end());
  std::vector<Value> out;
  for (Value& element : subject.elements()) {
    renderer.spend(1);
    const Value value = path.follow(renderer, element);
    const bool passes = has_test ? renderer.call_test(test, value, rest) : value.truth();
    if (passes == keeps) out.push_back(std::move(element));
  }
  return generator_of(std::move(out));
}

Value batch(Renderer&, const Value& subject, const Arguments& arguments) {
  const BoundArguments bound("batch", arguments, {"linecount", "fill_with"}, 1);
  const int64_t size = bound.at(0).integer();
  if (size < 1 || size > 1 << 20) refuse("batch: size ", size, " is not supported");
  std::vector<Value> batches, row;
  const auto close_row = [&] { batches.push_back(list_of(std::exchange(row, {}))); };
  for (Value& element : subject.elements()) {
    row.push_back(std::move(element));
    if (row.size() == static_cast<size_t>(size)) close_row();
  }
  if (!row.empty()) {
    if (bound.find(1) && !bound.at(1).is_none()) row.resize(static_cast<size_t>(size), bound.at(1));
    close_row();
  }
  return generator_of(std::move(batches));
}

Value slice(Renderer&, const Value& subject, const Arguments& arguments) {
  const BoundArguments bound("slice", arguments, {"slices", "fill_with"}, 1);
  const int64_t slices = bound.at(0).integer();
  if (slices < 1 || slices > 1 << 20) refuse("slice: ", slices, " slices are not supported");
  const std::vector<Value> elements = subject.elements();
  const size_t count = static_cast<size_t>(slices), each = elements.size() / count,
               extra = elements.size() % count;
  std::vector<Value> out;
  auto at = elements.begin();
  for (size_t i = 0; i < count; ++i) {
    const auto end = at + static_cast<ptrdiff_t>(each + (i < extra ? 1 : 0));
    std::vector<Value> part(at, end);
    if (i >= extra && bound.find(1) && !bound.at(1).is_none()) part.push_back(bound.at(1));
    out.push_back(list_of(std::move(part)));
    at = end;
  }
  return generator_of(std::move(out));
}

Value length(Renderer&, const Value& subject, const Arguments&) {
  return static_cast<int64_t>(subject.length());
}
Value list(Renderer&, const Value& subject, const Arguments&) {
  return list_of(subject.elements());
}

constexpr std::array kFilters = {
    NamedFilter{"batch", batch},
    NamedFilter{"count", length},
    NamedFilter{"dictsort", dict_sort},
    NamedFilter{"first", first},
    NamedFilter{"groupby", group_by},
    NamedFilter{"items", items},
    NamedFilter{"join", join},
    NamedFilter{"last", last},
    NamedFilter{"length", length},
    NamedFilter{"list", list},
    NamedFilter{"map", map},
    NamedFilter{"max", extreme<true>},
    NamedFilter{"min", extreme<false>},
    NamedFilter{"reject", select<false, false>},
    NamedFilter{"rejectattr", select<false, true>},
    NamedFilter{"reverse", reverse},
    NamedFilter{"select", select<true, false>},
    NamedFilter{"selectattr", select<true, true>},
    NamedFilter{"slice", slice},
    NamedFilter{"sort", sort},
    NamedFilter{"sum", sum},
    NamedFilter{"unique", unique},
};

}  // namespace

std::span<const NamedFilter> sequence_filters() { return kFilters; }

}  // namespace phi::text::jinja
