#include "guard.h"

#include <cstring>
#include <exception>
#include <new>
#include <stdexcept>

namespace phi::capi {

void copy_text(std::string_view text, char* out, size_t capacity) noexcept {
  size_t bytes = text.size();
  if (bytes >= capacity) {
    bytes = capacity - 1;
    while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  }
  if (bytes > 0) std::memcpy(out, text.data(), bytes);
  out[bytes] = '\0';
}

phi_status report(phi_error* err, phi_status status, std::string_view message) noexcept {
  if (err != nullptr) {
    err->code = status;
    copy_text(message, err->message, sizeof err->message);
  }
  return status;
}

phi_status report_exception(phi_error* err) noexcept {
  try {
    throw;
  } catch (const Error& error) {
    return report(err, static_cast<phi_status>(error.code()), error.what());
  } catch (const std::bad_alloc&) {
    return report(err, PHI_ERR_OUT_OF_MEMORY, "out of memory");
  } catch (const std::length_error&) {
    return report(err, PHI_ERR_OUT_OF_MEMORY,
                  "out of memory: a size is beyond what the system can address");
  } catch (const std::exception& error) {
    return report(err, PHI_ERR_INTERNAL, error.what());
  } catch (...) {
    return report(err, PHI_ERR_INTERNAL, "unknown exception");
  }
}

}  // namespace phi::capi
