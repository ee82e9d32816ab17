"""How the shared library is found, and what is said when it is not."""

import os
import shutil
import subprocess
import sys

import support
from support import PACKAGE, TestCase

LIBRARY = os.environ.get("PHI_LIBRARY", "")


class LibraryTest(TestCase):
    def run_python(self, program, package=PACKAGE, **environment):
        variables = {k: v for k, v in os.environ.items() if k != "PHI_LIBRARY"}
        return subprocess.run(
            [sys.executable, "-B", "-c", program],
            env={**variables, "PYTHONPATH": str(package), **environment},
            capture_output=True,
            text=True,
        )

    def test_an_explicit_path(self):
        result = self.run_python(
            f"import phi; print(phi.load_library({LIBRARY!r}) == {LIBRARY!r}, phi.version())"
        )
        self.assertRegex(result.stdout, r"^True \d+\.\d+", result.stderr)

    def test_the_environment(self):
        result = self.run_python("import phi; print(phi.load_library())", PHI_LIBRARY=LIBRARY)
        self.assertEqual(result.stdout.strip(), LIBRARY, result.stderr)

    def test_beside_the_package(self):
        copy = self.folder / "copy"
        shutil.copytree(PACKAGE / "phi", copy / "phi")
        (copy / "phi/libphi.so.1").symlink_to(LIBRARY)
        result = self.run_python("import phi; print(phi.load_library())", package=copy)
        self.assertEqual(result.stdout.strip(), str(copy / "phi/libphi.so.1"), result.stderr)

    def test_the_system(self):
        (self.folder / "libphi.so.1").symlink_to(LIBRARY)
        result = self.run_python(
            "import phi; print(phi.load_library())", LD_LIBRARY_PATH=str(self.folder)
        )
        self.assertEqual(result.stdout.strip(), "libphi.so.1", result.stderr)

    def test_what_is_wrong_is_said(self):
        result = self.run_python("import phi; phi.version()", PHI_LIBRARY="/no/such/libphi.so")
        self.assertIn("phi.errors.LibraryError: libphi cannot be loaded", result.stderr)
        self.assertIn("/no/such/libphi.so", result.stderr)
        result = self.run_python("import phi; phi.load_library('libc.so.6')")
        self.assertIn("libc.so.6 is too old for this package", result.stderr)
        result = self.run_python(
            f"import phi; phi.load_library({LIBRARY!r}); phi.load_library('other')"
        )
        self.assertIn("is loaded already", result.stderr)

    def test_importing_loads_nothing(self):
        result = self.run_python("import phi; print(phi.Status.OK)", PHI_LIBRARY="/no/such")
        self.assertEqual((result.returncode, result.stderr), (0, ""))


if __name__ == "__main__":
    support.main()
