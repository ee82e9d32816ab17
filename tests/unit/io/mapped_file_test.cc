#include "io/mapped_file.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <utility>

#include "io_test_support.h"

namespace {

using phi::Code;
using phi::io::MappedFile;
using phi::io::read_text_file;
using phi::test::as_text;
using phi::test::check_fails;
using phi::test::TempDir;
using phi::test::write_in;

TEST_CASE("a file's bytes are there, and stay where they are when the object moves") {
  const TempDir folder;
  MappedFile file(write_in(folder, "a.bin", "some bytes"));
  const std::byte* data = file.bytes().data();
  const MappedFile moved(std::move(file));
  CHECK(as_text(moved.bytes()) == "some bytes");
  CHECK(moved.bytes().data() == data);
  CHECK(moved.path() == folder / "a.bin");
  MappedFile assigned(write_in(folder, "b.bin", "other"));
  assigned = MappedFile(folder / "a.bin");
  CHECK(as_text(assigned.bytes()) == "some bytes");
}

TEST_CASE("an empty file has no bytes") {
  const TempDir folder;
  CHECK(MappedFile(write_in(folder, "empty", "")).bytes().empty());
  CHECK(read_text_file(folder / "empty", 10).empty());
}

TEST_CASE("large files are mapped at a huge page") {
  constexpr size_t kHugePage = size_t{2} << 20;
  const TempDir folder;
  std::string bytes(kHugePage + 4097, 'x');
  bytes.back() = 'y';
  const MappedFile file(write_in(folder, "large", bytes));
  CHECK(reinterpret_cast<uintptr_t>(file.bytes().data()) % kHugePage == 0);
  CHECK(as_text(file.bytes()) == bytes);
}

TEST_CASE("what cannot be mapped is a named error") {
  const TempDir folder;
  const std::string missing = folder / "missing";
  check_fails([&] { MappedFile{missing}; }, Code::not_found, missing);
  check_fails([&] { MappedFile{write_in(folder, "file", "x") + "/below"}; }, Code::not_found,
              "below");
  check_fails([&] { MappedFile{folder.path()}; }, Code::io, "not a regular file");
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  check_fails([&] { MappedFile{folder / "pipe"}; }, Code::io, "not a regular file");
}

TEST_CASE("text files have a limit") {
  const TempDir folder;
  const std::string path = write_in(folder, "text", "12345");
  CHECK(read_text_file(path, 5) == "12345");
  check_fails([&] { read_text_file(path, 4); }, Code::bad_format, "5 bytes");
}

TEST_CASE("file names are the last component") {
  CHECK(phi::io::file_name("/models/phi-4/model.gguf") == "model.gguf");
  CHECK(phi::io::file_name("model.gguf") == "model.gguf");
}

}  // namespace
