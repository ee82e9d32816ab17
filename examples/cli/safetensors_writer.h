/// Writes tensors as one safetensors file, in order and piece by piece, so that none need be in
/// memory as a whole.
#ifndef PHI_CLI_SAFETENSORS_WRITER_H_
#define PHI_CLI_SAFETENSORS_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <span>
#include <string>
#include <vector>

namespace phi::cli {

struct TensorSpec {
  std::string name;
  std::string dtype;  ///< as safetensors spells it: "F32", "I64"
  std::vector<uint64_t> shape;
  uint64_t element_bytes;
};

/// The file appears under its name at finish(); without it nothing is left behind. All errors are
/// Error{io} with the path.
class SafetensorsWriter {
 public:
  SafetensorsWriter(std::string path, const std::vector<TensorSpec>& tensors);
  ~SafetensorsWriter();
  SafetensorsWriter(const SafetensorsWriter&) = delete;
  SafetensorsWriter& operator=(const SafetensorsWriter&) = delete;

  /// The next bytes of the data, little-endian, tensor after tensor.
  void write(std::span<const std::byte> bytes);

  /// Error{internal} unless exactly the announced number of bytes was written.
  void finish();

 private:
  std::string path_, partial_path_;
  std::ofstream file_;
  uint64_t missing_bytes_ = 0;
};

}  // namespace phi::cli

#endif  // PHI_CLI_SAFETENSORS_WRITER_H_
