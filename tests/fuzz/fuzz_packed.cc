// Packed files. The header's hash would hide everything behind it from a fuzzer, so the target
// writes a right preamble around what the input says: a line with the number of bytes of the texts,
// a line with the table, then texts and data.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "fuzz/fuzz_target.h"
#include "io/packed_file.h"
#include "io/packed_layout.h"
#include "phi/error.h"

namespace {

using namespace phi::io;

void parse(std::span<const std::byte> file) {
  try {
    const PackedFile packed = PackedFile::parse(file, "input");
    packed.verify_tensors();
  } catch (const phi::Error&) {
  }
}

std::vector<std::byte> file_around(uint64_t texts_bytes, std::string_view table,
                                   std::string_view rest) {
  const std::string_view texts = rest.substr(0, texts_bytes), data = rest.substr(texts.size());
  PackedPreamble preamble{};
  std::memcpy(preamble.magic, kPackedMagic.data(), sizeof preamble.magic);
  preamble.version = kPackedVersion;
  preamble.table_bytes = table.size();
  preamble.texts_bytes = texts_bytes;
  const size_t header_bytes = sizeof preamble + table.size() + texts.size();
  const size_t data_begin =
      (header_bytes + kPackedDataAlignment - 1) / kPackedDataAlignment * kPackedDataAlignment;
  std::vector<std::byte> file(data.empty() ? header_bytes : data_begin + data.size());
  preamble.file_bytes = file.size();
  std::memcpy(file.data() + sizeof preamble, table.data(), table.size());
  if (!texts.empty())
    std::memcpy(file.data() + sizeof preamble + table.size(), texts.data(), texts.size());
  if (!data.empty()) std::memcpy(file.data() + data_begin, data.data(), data.size());
  preamble.header_hash = packed_header_hash(
      preamble, std::span(file).subspan(sizeof preamble, table.size() + texts.size()));
  std::memcpy(file.data(), &preamble, sizeof preamble);
  return file;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  parse(phi::test::as_input(data, size));
  const std::string_view input = phi::test::as_text(data, size);
  const size_t first = input.find('\n');
  if (first == std::string_view::npos) return 0;
  const size_t second = std::min(input.find('\n', first + 1), input.size());
  const uint64_t texts_bytes =
      std::strtoull(std::string(input.substr(0, first)).c_str(), nullptr, 10);
  const std::string_view table = input.substr(first + 1, second - first - 1);
  parse(file_around(texts_bytes, table, second < input.size() ? input.substr(second + 1) : ""));
  return 0;
}
