// SPDX-License-Identifier: Apache-2.0

//! [`Config`]: the configuration of a build script, and the compilation of definitions to a file.

use std::fs;
use std::path::{Path, PathBuf};

use kalamtable_codegen::CodegenOptions;
use kalamtable_model::{
    AnyRule, CheckedTable, Diagnostic, LockRule, ReleaseContext, SchemaLock, Severity, Sources,
    TableDefinition, TableName, check_lock, sort_diagnostics,
};
use proc_macro2::TokenStream;
use syn::parse::Parser;

use crate::error::{Error, message};
use crate::load::{LoadedDefinitions, load_providing};
use crate::lock_file::{lock_path, read_lock, today};

/// The configuration of a build script.
///
/// [`compile`] covers the common case. `Config` is for a crate that chooses more than a folder:
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
    provides_system_tables: bool,
    is_locked: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

impl Config {
    /// Creates a configuration without definitions, with the output file `kalamtable.rs` and the
    /// runtime `::kalamtable`.
    pub fn new() -> Self {
        Config {
            schemas: Vec::new(),
            output: "kalamtable.rs".to_string(),
            runtime: "::kalamtable".to_string(),
            row_attributes: Vec::new(),
            column_types: Vec::new(),
            provides_system_tables: false,
            is_locked: false,
        }
    }

    /// Adds definitions. Can be called several times.
    ///
    /// # Arguments
    /// `path` is a folder, whose `*.toml` files are read recursively, or a single file. A relative
    /// path starts at the folder of the package's `Cargo.toml`.
    #[must_use]
    pub fn schemas(mut self, path: impl AsRef<Path>) -> Self {
        self.schemas.push(path.as_ref().to_path_buf());
        self
    }

    /// Sets the name of the generated file, which is `kalamtable.rs` by default.
    ///
    /// # Arguments
    /// `file_name` is relative to `OUT_DIR`. The crate includes the file with
    /// `kalamtable::include_tables!("tables.rs")`.
    #[must_use]
    pub fn output(mut self, file_name: impl Into<String>) -> Self {
        self.output = file_name.into();
        self
    }

    /// Sets the crate that the generated code uses, which is `::kalamtable` by default.
    ///
    /// # Arguments
    /// `path` is the Rust path of the crate `kalamtable`, of a crate that re-exports it, or of
    /// `kalamtable_rows`.
    #[must_use]
    pub fn runtime(mut self, path: impl Into<String>) -> Self {
        self.runtime = path.into();
        self
    }

    /// Adds attributes to the row type of a table. Can be called several times per table.
    ///
    /// The row type derives `Clone`, `Debug` and `PartialEq` without being asked to.
    ///
    /// # Arguments
    /// - `table` is the name of the table, `namespace.table`.
    /// - `attribute` consists of one or more attributes, for example `#[derive(Eq, Hash)]`.
    #[must_use]
    pub fn row_attribute(mut self, table: impl Into<String>, attribute: impl Into<String>) -> Self {
        self.row_attributes.push((table.into(), attribute.into()));
        self
    }

    /// Sets the Rust type of a column's values.
    ///
    /// # Arguments
    /// - `column` is the name of the column, `namespace.table.column`.
    /// - `ty` is a type that exists and implements `kalamtable::OwnedValue`, without `Option`. The
    ///   generated module names it, so its path begins with `crate::` or `::`.
    #[must_use]
    pub fn column_type(mut self, column: impl Into<String>, ty: impl Into<String>) -> Self {
        self.column_types.push((column.into(), ty.into()));
        self
    }

    /// Sets whether the definitions are compared with the released versions in the lock, which is
    /// off by default.
    ///
    /// The lock is the file `schemas.lock` in the folder of definitions, or in the first one if
    /// there are several. `kalamtable lock` writes it. A change that breaks users at a level of the
    /// lock and is not accepted there is an error, and so is a missing or damaged lock. A version
    /// that is not in the lock is a warning, so that a change can be tested before it is locked.
    ///
    /// Acknowledgments expire with the version of the package that is built. An acknowledgment that
    /// expired on a day is a warning, so that a commit can be built later. The environment variable
    /// `SOURCE_DATE_EPOCH` replaces the current date.
    #[must_use]
    pub fn locked(mut self, is_locked: bool) -> Self {
        self.is_locked = is_locked;
        self
    }

    /// Accepts definitions with the names of system tables: for the crate that provides them.
    #[doc(hidden)]
    #[must_use]
    pub fn provide_system_tables(mut self) -> Self {
        self.provides_system_tables = true;
        self
    }

