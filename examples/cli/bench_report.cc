#include "bench_report.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "format.h"

namespace phi::cli {
namespace {

using Json = nlohmann::ordered_json;

const char* kv_name(Kv kv) {
  switch (kv) {
    case Kv::bf16:
      return "bf16";
    case Kv::f32:
      return "f32";
    case Kv::int8:
      return "int8";
  }
  return "";
}

const char* phase_name(Phase phase) {
  switch (phase) {
    case Phase::prefill:
      return "prefill";
    case Phase::rows:
      return "rows";
    case Phase::decode:
      return "decode";
  }
  return "";
}

/// What the results are compared with.
class Yardstick {
 public:
  explicit Yardstick(const BenchReport& report)
      : peaks(report.peaks),
        cost(bench::model_cost(report.info, report.kv)),
        mapped(report.memory.weights_are_mapped(
            report.info.weight_bytes,
            static_cast<uint64_t>(cost.cache_bytes_per_position * report.context))),
        compute_(bench::compute_roof(report.info, report.peaks)) {}

  bench::Work work(const SpeedTest& test) const {
    switch (test.phase) {
      case Phase::prefill:
        return cost.prompt(test.tokens, test.depth);
      case Phase::rows:
        return cost.rows(test.tokens, test.depth);
      case Phase::decode:
        return cost.generation(test.tokens, test.depth);
    }
    return {};
  }

  /// The shortest time for a test. Memory's speed is that of the kind that the weights lie in.
  bench::Limit limit(const SpeedTest& test, const bench::MemorySpeed& memory) const {
    return limit_of(work(test), compute_, mapped ? memory.file : memory.block);
  }

  const bench::Peaks peaks;
  const bench::ModelCost cost;
  const bool mapped;

