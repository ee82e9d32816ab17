#include "support/golden_tensors.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "support/test_files.h"

namespace phi::test {

namespace {

template <class T>
std::vector<T> copy_values(const std::string& bytes, size_t begin, size_t end) {
  if (begin > end || end > bytes.size() || (end - begin) % sizeof(T) != 0) {
    throw std::runtime_error("golden tensor outside its file");
  }
  std::vector<T> values((end - begin) / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), bytes.data() + begin, end - begin);
  return values;
}

}  // namespace

GoldenTensors::GoldenTensors(const std::string& path) {
  const std::string bytes = read_file(path);
  uint64_t header_bytes = 0;
  if (bytes.size() < sizeof header_bytes) throw std::runtime_error(path + ": no header");
  std::memcpy(&header_bytes, bytes.data(), sizeof header_bytes);
  const size_t base = sizeof header_bytes + header_bytes;
  const auto header = nlohmann::json::parse(bytes.substr(sizeof header_bytes, header_bytes));
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") continue;
    const std::string dtype = entry.at("dtype");
    const size_t begin = base + entry.at("data_offsets").at(0).get<size_t>();
    const size_t end = base + entry.at("data_offsets").at(1).get<size_t>();
    const auto shape = entry.at("shape").get<std::vector<int64_t>>();
    if (dtype == "I64") {
      const auto wide = copy_values<int64_t>(bytes, begin, end);
      tokens_[name] = std::vector<Token>(wide.begin(), wide.end());
    } else if (dtype == "F32") {
      GoldenMatrix& matrix = matrices_[name];
      matrix.values = copy_values<float>(bytes, begin, end);
      matrix.cols = shape.empty() ? 1 : shape.back();
      matrix.rows = matrix.cols == 0 ? 0 : static_cast<int64_t>(matrix.values.size()) / matrix.cols;
    } else {
      throw std::runtime_error(path + ": " + name + " is " + dtype);
    }
  }
}

bool GoldenTensors::has(const std::string& name) const {
  return matrices_.contains(name) || tokens_.contains(name);
}

const GoldenMatrix& GoldenTensors::matrix(const std::string& name) const {
  const auto found = matrices_.find(name);
  if (found == matrices_.end()) throw std::runtime_error("no golden matrix " + name);
  return found->second;
}

const std::vector<Token>& GoldenTensors::tokens(const std::string& name) const {
  const auto found = tokens_.find(name);
  if (found == tokens_.end()) throw std::runtime_error("no golden tokens " + name);
  return found->second;
}

std::vector<int64_t> GoldenTensors::lengths(const std::string& prefix) const {
  std::vector<int64_t> lengths;
  auto collect = [&](const auto& tensors) {
    for (const auto& [name, value] : tensors) {
      if (name.starts_with(prefix + ".T"))
        lengths.push_back(std::stoll(name.substr(prefix.size() + 2)));
    }
  };
  collect(matrices_);
  collect(tokens_);
  std::sort(lengths.begin(), lengths.end());
  return lengths;
}

}  // namespace phi::test