    /// Compiles the definitions to a file in `OUT_DIR`. Called by `main` of a build script.
    ///
    /// Each warning about a definition becomes a `cargo::warning` line.
    ///
    /// # Errors
    /// Any error fails the build: each one becomes a `cargo::error` line, which has the path, line
    /// and column of a problem in a definition. [`try_compile`](Self::try_compile) returns errors
    /// instead.
    pub fn compile(&self) {
        let Some(out_dir) = std::env::var_os("OUT_DIR") else {
            println!("cargo::error=OUT_DIR is not set: call this function from a build script");
            return;
        };
        if self.is_locked {
            println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");
        }
        match self.try_compile(Path::new(&out_dir)) {
            Ok(compiled) => {
                for path in &compiled.inputs {
                    println!("cargo::rerun-if-changed={}", path.display());
                }
                for warning in &compiled.warnings {
                    println!("cargo::warning={warning}");
                }
            }
            Err(error) => {
                // The edit that corrects the definition must run the build script again.
                for path in self.schemas.iter().chain(self.lock_path().as_ref()) {
                    println!("cargo::rerun-if-changed={}", path.display());
                }
                for message in error.messages() {
                    println!("cargo::error={message}");
                }
            }
        }
    }

    /// Compiles the definitions to a file in `folder`, and prints nothing.
    ///
    /// The file is written only if its content changes.
    ///
    /// # Errors
    /// - [`Error::Definitions`] if a file cannot be read, a definition is invalid, or a change is
    ///   not accepted by the [lock](Self::locked).
    /// - [`Error::UnknownTable`] or [`Error::UnknownColumn`] if the configuration names a table or
    ///   a column that does not exist.
    /// - [`Error::Invalid`] if a value of the configuration is not valid Rust.
    /// - [`Error::Write`] if the generated file cannot be written.
    pub fn try_compile(&self, folder: &Path) -> Result<Compiled, Error> {
        let LoadedDefinitions {
            mut sources,
            tables,
            diagnostics,
            mut warnings,
            mut inputs,
        } = load_providing(&self.schemas, |_| self.provides_system_tables);
        if !diagnostics.is_empty() {
            return Err(Error::Definitions {
                sources,
                diagnostics,
            });
        }
        let mut lock = None;
        if let Some(path) = self.lock_path() {
            match read_checked_lock(&path, &tables, &mut sources) {
                Ok((checked, others)) => {
                    lock = Some(checked);
                    warnings.extend(others);
                }
                Err(diagnostics) => {
                    return Err(Error::Definitions {
                        sources,
                        diagnostics,
                    });
                }
            }
            inputs.push(path);
        }
        let definitions: Vec<&TableDefinition> =
            tables.iter().map(|table| &table.definition).collect();
        let mut options = self.options(&definitions)?;
        add_variants(&mut options, &tables);
        add_earlier_names(&mut options, &tables, lock.as_ref());
        let text = generate(&definitions, &options)?;
        let file = folder.join(&self.output);
        write_if_changed(&file, &text)?;
        let warnings = warnings.iter().map(|warning| message(warning, &sources));
        Ok(Compiled {
            file,
            tables: definitions.len(),
            warnings: warnings.collect(),
            inputs,
        })
    }

    /// Returns the path of the lock, or `None` if the definitions are not compared with it.
    fn lock_path(&self) -> Option<PathBuf> {
        let first = self.schemas.first().filter(|_| self.is_locked);
        first.map(|schemas| lock_path(schemas))
    }

    /// Returns the options of the code generator.
    ///
    /// # Errors
    /// If the configuration names a table or a column that does not exist, or is not valid Rust.
    fn options(&self, definitions: &[&TableDefinition]) -> Result<CodegenOptions, Error> {
        let mut options = CodegenOptions {
            runtime: parse::<syn::Path>("runtime", &self.runtime)?,
            ..CodegenOptions::default()
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
                    syn::Attribute::parse_outer.parse2(tokens.clone()).is_ok()
                })
                .ok_or_else(|| Error::invalid("row_attribute", attribute))?;
            let attributes = options.row_attributes.entry(name.clone()).or_default();
            attributes.push(tokens);
        }
        for (name, ty) in &self.column_types {
            let column = name
                .rsplit_once('.')
                .and_then(|(name, column)| table(name)?.column(column));
            if column.is_none() {
                return Err(Error::UnknownColumn(name.clone()));
            }
            let ty = parse::<syn::Type>("column_type", ty)?;
            options.column_types.insert(name.clone(), ty);
        }
        Ok(options)
    }
}

/// The result of [`Config::try_compile`].
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The generated file.
    pub file: PathBuf,
    /// The number of tables in it.
    pub tables: usize,
    /// The warnings about the definitions, each on a single line.
    pub warnings: Vec<String>,
    /// The folders and files that were read, for `rerun-if-changed`.
    pub inputs: Vec<PathBuf>,
}

