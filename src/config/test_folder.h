#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "config/load.h"

namespace owl::config {

/// A folder of its own for each test, with the inputs of `load` pointed at it.
class ConfigTest : public ::testing::Test {
 protected:
  ConfigTest() {
    std::string pattern = ::testing::TempDir() + "owl-config-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    inputs_.working_folder = folder_;
    inputs_.system_folder = folder_ / "etc";
    inputs_.environment = {{"HOME", "/home/owl"}};
  }
  ~ConfigTest() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path write(const std::string& name, const std::string& text) {
    const auto path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  void set(std::string name, std::string value) { inputs_.environment.emplace_back(std::move(name), std::move(value)); }

  Settings load_toml(const std::string& text) {
    write("owlbackup.toml", text);
    return load(inputs_);
  }

  Settings load_env_file(const std::string& text) {
    inputs_.env_file = write("backup.env", text);
    return load(inputs_);
  }

  /// The message of the error that loading ends with; the test's folder is left out of it.
  std::string failure() {
    try {
      load(inputs_);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::config);
      hint_ = error.hint();
      return without_folder(error.what());
    }
    return "nothing failed";
  }
  std::string toml_failure(const std::string& text) {
    write("owlbackup.toml", text);
    return failure();
  }
  std::string env_file_failure(const std::string& text) {
    inputs_.env_file = write("backup.env", text);
    return failure();
  }

  std::string without_folder(std::string text) const {
    const auto folder = folder_.native() + "/";
    for (auto at = text.find(folder); at != std::string::npos; at = text.find(folder)) text.erase(at, folder.size());
    return text;
  }

  std::filesystem::path folder_;
  LoadInputs inputs_;
  std::string hint_;  ///< of the last failure
};

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace owl::config
