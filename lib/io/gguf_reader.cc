#include "io/gguf_reader.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/checked.h"
#include "base/fail.h"

namespace phi::io {

namespace {

constexpr uint64_t kMaxKeyBytes = 65535;  // the format's own limit
constexpr uint32_t kMaxDims = 4;          // the format's own limit
constexpr uint64_t kDefaultAlignment = 32;

/// Elements of all arrays of one file together; vocabularies have some hundred thousand. Bounds the
/// memory that small elements take when they are widened.
constexpr uint64_t kMaxArrayElements = uint64_t{16} << 20;

/// The least that one entry can take: a key's length, a type and a byte; a name's length, a rank,
/// an extent, a type and an offset.
constexpr uint64_t kMinValueBytes = 8 + 4 + 1;
constexpr uint64_t kMinTensorBytes = 8 + 4 + 8 + 4 + 8;

enum class ValueType : uint32_t {
  u8 = 0,
  i8 = 1,
  u16 = 2,
  i16 = 3,
  u32 = 4,
  i32 = 5,
  f32 = 6,
  boolean = 7,
  string = 8,
  array = 9,
  u64 = 10,
  i64 = 11,
  f64 = 12,
};

struct GgmlType {
  uint32_t id;
  DType dtype;
};
constexpr GgmlType kGgmlTypes[] = {
    {0, DType::f32},     {1, DType::f16},     {2, DType::q4_0},  {3, DType::q4_1},
    {6, DType::q5_0},    {7, DType::q5_1},    {8, DType::q8_0},  {10, DType::q2_k},
    {11, DType::q3_k},   {12, DType::q4_k},   {13, DType::q5_k}, {14, DType::q6_k},
    {20, DType::iq4_nl}, {23, DType::iq4_xs}, {30, DType::bf16},
};

std::optional<DType> dtype_of(uint32_t id) {
  for (const GgmlType& type : kGgmlTypes) {
    if (type.id == id) return type.dtype;
  }
  return std::nullopt;
}

}  // namespace

Gguf GgufReader::read(std::span<const std::byte> bytes, const std::string& source) {
  GgufReader self(bytes, source);
  self.read_version();
  const auto tensors = self.reader_.read<uint64_t>();
  const auto values = self.reader_.read<uint64_t>();
  self.reader_.begin_item("metadata values");
  self.reader_.expect_parts(values, kMinValueBytes);
  for (uint64_t i = 0; i < values; ++i) self.read_value();
  self.reader_.begin_item("tensors");
  self.reader_.expect_parts(tensors, kMinTensorBytes);
  const uint64_t alignment = self.alignment();
  for (uint64_t i = 0; i < tensors; ++i) self.read_tensor(alignment);
  refuse_duplicate_names(self.gguf_.tensors_, source);
  self.place_tensors(alignment);
  return std::move(self.gguf_);
}

GgufReader::GgufReader(std::span<const std::byte> bytes, const std::string& source)
    : bytes_(bytes), reader_(bytes, source, "header"), array_budget_(kMaxArrayElements) {
  gguf_.source_ = source;
}

void GgufReader::read_version() {
  const std::string& source = gguf_.source_;
  const std::string_view magic = reader_.read_text(4);
  if (magic == "FUGG") fail(Code::unsupported, source, ": big-endian GGUF files are not supported");
  if (magic != "GGUF") fail(Code::bad_format, source, ": not a GGUF file");
  const auto version = reader_.read<uint32_t>();
  if (version == 2 || version == 3) return;
  if (version != 0 && (version & 0xFFFF) == 0) {
    fail(Code::unsupported, source, ": big-endian GGUF files are not supported");
  }
  fail(Code::unsupported, source, ": GGUF version ", version,
       " is not supported, only 2 and 3 are");
}

std::string_view GgufReader::read_string() { return reader_.read_text(reader_.read<uint64_t>()); }

void GgufReader::read_value() {
  reader_.begin_item(concat("key ", gguf_.values_.size()));
  const std::string_view key = read_string();
  reader_.begin_item(concat("value of '", printable(key), "'"));
  if (key.size() > kMaxKeyBytes) {
    reader_.fail_item(Code::bad_format, "key has ", key.size(), " bytes");
  }
  const auto type = reader_.read<uint32_t>();
  const bool is_array = type == static_cast<uint32_t>(ValueType::array);
  GgufValue value = is_array ? read_array() : read_scalar(type);
  if (!gguf_.values_.emplace(key, std::move(value)).second) {
    reader_.fail_item(Code::bad_format, "is given twice");
  }
}

GgufValue GgufReader::read_scalar(uint32_t type) {
  switch (static_cast<ValueType>(type)) {
    case ValueType::u8:
      return int64_t{reader_.read<uint8_t>()};
    case ValueType::i8:
      return int64_t{reader_.read<int8_t>()};
    case ValueType::u16:
      return int64_t{reader_.read<uint16_t>()};
    case ValueType::i16:
      return int64_t{reader_.read<int16_t>()};
    case ValueType::u32:
      return int64_t{reader_.read<uint32_t>()};
    case ValueType::i32:
      return int64_t{reader_.read<int32_t>()};
    case ValueType::i64:
      return reader_.read<int64_t>();
    case ValueType::f32:
      return double{reader_.read<float>()};
    case ValueType::f64:
      return reader_.read<double>();
    case ValueType::string:
      return read_string();
    case ValueType::u64: {
      const auto value = reader_.read<uint64_t>();
      if (std::in_range<int64_t>(value)) return static_cast<int64_t>(value);
      return value;
    }
    case ValueType::boolean: {
      const auto value = reader_.read<uint8_t>();
      if (value <= 1) return value == 1;
      reader_.fail_item(Code::bad_format, "is a boolean of value ", value);
    }
    case ValueType::array:
      break;  // arrays are no scalars
  }
  reader_.fail_item(Code::bad_format, "has the unknown type ", type);
}

GgufValue GgufReader::read_array() {
  const auto type = reader_.read<uint32_t>();
  const auto count = reader_.read<uint64_t>();
  switch (static_cast<ValueType>(type)) {
    case ValueType::u8:
    case ValueType::boolean:
      return read_elements<uint8_t, int64_t>(count);
    case ValueType::i8:
      return read_elements<int8_t, int64_t>(count);
    case ValueType::u16:
      return read_elements<uint16_t, int64_t>(count);
    case ValueType::i16:
      return read_elements<int16_t, int64_t>(count);
    case ValueType::u32:
      return read_elements<uint32_t, int64_t>(count);
    case ValueType::i32:
      return read_elements<int32_t, int64_t>(count);
    case ValueType::u64:
      return read_elements<uint64_t, int64_t>(count);
    case ValueType::i64:
      return read_elements<int64_t, int64_t>(count);
    case ValueType::f32:
      return read_elements<float, double>(count);
    case ValueType::f64:
      return read_elements<double, double>(count);
    case ValueType::string:
      return read_strings(count);
    case ValueType::array:
      reader_.fail_item(Code::unsupported, "is an array of arrays");
  }
  reader_.fail_item(Code::bad_format, "is an array of the unknown type ", type);
}

void GgufReader::take_from_array_budget(uint64_t count) {
  if (count > array_budget_) {
    reader_.fail_item(Code::bad_format, "is an array of ", count,
                      " elements, all arrays together may have ", kMaxArrayElements);
  }
  array_budget_ -= count;
}

template <class Stored, class Element>
std::vector<Element> GgufReader::read_elements(uint64_t count) {
  reader_.expect_parts(count, sizeof(Stored));
  take_from_array_budget(count);
  std::vector<Element> elements(count);
  for (Element& element : elements) {
    const auto stored = reader_.read<Stored>();
    if constexpr (std::is_same_v<Stored, uint64_t>) {
      if (!std::in_range<int64_t>(stored)) {
        reader_.fail_item(Code::unsupported, "has an element of ", stored);
      }
    }
    element = static_cast<Element>(stored);
  }
  return elements;
}

std::vector<std::string_view> GgufReader::read_strings(uint64_t count) {
  reader_.expect_parts(count, sizeof(uint64_t));
  take_from_array_budget(count);
  std::vector<std::string_view> strings(count);
  for (std::string_view& string : strings) string = read_string();
  return strings;
}

uint64_t GgufReader::alignment() const {
  const uint64_t alignment = gguf_.unsigned_or("general.alignment", kDefaultAlignment);
  if (!std::has_single_bit(alignment)) {
    fail(Code::bad_format, gguf_.source_, ": general.alignment is ", alignment,
         ", expected a power of two");
  }
  return alignment;
}

std::string GgufReader::tensor_label(std::string_view name) const {
  return concat(gguf_.source_, ": tensor '", printable(name), "'");
}

void GgufReader::read_tensor(uint64_t alignment) {
  reader_.begin_item(concat("name of tensor ", gguf_.tensors_.size()));
  const std::string_view name = read_string();
  reader_.begin_item(concat("tensor '", printable(name), "'"));
  const auto dims = reader_.read<uint32_t>();
  if (dims == 0 || dims > kMaxDims) {
    reader_.fail_item(Code::bad_format, dims, " dimensions, expected 1 to ", kMaxDims);
  }
  std::vector<uint64_t> shape(dims);
  for (uint64_t& extent : shape) extent = reader_.read<uint64_t>();
  std::reverse(shape.begin(), shape.end());  // the file lists the innermost dimension first
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) {
    reader_.fail_item(Code::bad_format, "shape ", shape_string(shape), " is empty");
  }
  const auto type = reader_.read<uint32_t>();
  const std::optional<DType> dtype = dtype_of(type);
  if (!dtype) reader_.fail_item(Code::unsupported, "element type ", type, " is not supported");
  const auto offset = reader_.read<uint64_t>();
  if (offset % alignment != 0) {
    reader_.fail_item(Code::bad_format, "offset ", offset, " is not a multiple of the alignment ",
                      alignment);
  }
  places_.push_back({offset, tensor_bytes(*dtype, shape, tensor_label(name))});
  gguf_.tensors_.push_back({std::string(name), *dtype, std::move(shape), {}});
}

