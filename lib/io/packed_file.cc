/// The packed format, version 1. A file is, in this order:
///
///   preamble  64 bytes, integers little-endian:
///      0  8 bytes  magic "PHIPACK1"
///      8  u32      version, 1
///     12  u32      layout, a PackedLayout
///     16  u64      bytes of the table
///     24  u64      bytes of the texts
///     32  u64      bytes of the whole file
///     40  u64      zero
///     48  16 bytes XXH3-128 of bytes 0 to 47, the table and the texts
///   table     one JSON object:
///     {"texts":   [{"name": string, "bytes": integer}, ...],
///      "tensors": [{"name": string, "dtype": string, "shape": [integer, ...],
///                   "layout": string, "offset": integer, "bytes": integer, "hash": string}, ...]}
///   texts     their bytes in the table's order, nothing between them
///   zeros     up to the next multiple of 2 MiB, where the data begins
///   data      the tensors in the table's order, zeros between them
///
/// - "dtype" is the name of the type as GGUF tools spell it: "F32", "BF16", "Q4_K".
/// - "shape" has the outermost dimension first.
/// - "offset" counts from the beginning of the data. It is a multiple of 4096. No tensor begins
///   before the end of the one before it.
/// - "hash" is the XXH3-128 of the tensor's bytes, in 32 lower-case hexadecimal digits.
/// - Hashes have seed 0 and are in canonical form: big-endian.
/// - Names of texts are unique, and so are names of tensors.
/// - The file ends with the last tensor; if tensors have no bytes, with the texts.
/// - Layout 0: all tensors are in rows, one after another, each made of whole blocks as in GGUF.
/// - Layout 1: "layout" says of each tensor "rows" or, of matrices of block types, "strips"; see
///   kernels/strip_layout.h. Strips are filled up with zero rows to a multiple of 16.
///
/// A reader refuses other versions and unknown layouts, and ignores members of the table that it
/// does not know.
#include "io/packed_file.h"

#include <cstring>
#include <optional>
#include <utility>

#include "base/checked.h"
#include "base/fail.h"
#include "io/byte_reader.h"
#include "io/json.h"
#include "io/packed_layout.h"

namespace phi::io {

namespace {

std::optional<DType> dtype_named(std::string_view name) {
  for (int i = 0; i < kDTypes; ++i) {
    if (name == kDTypeInfo[i].name) return static_cast<DType>(i);
  }
  return std::nullopt;
}

}  // namespace

/// Reads the header of one packed file, of which nothing is believed unchecked.
class PackedReader {
 public:
  static PackedFile read(std::span<const std::byte> bytes, const std::string& source) {
    PackedReader self(bytes, source);
    self.read_header();
    self.read_texts();
    self.read_tensors();
    return std::move(self.file_);
  }

 private:
  PackedReader(std::span<const std::byte> bytes, const std::string& source) : bytes_(bytes) {
    file_.source_ = source;
  }

  void read_header();
  void check_preamble(const PackedPreamble& preamble) const;
  void read_texts();
  void read_tensors();
  void read_tensor(const Json& json);
  Layout layout_of(const Json& tensor) const;

  const Json& member(const Json& object, std::string_view key) const {
    const Json* value = object.find(key);
    if (value == nullptr) fail(Code::bad_format, file_.source_, ": header: '", key, "' is missing");
    return *value;
  }
  std::string label(std::string_view key) const {
    return concat(file_.source_, ": header: '", key, "'");
  }
  uint64_t size_of(const Json& object, std::string_view key) const {
    return member(object, key).as_unsigned(label(key));
  }
  const std::string& text_of(const Json& object, std::string_view key) const {
    return member(object, key).as_string(label(key));
  }
  const Json::Array& list_of(const Json& object, std::string_view key) const {
    return member(object, key).as_array(label(key));
  }

