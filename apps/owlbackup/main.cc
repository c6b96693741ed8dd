#include "app/command.h"

int main(int argc, char** argv) {
  return owl::app::run_program(argc, argv);
}
