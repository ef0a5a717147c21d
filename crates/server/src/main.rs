// SPDX-License-Identifier: Apache-2.0
//! The binary `revbridge`.

fn main() -> std::process::ExitCode {
    server::command::main()
}
