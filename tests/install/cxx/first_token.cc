// Prints the token that a model goes on with after the tokens 1 2 3.
#include <phi/error.h>
#include <phi/model.h>
#include <phi/session.h>

#include <array>
#include <iostream>

int main(int argc, char** argv) try {
  const phi::Model model = phi::Model::open(argc > 1 ? argv[1] : "");
  phi::Session session(model, {.context = 16});
  session.append(std::array<phi::Token, 3>{1, 2, 3});
  std::cout << session.next().token << "\n";
} catch (const phi::Error& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
