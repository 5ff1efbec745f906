#pragma once
// Batch personalisation: one package a row of a CSV file.
#include <string>

namespace halyard::cli {

struct BatchArguments {
    std::string file, csv, out, report;
    bool strict = false, overwrite = false, any_check_digit = false, json = false, quiet = false;
};

/// Runs the batch; the exit status.
int personalise_batch(const BatchArguments&);

} // namespace halyard::cli