 private:
  bench::ComputeRoof compute_;
};

/// A test beside its limit.
struct Share {
  double value;  ///< the median over all runs, each beside the memory's speed around it
  const char* limited_by;
};
Share share_of_limit(const BenchResult& result, const Yardstick& yardstick) {
  const auto& [test, speeds] = result;
  std::vector<double> shares;
  const char* limited_by = "";
  for (size_t run = 0; run < speeds.samples.size(); ++run) {
    const bench::Limit limit = yardstick.limit(test, speeds.memory[run]);
    shares.push_back(limit.seconds * speeds.samples[run] / test.tokens);
    limited_by = limit.name;
  }
  return {median_of(shares), limited_by};
}

/// The medians over all runs of all tests.
bench::MemorySpeed usual_memory_speed(const BenchReport& report) {
  std::vector<double> block, file;
  for (const BenchResult& result : report.results) {
    for (const bench::MemorySpeed& speed : result.speeds.memory) {
      block.push_back(speed.block);
      file.push_back(speed.file);
    }
  }
  return block.empty() ? bench::MemorySpeed{}
                       : bench::MemorySpeed{median_of(block), median_of(file)};
}

/// How often a single token's time goes into the one pass of a test of some rows; nothing for other
/// tests, or if no single tokens were measured at that depth.
std::optional<double> times_one_token(const BenchResult& result,
                                      const std::vector<BenchResult>& all) {
  if (result.test.phase != Phase::rows) return std::nullopt;
  for (const auto& [test, speeds] : all) {
    if (test.phase == Phase::decode && test.depth == result.test.depth)
      return result.speeds.seconds(result.test) * speeds.median();
  }
  return std::nullopt;
}

std::string speed_table(const BenchReport& report, const Yardstick& yardstick) {
  std::string out =
      "| test | tokens/s | ± sd | share of the limit | times one token |\n"
      "|---|---:|---:|---|---:|\n";
  for (const BenchResult& result : report.results) {
    const auto& [test, speeds] = result;
    const Share share = share_of_limit(result, yardstick);
    const std::optional<double> times = times_one_token(result, report.results);
    out += "| " + test.name() + " | " + format_fixed(speeds.median(), 2) + " | " +
           format_fixed(speeds.deviation(), 2) + " | " + format_fixed(100 * share.value, 0) +
           " % of " + share.limited_by + " | " + (times ? format_fixed(*times, 2) : "") + " |\n";
  }
  return out;
}

std::string limits_text(const BenchReport& report, const Yardstick& yardstick) {
  const auto peak = [](const char* name, const bench::Peak& rate) {
    if (rate.operations_per_second <= 0) return std::string();
    return std::string(", ") + name + " " + format_si(rate.operations_per_second, "op/s");
  };
  const bench::MemorySpeed memory = usual_memory_speed(report);
  const bench::ModelCost& cost = yardstick.cost;
  const double huge = static_cast<double>(report.memory.model_huge) /
                      static_cast<double>(std::max<uint64_t>(report.memory.model, 1));
  return "Limits: memory, measured around every run, " + format_si(memory.block, "B/s") +
         " in the median, the mapped model file " + format_si(memory.file, "B/s") +
         peak("int8", yardstick.peaks.int8) + peak("bf16", yardstick.peaks.bf16) +
         peak("f32", yardstick.peaks.f32) + ".\nThe weights lie in " +
         (yardstick.mapped
              ? "the mapped file, " + format_fixed(100 * huge, 0) + " % of it in huge pages"
              : std::string("memory of their own")) +
         ". A pass reads " + format_si(cost.weight_bytes, "B") + " of them and " +
         format_si(cost.cache_bytes_per_position, "B") + " of cache per position;\na token costs " +
         format_si(cost.layer_operations, "op") + ", its logits " +
         format_si(cost.output_operations, "op") + ", each position that it sees " +
         format_si(cost.attention_operations, "op") + ". tokens/s is the median.\n";
}

std::string opening_text(std::vector<Opening> openings) {
  const Opening& opening = median_opening(openings);
  return "A new process has the first token after a prompt of " + std::to_string(kOpeningPrompt) +
         " in " + format_seconds(opening.seconds()) + ": opening " +
         format_seconds(opening.open_seconds) + ", session of " + std::to_string(opening.context) +
         " positions " + format_seconds(opening.session_seconds) + ", prompt and token " +
         format_seconds(opening.first_token_seconds) + ".\nIts memory peaks at " +
         format_bytes(opening.memory.peak) + ": " + format_bytes(opening.bytes_beyond()) +
         " beyond the weights and the cache of " + format_bytes(opening.cache_bytes) + ".\n";
}

Json limits_json(const BenchReport& report) {
  const bench::MemorySpeed memory = usual_memory_speed(report);
  return {{"read_bytes_per_second", memory.block},
          {"file_read_bytes_per_second", memory.file},
          {"int8_ops_per_second", report.peaks.int8.operations_per_second},
          {"bf16_ops_per_second", report.peaks.bf16.operations_per_second},
          {"f32_ops_per_second", report.peaks.f32.operations_per_second}};
}

Json result_json(const BenchResult& result, const BenchReport& report, const Yardstick& yardstick) {
  const auto& [test, speeds] = result;
  const bench::Work work = yardstick.work(test);
  const Share share = share_of_limit(result, yardstick);
  Json memory = Json::array();
  for (const bench::MemorySpeed& speed : speeds.memory)
    memory.push_back(yardstick.mapped ? speed.file : speed.block);
  Json json = {{"test", test.name()},
               {"phase", phase_name(test.phase)},
               {"tokens", test.tokens},
               {"depth", test.depth},
               {"tokens_per_second", speeds.median()},
               {"mean", speeds.mean()},
               {"deviation", speeds.deviation()},
               {"samples", speeds.samples},
               {"operations", work.operations},
               {"bytes", work.bytes},
               {"read_bytes_per_second", memory},
               {"limit", share.limited_by},
               {"limit_tokens_per_second", speeds.median() / share.value},
               {"share_of_limit", share.value}};
  if (const auto times = times_one_token(result, report.results)) json["times_one_token"] = *times;
  return json;
}

Json openings_json(const std::vector<Opening>& openings) {
  Json list = Json::array();
  for (const Opening& opening : openings) {
    list.push_back({{"seconds", opening.seconds()},
                    {"open_seconds", opening.open_seconds},
                    {"session_seconds", opening.session_seconds},
                    {"first_token_seconds", opening.first_token_seconds},
                    {"prompt_tokens", kOpeningPrompt},
                    {"context", opening.context},
                    {"weight_bytes", opening.weight_bytes},
                    {"cache_bytes", opening.cache_bytes},
                    {"peak_bytes", opening.memory.peak},
                    {"anonymous_bytes", opening.memory.anonymous},
                    {"model_file_bytes", opening.memory.model},
                    {"model_file_huge_bytes", opening.memory.model_huge},
                    {"bytes_beyond", opening.bytes_beyond()}});
  }
  return list;
}

}  // namespace

std::string bench_table(const BenchReport& report) {
  const ModelInfo& info = report.info;
  std::string out =
      (info.name.empty() ? std::filesystem::path(report.path).lexically_normal().filename().string()
                         : info.name) +
      ": " + format_count(info.parameters) + " parameters in " + format_bytes(info.weight_bytes) +
      ", cache " + kv_name(report.kv) + ", threads " + std::to_string(report.threads) + "\n\n";
  if (!report.results.empty()) {
    const Yardstick yardstick(report);
    out += speed_table(report, yardstick) + "\n" + limits_text(report, yardstick);
  }
  if (!report.openings.empty()) out += opening_text(report.openings);
  return out;
}

std::string bench_json(const BenchReport& report) {
  const Yardstick yardstick(report);
  const bench::ModelCost& cost = yardstick.cost;
  Json document = {{"model", report.path},
                   {"name", report.info.name},
                   {"architecture", report.info.architecture},
                   {"parameters", report.info.parameters},
                   {"weight_bytes", report.info.weight_bytes},
                   {"weights_are_mapped", yardstick.mapped},
                   {"kv", kv_name(report.kv)},
                   {"threads", report.threads},
                   {"limits", limits_json(report)},
                   {"cost",
                    {{"weight_bytes_per_token", cost.weight_bytes},
                     {"cache_bytes_per_position", cost.cache_bytes_per_position},
                     {"layer_ops_per_token", cost.layer_operations},
                     {"output_ops", cost.output_operations},
                     {"attention_ops_per_position", cost.attention_operations}}},
                   {"results", Json::array()}};
  for (const BenchResult& result : report.results)
    document["results"].push_back(result_json(result, report, yardstick));
  if (!report.openings.empty()) document["openings"] = openings_json(report.openings);
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace phi::cli
