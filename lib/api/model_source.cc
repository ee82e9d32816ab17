#include "api/model_source.h"

#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

#include "base/fail.h"
#include "io/json.h"
#include "io/mapped_file.h"

namespace phi::detail {

namespace {

constexpr uint64_t kMaxConfigBytes = uint64_t{16} << 20;
constexpr std::string_view kMemoryName = "memory";
constexpr std::string_view kTokenizerText = "tokenizer";

bool exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

bool starts_with(std::span<const std::byte> bytes, std::string_view magic) noexcept {
  return bytes.size() >= magic.size() && std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
}

[[noreturn]] void fail_unknown(const std::string& path) {
  const bool safetensors = path.ends_with(".safetensors") || path.ends_with(".json");
  fail(Code::bad_format, "'", printable(path),
       "': neither a directory, nor a GGUF file, nor a packed file",
       safetensors ? "; give the directory that holds it" : "");
}

io::Json read_json(const std::string& path) {
  return io::Json::parse(io::read_text_file(path, kMaxConfigBytes), path);
}

weights::ModelConfig read_folder_config(const std::string& folder) {
  const std::string config = folder + "/config.json";
  const std::string generation = folder + "/generation_config.json";
  if (!exists(generation)) return weights::config_from_json(read_json(config), nullptr, config);
  const io::Json generation_json = read_json(generation);
  return weights::config_from_json(read_json(config), &generation_json, config);
}

weights::ModelConfig packed_config(const io::PackedFile& packed) {
  return weights::config_from_text(packed.text_at("config"), packed.source());
}

text::TokenizerSpec packed_spec(const io::PackedFile& packed) {
  return text::spec_from_text(packed.text_at(kTokenizerText), packed.source());
}

}  // namespace

SourceKind source_kind(std::span<const std::byte> bytes) noexcept {
  if (starts_with(bytes, "GGUF")) return SourceKind::gguf;
  if (starts_with(bytes, io::kPackedMagic)) return SourceKind::packed;
  return SourceKind::other;
}

SourceKind source_kind(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return SourceKind::folder;
  return source_kind(io::MappedFile(path).bytes());
}

ModelSource::ModelSource(std::string name, Container container, weights::ModelConfig config,
                         Bytes bytes)
    : name_(std::move(name)),
      container_(std::move(container)),
      config_(std::move(config)),
      bytes_(bytes) {}

ModelSource ModelSource::open(const std::string& path) {
  switch (source_kind(path)) {
    case SourceKind::folder: {
      weights::ModelConfig config = read_folder_config(path);
      return {path, io::open_safetensors_folder(path), std::move(config)};
    }
    case SourceKind::gguf: {
      io::Gguf gguf = io::Gguf::open(path);
      weights::ModelConfig config = weights::config_from_gguf(gguf);
      return {path, std::move(gguf), std::move(config)};
    }
    case SourceKind::packed: {
      io::PackedFile packed = io::PackedFile::open(path);
      weights::ModelConfig config = packed_config(packed);
      return {path, std::move(packed), std::move(config)};
    }
    case SourceKind::other:
      break;
  }
  fail_unknown(path);
}

ModelSource ModelSource::open_memory(std::span<const std::byte> bytes) {
  const std::string name(kMemoryName);
  switch (source_kind(bytes)) {
    case SourceKind::gguf: {
      io::Gguf gguf = io::Gguf::parse(bytes, name);
      weights::ModelConfig config = weights::config_from_gguf(gguf);
      return {name, std::move(gguf), std::move(config), Bytes::borrowed};
    }
    case SourceKind::packed: {
      io::PackedFile packed = io::PackedFile::parse(bytes, name);
      weights::ModelConfig config = packed_config(packed);
      return {name, std::move(packed), std::move(config), Bytes::borrowed};
    }
    case SourceKind::folder:
    case SourceKind::other:
      break;
  }
  fail(Code::bad_format, "bytes: neither a GGUF file nor a packed file");
}

const std::vector<io::TensorEntry>& ModelSource::tensors() const noexcept {
  if (const auto* folder = std::get_if<io::SafetensorsFolder>(&container_)) return folder->tensors;
  if (const auto* gguf = std::get_if<io::Gguf>(&container_)) return gguf->tensors();
  return std::get_if<io::PackedFile>(&container_)->tensors();
}

std::optional<text::TokenizerSpec> ModelSource::tokenizer_spec() const {
  if (std::holds_alternative<io::SafetensorsFolder>(container_)) {
    if (!exists(name_ + "/tokenizer.json")) return std::nullopt;
    return text::spec_from_folder(name_);
  }
  if (const auto* gguf = std::get_if<io::Gguf>(&container_)) {
    if (!gguf->has("tokenizer.ggml.tokens")) return std::nullopt;
    return text::spec_from_gguf(*gguf);
  }
  const auto& packed = std::get<io::PackedFile>(container_);
  if (!packed.texts().contains(kTokenizerText)) return std::nullopt;
  return packed_spec(packed);
}

weights::WeightStore ModelSource::load(weights::LoadOptions options,
                                       const ThreadScope& threads) && {
  using weights::WeightStore;
  options.source_is_mapped = bytes_ == Bytes::mapped;
  if (auto* folder = std::get_if<io::SafetensorsFolder>(&container_)) {
    return WeightStore::from_safetensors(std::move(*folder), std::move(config_), options, threads);
  }
  if (auto* gguf = std::get_if<io::Gguf>(&container_)) {
    return WeightStore::from_gguf(std::move(*gguf), std::move(config_), options, threads);
  }
  return WeightStore::from_packed(std::move(std::get<io::PackedFile>(container_)),
                                  std::move(config_), options, threads);
}

text::TokenizerSpec open_tokenizer_spec(const std::string& path) {
  switch (source_kind(path)) {
    case SourceKind::folder:
      return text::spec_from_folder(path);
    case SourceKind::gguf:
      return text::spec_from_gguf(io::Gguf::open(path));
    case SourceKind::packed:
      return packed_spec(io::PackedFile::open(path));
    case SourceKind::other:
      break;
  }
  return text::spec_from_json_file(path);
}

}  // namespace phi::detail