/// Compiles the definitions in the folder `schemas` to `kalamtable.rs` in `OUT_DIR`. Called by
/// `main` of a build script.
///
/// The crate includes the file with `kalamtable::include_tables!()`. See the [crate
/// documentation](crate) for an example.
///
/// # Errors
/// Any error fails the build, as in [`Config::compile`].
pub fn compile(schemas: impl AsRef<Path>) {
    Config::new().schemas(schemas).compile();
}

/// Returns the text that a build script with the default configuration generates.
///
/// # Errors
/// [`Error::Generated`] if the generated code does not parse.
pub fn generate_tables(tables: &[CheckedTable]) -> Result<String, Error> {
    let mut options = CodegenOptions::default();
    add_variants(&mut options, tables);
    add_earlier_names(&mut options, tables, None);
    let definitions: Vec<&TableDefinition> = tables.iter().map(|table| &table.definition).collect();
    generate(&definitions, &options)
}

/// Adds the names of variants that the definitions state.
fn add_variants(options: &mut CodegenOptions, tables: &[CheckedTable]) {
    for table in tables {
        let name = table.definition.name();
        let variants = table.variants.iter();
        let variants = variants.map(|(column, names)| (format!("{name}.{column}"), names.clone()));
        options.variants.extend(variants);
    }
}

/// Adds the names that each table had before it was renamed: the one that its definition states,
/// and those in the lock, because a definition can omit the rename once it is locked.
fn add_earlier_names(
    options: &mut CodegenOptions,
    tables: &[CheckedTable],
    lock: Option<&SchemaLock>,
) {
    for table in tables {
        let current = table.definition.name();
        let locked = lock.and_then(|lock| lock.history_of(table));
        let in_lock = locked.into_iter().flat_map(|locked| {
            let latest = std::iter::once(locked.name().clone());
            latest.chain(locked.earlier_names())
        });
        let mut names: Vec<TableName> = Vec::new();
        for name in table.renames.table.clone().into_iter().chain(in_lock) {
            if name != *current && !names.contains(&name) {
                names.push(name);
            }
        }
        if !names.is_empty() {
            options.earlier_names.insert(current.to_string(), names);
        }
    }
}

/// Reads the lock, and compares the tables with it. Returns the lock and the warnings.
///
/// # Errors
/// The errors of the lock or of the tables.
fn read_checked_lock(
    path: &Path,
    tables: &[CheckedTable],
    sources: &mut Sources,
) -> Result<(SchemaLock, Vec<Diagnostic>), Vec<Diagnostic>> {
    let lock = read_lock(path, sources)?;
    let mut problems = check_lock(tables, &lock, &release_context(today()));
    let is_expired = |problem: &Diagnostic| problem.rule == AnyRule::Lock(LockRule::AcceptExpired);
    // A commit that can be built once can be built at any later date.
    let expired_at_any_date = match problems.iter().any(is_expired) {
        true => check_lock(tables, &lock, &release_context(i64::MIN)),
        false => Vec::new(),
    };
    for problem in &mut problems {
        // Versions are locked when they are released, and built before.
        let is_not_locked = problem.rule == AnyRule::Lock(LockRule::NotLocked);
        if is_not_locked || is_expired(problem) && !expired_at_any_date.contains(problem) {
            problem.severity = Severity::Warning;
        }
    }
    sort_diagnostics(&mut problems, sources);
    let is_error = |problem: &Diagnostic| problem.severity == Severity::Error;
    let (errors, warnings): (Vec<_>, Vec<_>) = problems.into_iter().partition(is_error);
    match errors.is_empty() {
        true => Ok((lock, warnings)),
        false => Err(errors),
    }
}

/// Returns the context with the version of the package that is built.
fn release_context(today: i64) -> ReleaseContext {
    let context = ReleaseContext::new(today);
    // Cargo sets the variable for build scripts, and accepts only valid versions.
    match std::env::var("CARGO_PKG_VERSION") {
        Ok(release) => context.clone().with_release(&release).unwrap_or(context),
        Err(_) => context,
    }
}

/// Returns the text of the generated file.
///
/// # Errors
/// [`Error::Generated`] if the generated code does not parse.
pub fn generate(
    definitions: &[&TableDefinition],
    options: &CodegenOptions,
) -> Result<String, Error> {
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

/// Writes the file unless it has this content: its timestamp makes cargo and IDEs build again.
fn write_if_changed(file: &Path, text: &str) -> Result<(), Error> {
    if fs::read(file).is_ok_and(|current| current == text.as_bytes()) {
        return Ok(());
    }
    fs::write(file, text).map_err(|source| Error::Write {
        file: file.to_path_buf(),
        source,
    })
}

/// Returns the tokens of `text` if it parses as `T`.
fn parse<T: syn::parse::Parse + quote::ToTokens>(
    option: &'static str,
    text: &str,
) -> Result<TokenStream, Error> {
    syn::parse_str::<T>(text)
        .map(|parsed| parsed.into_token_stream())
        .map_err(|_| Error::invalid(option, text))
}
