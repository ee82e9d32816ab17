#include "options.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

#include "command.h"
#include "format.h"
#include "phi/error.h"

namespace phi::cli {

namespace {

template <class Value>
using Choices = std::vector<std::pair<std::string, Value>>;

/// A flag that takes one of a few names.
template <class Value>
CLI::Option* add_choice(CLI::App& app, const std::string& flag, Value& value,
                        Choices<Value> choices) {
  std::string names;
  for (const auto& [name, ignored] : choices) names += (names.empty() ? "" : "|") + name;
  const auto assign = [&value, choices, flag, names](const std::string& given) {
    for (const auto& [name, choice] : choices) {
      if (name != given) continue;
      value = choice;
      return;
    }
    throw CLI::ValidationError(flag, "'" + given + "' is not one of " + names);
  };
  return app.add_option_function<std::string>(flag, assign)->type_name(names);
}

/// The number that `text` is, as a whole.
template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::pair<Token, float> parse_bias(const std::string& text) {
  const size_t colon = text.find(':');
  if (colon != std::string::npos) {
    const auto token = parse_number<Token>(std::string_view(text).substr(0, colon));
    const auto value = parse_number<float>(std::string_view(text).substr(colon + 1));
    if (token && value) return {*token, *value};
  }
  throw UsageError("--logit-bias: '" + text +
                   "' is not ID:VALUE; write for example 13:-inf or 42:1.5");
}

}  // namespace

Operands::Operands(CLI::App& app, Texts texts, const std::string& name, const std::string& help)
    : name_(name),
      flag_option_(app.add_option("-m,--model", flag_, "The model, if not the first argument")
                       ->type_name("MODEL")),
      first_option_(
          app.add_option("MODEL", first_, "Hugging Face folder, .gguf file or packed file")
              ->type_name("")) {
  if (texts == Texts::none) return;
  second_option_ = app.add_option(name, second_, help)->type_name("");
  if (texts == Texts::many) app.add_option("MORE", rest_, "More of the same")->type_name("");
}

std::string Operands::model() const {
  const bool by_flag = flag_option_->count() > 0;
  if (by_flag && second_option_ == nullptr && first_option_->count() > 0) {
    throw UsageError("the model is given twice: '" + flag_ + "' and '" + first_ + "'");
  }
  const std::string& model = by_flag ? flag_ : first_;
  if (model.empty())
    throw UsageError("no model given: name a Hugging Face folder, a .gguf file or a packed file");
  return model;
}

bool Operands::names_model() const {
  return flag_option_->count() > 0 || first_option_->count() > 0;
}

std::vector<std::string> Operands::texts() const {
  std::vector<std::string> texts;
  if (flag_option_->count() > 0 && first_option_->count() > 0) texts.push_back(first_);
  if (second_option_ != nullptr && second_option_->count() > 0) texts.push_back(second_);
  texts.insert(texts.end(), rest_.begin(), rest_.end());
  return texts;
}

std::optional<std::string> Operands::text() const {
  const std::vector<std::string> given = texts();
  if (given.empty()) return std::nullopt;
  if (given.size() > 1) {
    throw UsageError("more than one " + name_ + ": '" + given[0] + "' and '" + given[1] +
                     "'; quote one that has spaces");
  }
  return given.front();
}

ModelFlags::ModelFlags(CLI::App& app) {
  const std::string group = "Model";
  app.add_option("-t,--threads", threads, "Threads to use (default: one per physical core)")
      ->check(CLI::Range(0, 1024).description(""))
      ->type_name("N")
      ->group(group);
  app.add_flag("--pin", pin, "Keep every thread but the first on a core of its own")->group(group);
  add_choice<Priority>(
      app, "--priority", priority,
      {{"normal", Priority::normal}, {"low", Priority::low}, {"idle", Priority::idle}})
      ->description("Of every thread but the first, on a busy machine (default: normal)")
      ->group(group);
  add_choice<Weights>(app, "--weights", weights,
                      {{"as-stored", Weights::as_stored},
                       {"f32", Weights::f32},
                       {"bf16", Weights::bf16},
                       {"int8", Weights::int8},
                       {"int4", Weights::int4}})
      ->description("How matrices are held in memory (default: as the file stores them)")
      ->group(group);
  add_choice<Isa>(app, "--isa", isa,
                  {{"best", Isa::best},
                   {"base", Isa::base},
                   {"avx2", Isa::avx2},
                   {"avx512", Isa::avx512},
                   {"avx512-vnni", Isa::avx512_vnni}})
      ->description("Highest instruction set to use")
      ->group(group);
  app.add_flag("--no-repack", no_repack,
               "Leave low-bit weights as the file has them (slower prompts, opens at once)")
      ->group(group);
  app.add_option("--memory-limit", memory_limit,
                 "Fail rather than use more memory, e.g. 8G or 6GiB")
      ->type_name("SIZE")
      ->group(group);
  app.add_flag("-v,--verbose", verbose, "Say on standard error what happens");
}

ModelOptions ModelFlags::options() const {
  ModelOptions options;
  options.weights = weights;
  set_threads(options);
  options.isa = isa;
  options.repack = no_repack ? Repack::never : Repack::when_faster;
  if (!memory_limit.empty())
    options.memory_limit_bytes = parse_bytes(memory_limit, "--memory-limit");
  return options;
}

SessionFlags::SessionFlags(CLI::App& app) {
  app.add_option("-c,--context", context,
                 "Positions to reserve (default: the model's, at most 4096)")
      ->type_name("N")
      ->group("Model");
  add_kv_flag(app, kv);
  add_precision_flag(app, fast);
}

void add_precision_flag(CLI::App& app, bool& fast) {
  app.add_flag("--fast", fast, "Read prompts of low-bit models faster, with a little more rounding")
      ->group("Model");
}

void add_kv_flag(CLI::App& app, Kv& kv) {
  add_choice<Kv>(app, "--kv", kv, {{"bf16", Kv::bf16}, {"f32", Kv::f32}, {"int8", Kv::int8}})
      ->description("Element type of the KV cache (default: bf16)")
      ->group("Model");
}

SessionOptions SessionFlags::options(const ModelFlags& model) const {
  SessionOptions options;
  options.context = context;
  options.kv = kv;
  options.precision = fast ? Precision::fast : Precision::standard;
  model.set_threads(options);
  return options;
}

GenerationFlags::GenerationFlags(CLI::App& app) {
  const std::string group = "Generation";
  const auto add = [&](const char* flag, auto& value, const char* help, const char* type) {
    return app.add_option(flag, value, help)->type_name(type)->group(group);
  };
  add("-n,--max-tokens", max_tokens,
      "Tokens to generate at most (default: until the model ends or the context is full)", "N");
  add("--temp", values_.temperature, "Temperature; 0 always takes the likeliest token (default: 0)",
      "X");
  add("--top-k", values_.top_k, "Choose among the K likeliest tokens (0: off)", "K");
  add("--top-p", values_.top_p,
      "Choose among the likeliest tokens that hold probability P (0: off)", "P");
  add("--min-p", values_.min_p,
      "Leave out tokens below P times the likeliest one's probability (0: off)", "P");
  add("--repeat-penalty", values_.repeat_penalty,
      "Divide the logits of recent tokens (0 or 1: off)", "X");
  add("--presence-penalty", values_.presence_penalty, "Subtract from the logits of recent tokens",
      "X");
  add("--frequency-penalty", values_.frequency_penalty, "The same, times the number of occurrences",
      "X");
  add("--penalty-window", values_.penalty_window, "Recent tokens that penalties see (default: 64)",
      "N");
  add("--seed", values_.seed, "Seed of the random generator (default: 0)", "N");
  add("--logit-bias", bias_, "Add VALUE to the logit of token ID; may be repeated", "ID:VALUE")
      ->allow_extra_args(false);
  add("--stop", stops, "End the answer before this text; may be repeated", "TEXT")
      ->allow_extra_args(false);
  app.add_flag("--ignore-end", values_.ignore_end, "Go on after the model's end tokens")
      ->group(group);
}

Sampling GenerationFlags::sampling() const {
  Sampling sampling = values_;
  for (const std::string& text : bias_) sampling.bias.push_back(parse_bias(text));
  return sampling;
}

std::vector<Token> parse_tokens(const std::string& text, const std::string& source) {
  constexpr std::string_view kSeparators = ", \t\r\n[]";
  std::vector<Token> tokens;
  size_t begin = text.find_first_not_of(kSeparators);
  while (begin != std::string::npos) {
    const size_t end = std::min(text.find_first_of(kSeparators, begin), text.size());
    const std::string_view part = std::string_view(text).substr(begin, end - begin);
    const auto token = parse_number<Token>(part);
    if (!token)
      throw UsageError(source + ": '" + std::string(part.substr(0, 40)) + "' is not a token id");
    tokens.push_back(*token);
    begin = text.find_first_not_of(kSeparators, end);
  }
  return tokens;
}

std::string read_file(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) {
    const char* reason = errno != 0 ? std::strerror(errno) : "read error";
    throw Error(Code::io, "cannot read '" + path + "': " + reason);
  }
  return text;
}

}  // namespace phi::cli
