#include <isthmus/core/model.hpp>

#include <iostream>

int main() {
  std::cout << isthmus::shape_text({1, 28, 28}) << "\n";
}
