#include "text/model_family.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace phi::text {
namespace {

constexpr std::array<std::string_view, 7> kUsualEnds = {
    "<|im_end|>", "<|end|>",         "<|endoftext|>", "<|eot_id|>",
    "<|eom_id|>", "<|end_of_text|>", "</s>"};

bool has_control_token(const TokenizerSpec& spec, std::string_view content) {
  return std::any_of(spec.added.begin(), spec.added.end(), [&](const AddedToken& token) {
    return token.special && token.content == content;
  });
}

}  // namespace

std::string family_of(const TokenizerSpec& spec) {
  const auto has = [&](std::string_view content) { return has_control_token(spec, content); };
  if (has("<|start_header_id|>") && has("<|eot_id|>")) return "llama3";
  if (has("<|im_start|>") && has("<|im_end|>")) return has("<|im_sep|>") ? "phi4" : "qwen2";
  if (has("<|user|>") && has("<|assistant|>") && has("<|end|>")) {
    return spec.kind == BpeKind::byte_level ? "phi4-mini" : "phi3";
  }
  return {};
}

void add_end_token(TokenizerSpec& spec, Token token) {
  if (std::find(spec.end.begin(), spec.end.end(), token) == spec.end.end())
    spec.end.push_back(token);
}

void add_usual_end_tokens(TokenizerSpec& spec) {
  for (const AddedToken& token : spec.added) {
    const bool usual =
        std::find(kUsualEnds.begin(), kUsualEnds.end(), token.content) != kUsualEnds.end();
    if (usual) add_end_token(spec, token.id);
  }
}

}  // namespace phi::text
