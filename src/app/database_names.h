#pragma once

#include <string>

#include "app/invocation.h"
#include "cluster/table_scope.h"

namespace owl::app {

/// "public.orders", or "orders" for the same.
cluster::TableName parse_table_name(const std::string& text);

/// [postgres] connection, and of its server another database where one is named. Throws Error(usage) where that can't
/// be put in.
std::string connection_to(Invocation& in, const std::string& database);

}  // namespace owl::app
