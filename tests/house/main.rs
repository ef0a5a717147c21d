// SPDX-License-Identifier: Apache-2.0
//! The rules of the house as tests: each one reads the repository and fails by naming the place.
//! Every rule is a pure function over files and manifests and is shown to bite on a planted violation.

mod absences;
mod coverage;
mod exception_pages;
mod imports;
mod layers;
mod libraries;
mod links;
mod manifests;
mod map;
mod money;
mod naming;
mod portable;
mod size;
mod source;
mod top_level;
mod tree;
