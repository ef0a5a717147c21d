// SPDX-License-Identifier: Apache-2.0
//! The binary `revbridge`.

/// Requests and batches allocate much and briefly, in many threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    server::command::main()
}
