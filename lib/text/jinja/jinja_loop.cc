#include "text/jinja/jinja_loop.h"

namespace phi::text::jinja {
namespace {

/// `loop.cycle` and `loop.changed`.
class LoopMethod final : public Callable {
 public:
  using Body = Value (LoopState::*)(const Arguments&) const;
  LoopMethod(std::shared_ptr<const LoopState> loop, Body body)
      : loop_(std::move(loop)), body_(body) {}
  Value call(Renderer&, const Arguments& arguments) const override {
    return (loop_.get()->*body_)(arguments);
  }

 private:
  std::shared_ptr<const LoopState> loop_;
  Body body_;
};

}  // namespace

Value LoopState::call(Renderer& renderer, const Arguments& arguments) const {
  if (!loop_.recursive) refuse("the loop must have the 'recursive' marker to be called");
  if (closed_) refuse("the loop is over");
  const BoundArguments bound("loop", arguments, {"iterable"}, 1);
  return renderer.call_loop(loop_, scope_, bound.at(0), depth_ + 1);
}

Value LoopState::element_at(size_t index, std::string_view what) const {
  return index < elements_.size() ? elements_[index]
                                  : Value::undefined(concat("there is no ", what, " item"));
}

std::optional<Value> LoopState::attribute(std::string_view name) const {
  const auto index = static_cast<int64_t>(index_), length = static_cast<int64_t>(elements_.size());
  if (name == "index") return index + 1;
  if (name == "index0") return index;
  if (name == "revindex") return length - index;
  if (name == "revindex0") return length - index - 1;
  if (name == "first") return index == 0;
  if (name == "last") return index + 1 == length;
  if (name == "length") return length;
  if (name == "depth") return depth_ + 1;
  if (name == "depth0") return depth_;
  if (name == "previtem")
    return element_at(index_ - 1, "previous");  // wraps around to a place that is not there
  if (name == "nextitem") return element_at(index_ + 1, "next");
  if (name == "cycle")
    return Value::of(std::make_shared<LoopMethod>(shared_from_this(), &LoopState::cycle));
  if (name == "changed")
    return Value::of(std::make_shared<LoopMethod>(shared_from_this(), &LoopState::changed));
  return std::nullopt;
}

Value LoopState::cycle(const Arguments& arguments) const {
  if (arguments.positional.empty()) refuse("no items for cycling given");
  return arguments.positional[index_ % arguments.positional.size()];
}

Value LoopState::changed(const Arguments& arguments) const {
  if (closed_) refuse("the loop is over");
  const Value now = Value::sequence(SequenceType::tuple, arguments.positional);
  if (last_changed_ && last_changed_->equals(now)) return false;
  last_changed_ = now;
  return true;
}

}  // namespace phi::text::jinja
