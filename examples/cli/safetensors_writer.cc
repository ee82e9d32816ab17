#include "safetensors_writer.h"

#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "phi/error.h"

namespace phi::cli {

namespace {

/// The length of the header, little-endian, as the file begins.
std::array<char, 8> encode_length(uint64_t length) {
  std::array<char, 8> bytes{};
  for (char& byte : bytes) {
    byte = static_cast<char>(length & 0xff);
    length >>= 8;
  }
  return bytes;
}

}  // namespace

SafetensorsWriter::SafetensorsWriter(std::string path, const std::vector<TensorSpec>& tensors)
    : path_(std::move(path)),
      partial_path_(path_ + ".partial"),
      file_(partial_path_, std::ios::binary | std::ios::trunc) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  for (const TensorSpec& tensor : tensors) {
    uint64_t bytes = tensor.element_bytes;
    for (const uint64_t extent : tensor.shape) bytes *= extent;
    header[tensor.name] = {{"dtype", tensor.dtype},
                           {"shape", tensor.shape},
                           {"data_offsets", {missing_bytes_, missing_bytes_ + bytes}}};
    missing_bytes_ += bytes;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // the data begins aligned
  file_.write(encode_length(text.size()).data(), 8);
  file_ << text;
  if (!file_) throw Error(Code::io, "cannot write '" + partial_path_ + "'");
}

SafetensorsWriter::~SafetensorsWriter() {
  file_.close();
  std::error_code ignored;
  std::filesystem::remove(partial_path_, ignored);  // gone already after finish()
}

void SafetensorsWriter::write(std::span<const std::byte> bytes) {
  if (bytes.size() > missing_bytes_)
    throw Error(Code::internal, "'" + path_ + "': more tensor data than announced");
  missing_bytes_ -= bytes.size();
  file_.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
  if (!file_) throw Error(Code::io, "cannot write '" + partial_path_ + "'");
}

void SafetensorsWriter::finish() {
  if (missing_bytes_ != 0)
    throw Error(Code::internal, "'" + path_ + "': less tensor data than announced");
  file_.close();
  if (!file_) throw Error(Code::io, "cannot write '" + partial_path_ + "'");
  std::error_code error;
  std::filesystem::rename(partial_path_, path_, error);
  if (error)
    throw Error(Code::io,
                "cannot rename '" + partial_path_ + "' to '" + path_ + "': " + error.message());
}

}  // namespace phi::cli
