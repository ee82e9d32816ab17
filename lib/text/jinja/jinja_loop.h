/// The variable `loop` of a template's loops.
#ifndef PHI_TEXT_JINJA_JINJA_LOOP_H_
#define PHI_TEXT_JINJA_JINJA_LOOP_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "text/jinja/jinja_renderer.h"

namespace phi::text::jinja {

/// Where a loop is. The renderer moves it on; the template reads it.
class LoopState final : public Callable, public std::enable_shared_from_this<LoopState> {
 public:
  LoopState(const Statement& loop, const Scope& scope, std::vector<Value> elements, int64_t depth)
      : loop_(loop), scope_(scope), elements_(std::move(elements)), depth_(depth) {}

  bool at_end() const { return index_ >= elements_.size(); }
  void advance() { ++index_; }
  const Value& current() const { return elements_[index_]; }
  const std::vector<Value>& elements() const { return elements_; }
  /// The loop is over, and its scope with it. What `changed` remembers may hold the loop itself.
  void close() {
    closed_ = true;
    last_changed_.reset();
  }

  /// Renders the loop once more for other elements: `loop(item.children)`.
  Value call(Renderer& renderer, const Arguments& arguments) const override;
  std::optional<Value> attribute(std::string_view name) const override;

  Value cycle(const Arguments& arguments) const;
  Value changed(const Arguments& arguments) const;

 private:
  Value element_at(size_t index, std::string_view what) const;

  const Statement& loop_;
  const Scope& scope_;
  const std::vector<Value> elements_;
  const int64_t depth_;
  size_t index_ = 0;
  bool closed_ = false;
  mutable std::optional<Value> last_changed_;
};

}  // namespace phi::text::jinja

#endif  // PHI_TEXT_JINJA_JINJA_LOOP_H_
