#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace owl::test {

/// The root of the checkout that the tests were built from.
std::filesystem::path source_dir();
/// A program of this build, such as owlbackup.
std::filesystem::path program(std::string_view name);

/// `./dev test --long`: the tests that take minutes run too, and those that draw from a seed draw more.
bool long_run();
/// OWL_KEEP=1: folders of finished tests stay, and say where they are.
bool keep_files();

/// Whom a PostgreSQL server runs as: nobody else where we aren't root, which PostgreSQL refuses to be.
std::optional<std::string> server_user();
/// Gives `path`, and all below it, to that user: restored data, for one, before a server is started on it.
void give_to_server_user(const std::filesystem::path& path);

}  // namespace owl::test
