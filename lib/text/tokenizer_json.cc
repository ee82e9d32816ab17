#include "text/tokenizer_json.h"

#include <algorithm>
#include <string_view>

#include "base/fail.h"
#include "text/bpe_model.h"
#include "text/split_patterns.h"

namespace phi::text {
namespace {

using io::Json;

constexpr std::string_view kSpaceMark = "\xE2\x96\x81";  // U+2581

std::string type_of(const Json& part, const std::string& what) {
  const Json* type = part.find("type");
  if (!type) fail(Code::bad_format, what, " has no type");
  return type->as_string(what);
}

bool flag(const Json& part, std::string_view key, bool otherwise, const std::string& what) {
  const Json* value = part.find(key);
  return value ? value->as_bool(concat(what, ".", key)) : otherwise;
}

std::string text_of(const Json& part, std::string_view key, const std::string& what) {
  const Json* value = part.find(key);
  return value ? value->as_string(concat(what, ".", key)) : std::string();
}

/// `literal` as a regular expression.
std::string escaped(std::string_view literal) {
  std::string out;
  for (const char c : literal) {
    if (std::string_view(R"(\^$.|?*+()[]{}-#)").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

class Reader {
 public:
  Reader(const Json& json, const std::string& source) : json_(json), source_(source) {}

  TokenizerSpec read() {
    json_.as_object(source_);
    read_kind();
    read_model();
    read_added_tokens();
    if (const Json* part = json_.find("normalizer")) read_normalizer(*part);
    if (const Json* part = json_.find("pre_tokenizer")) read_pre_tokenizer(*part);
    if (const Json* part = json_.find("decoder")) read_decoder(*part);
    if (const Json* part = json_.find("post_processor")) read_post_processor(*part);
    if (spec_.kind == BpeKind::sentencepiece && !marks_spaces_)
      unsupported("vocabulary without a rule for spaces", "");
    return std::move(spec_);
  }

 private:
  std::string named(std::string_view path) const { return concat(source_, ": '", path, "'"); }
  [[noreturn]] void unsupported(std::string_view what, std::string_view which) const {
    fail(Code::unsupported, source_, ": ", what, which.empty() ? "" : " '", printable(which),
         which.empty() ? "" : "'", " is not supported");
  }

  /// Calls visit(part, type) for a part or, when it is a Sequence, for each of its members.
  template <class Visit>
  void for_each_part(const Json& part, const std::string& path, std::string_view members,
                     Visit&& visit) {
    const std::string type = type_of(part, named(path));
    if (type != "Sequence") return visit(part, type);
    const Json* list = part.find(members);
    if (!list) fail(Code::bad_format, named(path), " has no ", members);
    for (const Json& member : list->as_array(named(path)))
      for_each_part(member, path, members, visit);
  }

  /// Byte-level vocabularies are those whose pre-tokenizer or decoder spells bytes as letters.
  void read_kind() {
    spec_.kind = BpeKind::sentencepiece;
    const auto look = [&](const Json&, const std::string& type) {
      if (type == "ByteLevel") spec_.kind = BpeKind::byte_level;
    };
    if (const Json* part = json_.find("pre_tokenizer"))
      for_each_part(*part, "pre_tokenizer", "pretokenizers", look);
    if (const Json* part = json_.find("decoder")) for_each_part(*part, "decoder", "decoders", look);
  }

  void read_model() {
    const Json* model = json_.find("model");
    if (!model) fail(Code::bad_format, named("model"), " is missing");
    model->as_object(named("model"));
    // Old files give the model no type; what has merges is BPE.
    const std::string type = model->find("type")     ? type_of(*model, named("model.type"))
                             : model->find("merges") ? "BPE"
                                                     : "";
    if (type != "BPE") unsupported("model type", type);
    if (const Json* dropout = model->find("dropout");
        dropout && dropout->as_number(named("model.dropout")) != 0) {
      unsupported("model.dropout", "");
    }
    for (const std::string_view key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
      if (!text_of(*model, key, named("model")).empty())
        unsupported(key, text_of(*model, key, named("model")));
    }
    spec_.byte_fallback = flag(*model, "byte_fallback", false, named("model"));
    spec_.fuse_unknown = flag(*model, "fuse_unk", false, named("model"));
    spec_.ignore_merges = flag(*model, "ignore_merges", false, named("model"));
    read_vocabulary(*model);
    read_merges(*model);
    const std::string unknown = text_of(*model, "unk_token", named("model"));
    if (!unknown.empty()) spec_.unknown = vocabulary_id(unknown);
  }

  Token vocabulary_id(const std::string& spelling) const {
    const auto found = std::find(spec_.tokens.begin(), spec_.tokens.end(), spelling);
    return found == spec_.tokens.end() ? -1 : static_cast<Token>(found - spec_.tokens.begin());
  }

  std::string& slot(Token id) {
    const auto index = static_cast<size_t>(id);
    if (index >= spec_.tokens.size()) spec_.tokens.resize(index + 1);
    return spec_.tokens[index];
  }

  void read_vocabulary(const Json& model) {
    const Json* vocab = model.find("vocab");
    if (!vocab) fail(Code::bad_format, named("model.vocab"), " is missing");
    const Json::Object& members = vocab->as_object(named("model.vocab"));
    spec_.tokens.reserve(members.size());
    for (const auto& [spelling, id] : members) {
      const std::string what = concat(source_, ": token '", printable(spelling), "'");
      std::string& place = slot(checked_token_id(id.as_integer(what), what));
      if (!place.empty()) fail(Code::bad_format, what, " has the id of '", printable(place), "'");
      place = spelling;
    }
  }

  void read_merges(const Json& model) {
    const Json* merges = model.find("merges");
    if (!merges) fail(Code::bad_format, named("model.merges"), " is missing");
    const Json::Array& list = merges->as_array(named("model.merges"));
    spec_.merges.reserve(list.size());
    for (const Json& merge : list) {
      const std::string what = concat(source_, ": merge ", spec_.merges.size());
      if (merge.is_array()) {
        const Json::Array& pair = merge.as_array(what);
        if (pair.size() != 2) fail(Code::bad_format, what, " has ", pair.size(), " parts");
        spec_.merges.emplace_back(pair[0].as_string(what), pair[1].as_string(what));
      } else {
        const std::string& text = merge.as_string(what);
        const size_t space = text.find(' ');
        if (space == std::string::npos)
          fail(Code::bad_format, what, " '", printable(text), "' has no space");
        spec_.merges.emplace_back(text.substr(0, space), text.substr(space + 1));
      }
    }
  }

  void read_added_tokens() {
    const Json* added = json_.find("added_tokens");
    if (!added) return;
    for (const Json& entry : added->as_array(named("added_tokens"))) {
      AddedToken token = parse_added_token(entry, named("added_tokens"));
      const std::string what = concat(source_, ": added token '", printable(token.content), "'");
      const Json* id = entry.find("id");
      if (!id) fail(Code::bad_format, what, " has no id");
      token.id = checked_token_id(id->as_integer(what), what);
      std::string& place = slot(token.id);
      if (!place.empty() && place != token.content) {
        fail(Code::bad_format, what, " has the id of '", printable(place), "'");
      }
      place = token.content;
      spec_.added.push_back(std::move(token));
    }
  }

  void read_normalizer(const Json& normalizer) {
    bool prepends = false;
    for_each_part(normalizer, "normalizer", "normalizers",
                  [&](const Json& part, const std::string& type) {
                    if (type == "NFC") {
                      spec_.nfc = true;
                    } else if (type == "Prepend" &&
                               text_of(part, "prepend", named("normalizer")) == kSpaceMark) {
                      prepends = true;
                    } else if (type == "Replace" && replaces(part, " ", kSpaceMark, "normalizer")) {
                      marks_spaces_ = true;
                    } else {
                      unsupported("normalizer", type);
                    }
                  });
    if (prepends && !marks_spaces_) unsupported("normalizer", "Prepend without Replace");
    if (spec_.kind == BpeKind::byte_level && marks_spaces_)
      unsupported("normalizer of a byte-level vocabulary", "Replace");
    spec_.add_prefix_space = prepends;
  }

  bool replaces(const Json& part, std::string_view from, std::string_view to,
                std::string_view path) const {
    const Json* pattern = part.find("pattern");
    return pattern && text_of(*pattern, "String", named(path)) == from &&
           text_of(part, "content", named(path)) == to;
  }

  void read_pre_tokenizer(const Json& pre_tokenizer) {
    bool after_letters = false;
    for_each_part(pre_tokenizer, "pre_tokenizer", "pretokenizers",
                  [&](const Json& part, const std::string& type) {
                    if (after_letters) unsupported("pre-tokenizer after ByteLevel", type);
                    if (type == "Split") {
                      read_split(part);
                    } else if (type == "Digits") {
                      const bool single =
                          flag(part, "individual_digits", false, named("pre_tokenizer"));
                      add_pattern(single ? R"(\p{N})" : R"(\p{N}+)", false);
                    } else if (type == "ByteLevel") {
                      after_letters = true;
                      read_byte_level(part);
                    } else if (type == "Metaspace") {
                      read_metaspace(part);
                    } else {
                      unsupported("pre-tokenizer", type);
                    }
                  });
  }

  void add_pattern(std::string pattern, bool removes_rest) {
    if (!spec_.split_patterns.empty() && removes_rest != spec_.split_removes_rest) {
      unsupported("pre-tokenizer", "Split that keeps after Split that removes");
    }
    spec_.split_removes_rest = removes_rest;
    spec_.split_patterns.push_back(std::move(pattern));
  }

  void read_split(const Json& part) {
    const std::string what = named("pre_tokenizer.pattern");
    const Json* pattern = part.find("pattern");
    if (!pattern) fail(Code::bad_format, what, " is missing");
    std::string regex = text_of(*pattern, "Regex", what);
    if (regex.empty()) regex = escaped(text_of(*pattern, "String", what));
    if (regex.empty()) fail(Code::bad_format, what, " is empty");
    const std::string behavior = text_of(part, "behavior", named("pre_tokenizer"));
    const bool inverted = flag(part, "invert", false, named("pre_tokenizer"));
    if (behavior == "Removed" && inverted) return add_pattern(std::move(regex), true);
    if (behavior == "Isolated") return add_pattern(std::move(regex), false);
    unsupported("split behavior", behavior);
  }

  void read_byte_level(const Json& part) {
    spec_.add_prefix_space = flag(part, "add_prefix_space", true, named("pre_tokenizer"));
    spec_.prefix_if_absent = true;
    if (spec_.add_prefix_space && !spec_.split_patterns.empty()) {
      unsupported("pre-tokenizer", "ByteLevel with add_prefix_space after another one");
    }
    if (flag(part, "use_regex", true, named("pre_tokenizer")))
      add_pattern(std::string(kGpt2Pattern), false);
  }

  void read_metaspace(const Json& part) {
    const std::string what = named("pre_tokenizer");
    if (text_of(part, "replacement", what) != kSpaceMark)
      unsupported("Metaspace replacement", text_of(part, "replacement", what));
    if (spec_.kind == BpeKind::byte_level || marks_spaces_)
      unsupported("pre-tokenizer beside other marks of spaces", "Metaspace");
    marks_spaces_ = true;
    std::string scheme = text_of(part, "prepend_scheme", what);
    if (scheme.empty()) scheme = flag(part, "add_prefix_space", true, what) ? "always" : "never";
    if (scheme != "always" && scheme != "first" && scheme != "never")
      unsupported("Metaspace prepend_scheme", scheme);
    spec_.add_prefix_space = scheme != "never";
    spec_.prefix_first_only = scheme == "first";
    spec_.prefix_if_absent = true;
    // Every mark of a space begins a piece.
    if (flag(part, "split", true, what))
      add_pattern(concat(kSpaceMark, "[^", kSpaceMark, "]*"), false);
  }

  void read_decoder(const Json& decoder) {
    for_each_part(decoder, "decoder", "decoders", [&](const Json& part, const std::string& type) {
      if (type == "ByteLevel" || type == "ByteFallback" || type == "Fuse") return;
      if (type == "Replace" && replaces(part, kSpaceMark, " ", "decoder")) return;
      if (type == "Metaspace") {
        spec_.strip_leading_space = text_of(part, "prepend_scheme", named("decoder")) != "never" &&
                                    flag(part, "add_prefix_space", true, named("decoder"));
      } else if (type == "Strip" && text_of(part, "content", named("decoder")) == " " &&
                 strip_count(part, "stop") == 0 && strip_count(part, "start") <= 1) {
        spec_.strip_leading_space = strip_count(part, "start") == 1;
      } else {
        unsupported("decoder", type);
      }
    });
  }

  int64_t strip_count(const Json& part, std::string_view key) const {
    const Json* count = part.find(key);
    return count ? count->as_integer(named("decoder")) : 0;
  }

  void read_post_processor(const Json& post_processor) {
    for_each_part(post_processor, "post_processor", "processors",
                  [&](const Json& part, const std::string& type) {
                    if (type == "ByteLevel") return;
                    if (type != "TemplateProcessing") unsupported("post-processor", type);
                    read_template(part);
                  });
  }

  /// A special token before the text is the beginning-of-text token.
  void read_template(const Json& part) {
    const std::string what = named("post_processor.single");
    const Json* single = part.find("single");
    if (!single || single->as_array(what).empty()) return;
    const Json* special = single->as_array(what)[0].find("SpecialToken");
    if (!special) return;
    const std::string name = text_of(*special, "id", what);
    const Json* specials = part.find("special_tokens");
    const Json* entry = specials ? specials->find(name) : nullptr;
    const Json* ids = entry ? entry->find("ids") : nullptr;
    if (!ids || ids->as_array(what).empty())
      fail(Code::bad_format, what, ": '", printable(name), "' has no ids");
    spec_.bos = checked_token_id(ids->as_array(what)[0].as_integer(what), what);
    spec_.adds_bos = true;
  }

  const Json& json_;
  const std::string& source_;
  TokenizerSpec spec_;
  bool marks_spaces_ = false;  // some part turns spaces into U+2581
};

}  // namespace

AddedToken parse_added_token(const io::Json& json, const std::string& what) {
  AddedToken token;
  token.content = text_of(json, "content", what);
  token.special = flag(json, "special", false, what);
  token.lstrip = flag(json, "lstrip", false, what);
  token.rstrip = flag(json, "rstrip", false, what);
  token.normalized = flag(json, "normalized", !token.special, what);
  token.single_word = flag(json, "single_word", false, what);
  return token;
}

Token checked_token_id(int64_t id, const std::string& what) {
  if (id < 0 || id >= static_cast<int64_t>(kMaxVocabulary)) {
    fail(Code::bad_format, what, ": token id ", id, " is outside [0, ", kMaxVocabulary, ")");
  }
  return static_cast<Token>(id);
}

TokenizerSpec parse_tokenizer_json(const io::Json& json, const std::string& source) {
  return Reader(json, source).read();
}

}  // namespace phi::text
