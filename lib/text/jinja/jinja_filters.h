/// The filters of a template in two groups. Their parameters and defaults are those of Jinja2's,
/// tojson's those of transformers.
#ifndef PHI_TEXT_JINJA_JINJA_FILTERS_H_
#define PHI_TEXT_JINJA_JINJA_FILTERS_H_

#include <span>
#include <string_view>

#include "text/jinja/jinja_renderer.h"

namespace phi::text::jinja {

struct NamedFilter {
  std::string_view name;
  FilterFunction function;
};

std::span<const NamedFilter> value_filters();     ///< texts, numbers, anything
std::span<const NamedFilter> sequence_filters();  ///< lists and what is chosen from them

}  // namespace phi::text::jinja

#endif  // PHI_TEXT_JINJA_JINJA_FILTERS_H_
