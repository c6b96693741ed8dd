#pragma once

#include <string_view>

namespace owl::postgres {

/// Would a server with this synchronous_standby_names count a receiver of that application_name among its synchronous
/// standbys (syncrep_gram.y: a list, perhaps inside FIRST n (…) or ANY n (…); "*" is everybody; letter case doesn't
/// matter)? Text that is not built like that is answered with yes: the one to be careful about.
bool names_synchronous_standby(std::string_view setting, std::string_view application_name);

}  // namespace owl::postgres
