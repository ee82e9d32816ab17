// Prints the version of the library that runs, if it is the one that this was compiled for.
#include <phi.h>
#include <phi/version.h>

#include <iostream>
#include <string_view>

int main() {
  if (std::string_view(phi_version_string()) != PHI_VERSION) return 1;
  std::cout << phi_version_string() << "\n";
}
