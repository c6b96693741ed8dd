#pragma once

#include <string>
#include <string_view>

namespace owl::postgres {

/// What to grant when PostgreSQL refused `sql` to `role` for lack of rights (SQLSTATE 42501). Its own message is in the
/// server's language, so the statement tells.
std::string hint_for_missing_right(std::string_view sql, std::string_view role);

}  // namespace owl::postgres