  std::span<const std::byte> bytes_;
  PackedFile file_;
  PackedLayout layout_ = PackedLayout::rows;
  Json table_;
  std::span<const std::byte> texts_;
  std::span<const std::byte> data_;
  uint64_t data_used_ = 0;  // by the tensors read so far
};

void PackedReader::check_preamble(const PackedPreamble& preamble) const {
  const std::string& source = file_.source_;
  if (std::string_view(preamble.magic, sizeof preamble.magic) != kPackedMagic) {
    fail(Code::bad_format, source, ": not a packed file");
  }
  if (preamble.version != kPackedVersion) {
    fail(Code::unsupported, source, ": packed format version ", preamble.version,
         ", this library reads ", kPackedVersion);
  }
  if (preamble.file_bytes != bytes_.size()) {
    fail(Code::bad_format, source, ": has ", bytes_.size(), " bytes, its header says ",
         preamble.file_bytes);
  }
  const uint64_t room = bytes_.size() - sizeof preamble;
  if (preamble.table_bytes > room || preamble.texts_bytes > room - preamble.table_bytes) {
    fail(Code::bad_format, source, ": header does not fit in the file");
  }
}

void PackedReader::read_header() {
  PackedPreamble preamble;
  if (bytes_.size() < sizeof preamble) {
    fail(Code::bad_format, file_.source_, ": ", bytes_.size(),
         " bytes are too short for a packed file");
  }
  std::memcpy(&preamble, bytes_.data(), sizeof preamble);
  check_preamble(preamble);
  const auto header = bytes_.subspan(sizeof preamble, preamble.table_bytes + preamble.texts_bytes);
  if (packed_header_hash(preamble, header) != preamble.header_hash) {
    fail(Code::bad_format, file_.source_, ": header is damaged: its hash differs");
  }
  // After the hash: a damaged number is a damaged header.
  if (preamble.layout > static_cast<uint32_t>(PackedLayout::named)) {
    fail(Code::unsupported, file_.source_, ": packed layout ", preamble.layout, " is not known");
  }
  layout_ = static_cast<PackedLayout>(preamble.layout);
  const auto table = header.first(preamble.table_bytes);
  table_ = Json::parse({reinterpret_cast<const char*>(table.data()), table.size()},
                       file_.source_ + ": header");
  texts_ = header.subspan(preamble.table_bytes);
  const uint64_t data_begin = round_up(sizeof preamble + header.size(), kPackedDataAlignment);
  if (data_begin < bytes_.size()) data_ = bytes_.subspan(data_begin);
}

void PackedReader::read_texts() {
  ByteReader reader(texts_, file_.source_, "texts");
  for (const Json& text : list_of(table_, "texts")) {
    const std::string& name = text_of(text, "name");
    const std::string_view value = reader.read_text(size_of(text, "bytes"));
    if (!file_.texts_.emplace(name, value).second) {
      fail(Code::bad_format, file_.source_, ": text '", printable(name), "' is listed twice");
    }
  }
  if (reader.remaining() != 0) {
    fail(Code::bad_format, file_.source_, ": ", reader.remaining(), " bytes after the texts");
  }
}

void PackedReader::read_tensors() {
  for (const Json& tensor : list_of(table_, "tensors")) read_tensor(tensor);
  if (data_used_ != data_.size()) {
    fail(Code::bad_format, file_.source_, ": tensors end at byte ", data_used_, " of ",
         data_.size(), " bytes of data");
  }
  refuse_duplicate_names(file_.tensors_, file_.source_);
}

Layout PackedReader::layout_of(const Json& tensor) const {
  if (layout_ == PackedLayout::rows) return Layout::rows;
  const std::string& name = text_of(tensor, "layout");
  if (name == kRowsName) return Layout::rows;
  if (name == kStripsName) return Layout::strips;
  fail(Code::unsupported, label("layout"), ": '", printable(name), "' is not known");
}

void PackedReader::read_tensor(const Json& json) {
  const std::string& name = text_of(json, "name");
  const std::string what = concat(file_.source_, ": tensor '", printable(name), "'");
  const std::string& dtype_name = text_of(json, "dtype");
  const std::optional<DType> dtype = dtype_named(dtype_name);
  if (!dtype)
    fail(Code::unsupported, what, ": element type '", printable(dtype_name), "' is not known");
  std::vector<uint64_t> shape;
  for (const Json& extent : list_of(json, "shape"))
    shape.push_back(extent.as_unsigned(label("shape")));
  const Layout layout = layout_of(json);
  const uint64_t bytes = size_of(json, "bytes");
  if (bytes != tensor_bytes(*dtype, shape, layout, what)) {
    fail(Code::bad_format, what, ": ", bytes, " bytes do not hold shape ", shape_string(shape),
         " of ", dtype_name);
  }
  const uint64_t offset = size_of(json, "offset");
  const bool is_inside = offset <= data_.size() && bytes <= data_.size() - offset;
  if (!is_inside || offset < data_used_ || offset % kPackedTensorAlignment != 0) {
    fail(Code::bad_format, what, ": ", bytes, " bytes at offset ", offset, " are misplaced");
  }
  data_used_ = offset + bytes;
  file_.hashes_.push_back(text_of(json, "hash"));
  file_.tensors_.push_back({name, *dtype, std::move(shape), data_.subspan(offset, bytes), layout});
}

PackedFile PackedFile::open(const std::string& path) {
  MappedFile mapped(path);
  PackedFile file = PackedReader::read(mapped.bytes(), file_name(path));
  file.files_.push_back(std::move(mapped));
  return file;
}

PackedFile PackedFile::parse(std::span<const std::byte> bytes, const std::string& source) {
  return PackedReader::read(bytes, source);
}

const std::string& PackedFile::text_at(std::string_view name) const {
  const auto found = texts_.find(name);
  if (found == texts_.end()) fail(Code::bad_format, source_, ": text '", name, "' is missing");
  return found->second;
}

void PackedFile::verify_tensors() const {
  for (size_t i = 0; i < tensors_.size(); ++i) {
    if (hexadecimal(content_hash(tensors_[i].data)) != hashes_[i]) {
      fail(Code::bad_format, source_, ": tensor '", printable(tensors_[i].name),
           "' is damaged: its hash differs");
    }
  }
}

}  // namespace phi::io