void GgufReader::place_tensors(uint64_t alignment) {
  if (places_.empty()) return;  // vocabularies may end before the data would begin
  const uint64_t padding = round_up(reader_.position(), alignment) - reader_.position();
  if (padding > reader_.remaining()) {
    fail(Code::bad_format, gguf_.source_, ": ends at byte ", bytes_.size(), ", before the tensors");
  }
  const auto data = bytes_.subspan(reader_.position() + padding);
  for (size_t i = 0; i < places_.size(); ++i) {
    const auto [offset, bytes] = places_[i];
    if (offset > data.size() || bytes > data.size() - offset) {
      fail(Code::bad_format, tensor_label(gguf_.tensors_[i].name), ": ", bytes, " bytes at offset ",
           offset, " do not lie within the ", data.size(), " bytes of data");
    }
    gguf_.tensors_[i].data = data.subspan(offset, bytes);
  }
  refuse_overlaps();
}

void GgufReader::refuse_overlaps() const {
  std::vector<const TensorEntry*> by_offset;
  for (const TensorEntry& tensor : gguf_.tensors_) by_offset.push_back(&tensor);
  std::sort(by_offset.begin(), by_offset.end(),
            [](const auto* a, const auto* b) { return a->data.data() < b->data.data(); });
  for (size_t i = 1; i < by_offset.size(); ++i) {
    const TensorEntry& previous = *by_offset[i - 1];
    if (by_offset[i]->data.data() < previous.data.data() + previous.data.size()) {
      fail(Code::bad_format, tensor_label(by_offset[i]->name), ": overlaps '",
           printable(previous.name), "'");
    }
  }
}

}  // namespace phi::io
