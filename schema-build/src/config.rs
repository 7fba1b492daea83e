// SPDX-License-Identifier: Apache-2.0

//! [`Config`]: what a build script may choose, and the way from a folder of TOML to a file of Rust.

use std::fs;
use std::path::{Path, PathBuf};

use kalamtable_codegen::Options;
use kalamtable_model::TableDefinition;
use proc_macro2::TokenStream;

use crate::{Error, Loaded, load};

/// What a build script may choose.
///
/// ```no_run
/// kalamtable_build::Config::new()
///     .schemas("schemas")
///     .row_attribute("app.events", "#[derive(Eq, Hash)]")
///     .column_type("app.events.payload", "crate::Payload")
///     .compile();
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    schemas: Vec<PathBuf>,
    output: String,
    runtime: String,
    row_attributes: Vec<(String, String)>,
    column_types: Vec<(String, String)>,
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

impl Config {
    /// No folder yet, output `kalamtable.rs`, runtime `::kalamtable`.
    pub fn new() -> Self {
        Config {
            schemas: Vec::new(),
            output: "kalamtable.rs".to_string(),
            runtime: "::kalamtable".to_string(),
            row_attributes: Vec::new(),
            column_types: Vec::new(),
        }
    }

    /// Adds a folder of definitions, or one file; relative to the package's root.
    #[must_use]
    pub fn schemas(mut self, path: impl AsRef<Path>) -> Self {
        self.schemas.push(path.as_ref().to_path_buf());
        self
    }

    /// The name of the generated file in `OUT_DIR`.
    #[must_use]
    pub fn output(mut self, file_name: impl Into<String>) -> Self {
        self.output = file_name.into();
        self
    }

    /// The path of the runtime: `::kalamtable`, or what the crate is called where it is renamed.
    #[must_use]
    pub fn runtime(mut self, path: impl Into<String>) -> Self {
        self.runtime = path.into();
        self
    }

    /// Adds attributes to the row type of `table`, which is `namespace.table`.
    ///
    /// The type derives `Clone`, `Debug` and `PartialEq` already.
    #[must_use]
    pub fn row_attribute(mut self, table: impl Into<String>, attribute: impl Into<String>) -> Self {
        self.row_attributes.push((table.into(), attribute.into()));
        self
    }

    /// Sets the Rust type of `column`, which is `namespace.table.column`: one that exists, and
    /// implements `kalamtable::Value`.
    ///
    /// It is named from inside the generated module: begin with `crate::` or `::`.
    #[must_use]
    pub fn column_type(mut self, column: impl Into<String>, ty: impl Into<String>) -> Self {
        self.column_types.push((column.into(), ty.into()));
        self
    }

    /// Generates the file in `OUT_DIR`; for a build script's `main`.
    ///
    /// Problems are reported to cargo, each with path, line and column, and fail the build.
    pub fn compile(&self) {
        let Some(out_dir) = std::env::var_os("OUT_DIR") else {
            println!("cargo::error=OUT_DIR is not set: call this from a build script");
            return;
        };
        match self.try_compile(Path::new(&out_dir)) {
            Ok(compiled) => {
                for path in &compiled.inputs {
                    println!("cargo::rerun-if-changed={}", path.display());
                }
            }
            Err(error) => {
                // Also after a failure: the next run must see the edit that mends it.
                for path in &self.schemas {
                    println!("cargo::rerun-if-changed={}", path.display());
                }
                for message in error.messages() {
                    println!("cargo::error={message}");
                }
            }
        }
    }

    /// Generates the file in `folder`, and reports nothing to anybody.
    ///
    /// # Errors
    /// If a definition has a problem, if something in this configuration names what there is not,
    /// or if the file can't be written.
    pub fn try_compile(&self, folder: &Path) -> Result<Compiled, Error> {
        let Loaded {
            sources,
            tables,
            diagnostics,
            inputs,
        } = load(&self.schemas);
        if !diagnostics.is_empty() {
            return Err(Error::Definitions {
                sources,
                diagnostics,
            });
        }
        let definitions: Vec<&TableDefinition> =
            tables.iter().map(|table| &table.definition).collect();
        let text = generate(&definitions, &self.options(&definitions)?)?;
        let file = folder.join(&self.output);
        write_if_changed(&file, &text)?;
        Ok(Compiled {
            file,
            tables: definitions.len(),
            inputs,
        })
    }

    /// The code generator's options; everything that is named must be there.
    fn options(&self, definitions: &[&TableDefinition]) -> Result<Options, Error> {
        let mut options = Options {
            runtime: parse::<syn::Path>("runtime", &self.runtime)?,
            ..Options::default()
        };
        let table = |name: &str| {
            let mut tables = definitions.iter();
            tables.find(|table| table.name().to_string() == name)
        };
        for (name, attribute) in &self.row_attributes {
            if table(name).is_none() {
                return Err(Error::UnknownTable(name.clone()));
            }
            let tokens = attribute
                .parse()
                .ok()
                .filter(|tokens: &TokenStream| {
                    use syn::parse::Parser;
                    syn::Attribute::parse_outer.parse2(tokens.clone()).is_ok()
                })
                .ok_or_else(|| Error::invalid("row_attribute", attribute))?;
            let attributes = options.row_attributes.entry(name.clone()).or_default();
            attributes.push(tokens);
        }
        for (name, ty) in &self.column_types {
            let known = name
                .rsplit_once('.')
                .and_then(|(name, column)| table(name)?.column(column));
            if known.is_none() {
                return Err(Error::UnknownColumn(name.clone()));
            }
            let ty = parse::<syn::Type>("column_type", ty)?;
            options.column_types.insert(name.clone(), ty);
        }
        Ok(options)
    }
}

/// What [`Config::try_compile`] did.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The generated file.
    pub file: PathBuf,
    /// How many tables are in it.
    pub tables: usize,
    /// The folders and files that were read.
    pub inputs: Vec<PathBuf>,
}

/// Compiles the definitions in `schemas`, a folder, into `OUT_DIR/kalamtable.rs`; for a build
/// script's `main`. The crate takes it in with `kalamtable::include_tables!()`.
///
/// Problems are reported to cargo, each with path, line and column, and fail the build.
pub fn compile(schemas: impl AsRef<Path>) {
    Config::new().schemas(schemas).compile();
}

/// The text of the generated file.
///
/// # Errors
/// If the generator made something that is no Rust: a bug of ours, or a `rust = ".."` path.
pub fn generate(definitions: &[&TableDefinition], options: &Options) -> Result<String, Error> {
    let tokens = kalamtable_codegen::tables(definitions.iter().copied(), options);
    let file = syn::parse2(tokens.clone()).map_err(|source| Error::Generated {
        source,
        output: tokens.to_string(),
    })?;
    let code = prettyplease::unparse(&file);
    Ok(format!(
        "// @generated by kalamtable-build, do not edit.\n\n{code}"
    ))
}

/// A build script that writes what is there already makes IDEs and cargo build in a loop.
fn write_if_changed(file: &Path, text: &str) -> Result<(), Error> {
    if fs::read(file).is_ok_and(|present| present == text.as_bytes()) {
        return Ok(());
    }
    fs::write(file, text).map_err(|source| Error::Write {
        file: file.to_path_buf(),
        source,
    })
}

/// `text` as tokens, if it is a `T`.
fn parse<T: syn::parse::Parse + quote::ToTokens>(
    option: &'static str,
    text: &str,
) -> Result<TokenStream, Error> {
    syn::parse_str::<T>(text)
        .map(|parsed| parsed.into_token_stream())
        .map_err(|_| Error::invalid(option, text))
}
