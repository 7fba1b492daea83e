// SPDX-License-Identifier: Apache-2.0

//! The dependencies between the files of a crate, as far as their paths show them.
//!
//! A path that starts with `crate`, `self`, `super`, a child module or an imported module is
//! resolved to the file that defines its item, through re-exports. Method calls and macros in
//! textual scope are not seen.

use std::collections::{BTreeMap, BTreeSet};

use crate::code::{self, Token, is_identifier};
use crate::sources::File;

/// A dependency of one file on another.
#[derive(Debug)]
pub(crate) struct Arrow {
    pub(crate) from: String,
    pub(crate) line: usize,
    pub(crate) to: String,
    /// The path as it is written, without generics.
    pub(crate) path: String,
}

/// The modules of one crate that have a file each.
struct Crate<'a> {
    modules: Vec<Module<'a>>,
}

struct Module<'a> {
    file: &'a str,
    /// The path from the crate root; empty for the root.
    path: Vec<String>,
    children: BTreeMap<String, usize>,
    /// The modules that are written inside the file.
    inline: BTreeSet<String>,
    defined: BTreeSet<String>,
    imports: Vec<Import>,
    /// Paths outside of imports.
    paths: Vec<Written>,
    /// The identifiers outside of imports.
    mentioned: BTreeSet<String>,
}

/// A path as it is written, and the module that it is relative to.
struct Written {
    line: usize,
    base: Vec<String>,
    segments: Vec<String>,
}

struct Import {
    written: Written,
    /// The name in scope, or `*`.
    name: String,
    is_public: bool,
}

/// The result of following a path.
#[derive(Clone, Copy, PartialEq)]
enum Target {
    /// The file that defines the item.
    Item(usize),
    Module(usize),
    /// Another crate, or a module that a macro generates.
    Elsewhere,
}

/// Returns the dependencies between the files of a crate.
///
/// `files` are those below its `src/`, whose path is `folder`. The crate root is `lib.rs` if
/// there is one, and `main.rs` otherwise.
pub(crate) fn arrows(folder: &str, files: &[&File]) -> Vec<Arrow> {
    let tree = Crate::new(folder, files);
    let mut arrows = Vec::new();
    for (index, module) in tree.modules.iter().enumerate() {
        let mut add = |written: &Written, target: Option<Target>| {
            if let Some(Target::Item(to)) = target
                && to != index
            {
                arrows.push(Arrow {
                    from: module.file.to_string(),
                    line: written.line,
                    to: tree.modules[to].file.to_string(),
                    path: written.segments.join("::"),
                });
            }
        };
        for import in &module.imports {
            let target = tree.follow_written(index, &import.written);
            let is_glob = import.name == "*";
            // A re-export is a part of the interface of the module, like the declaration of a
            // child. It is a dependency only if the module uses the name itself.
            let is_used = !import.is_public || module.mentioned.contains(&import.name);
            match target {
                Some(Target::Module(to)) if is_glob && !import.is_public => {
                    add(&import.written, Some(Target::Item(to)));
                }
                // Paths through the imported module are resolved where they are used.
                Some(Target::Module(_)) => {}
                _ if is_used => add(&import.written, target),
                _ => {}
            }
        }
        for written in &module.paths {
            add(written, tree.follow_written(index, written));
        }
    }
    arrows
}

/// Returns each path of a file outside of its tests, imported or not, with its line.
pub(crate) fn paths(file: &File) -> Vec<(usize, String)> {
    let module = Module::new(
        &file.path,
        &[],
        &code::without_tests(&code::tokens(&file.text)),
    );
    let imports = module.imports.iter().map(|import| &import.written);
    let written = imports.chain(&module.paths);
    written
        .map(|written| (written.line, written.segments.join("::")))
        .collect()
}

impl<'a> Crate<'a> {
    fn new(folder: &str, files: &[&'a File]) -> Crate<'a> {
        let has_library = files
            .iter()
            .any(|file| file.path == format!("{folder}lib.rs"));
        let root = if has_library { "lib.rs" } else { "main.rs" };
        let sources: Vec<(&File, Vec<String>, Vec<Token>)> = files
            .iter()
            .filter(|file| !has_library || file.path != format!("{folder}main.rs"))
            .map(|file| {
                let below = file.path.strip_prefix(folder).unwrap_or(&file.path);
                let path = match below.strip_suffix(".rs").unwrap_or(below) {
                    _ if below == root => Vec::new(),
                    stem => stem.split('/').map(str::to_string).collect(),
                };
                (*file, path, code::tokens(&file.text))
            })
            .collect();
        let tests: Vec<Vec<String>> = sources
            .iter()
            .flat_map(|(_, path, tokens)| {
                code::test_modules(tokens)
                    .into_iter()
                    .map(|name| [path.clone(), vec![name]].concat())
            })
            .collect();
        let mut modules: Vec<Module<'a>> = sources
            .iter()
            .filter(|(_, path, _)| !tests.iter().any(|test| path.starts_with(test)))
            .map(|(file, path, tokens)| Module::new(&file.path, path, &code::without_tests(tokens)))
            .collect();
        let paths: Vec<Vec<String>> = modules.iter().map(|module| module.path.clone()).collect();
        for (child, path) in paths.iter().enumerate() {
            if let Some((name, parent)) = path.split_last()
                && let Some(parent) = paths.iter().position(|path| path == parent)
            {
                modules[parent].children.insert(name.clone(), child);
            }
        }
        Crate { modules }
    }

    fn follow_written(&self, from: usize, written: &Written) -> Option<Target> {
        self.follow(self.root()?, &self.absolute(from, written)?, 0)
    }

    /// Returns the path from the crate root; `None` for a path into another crate.
    fn absolute(&self, from: usize, written: &Written) -> Option<Vec<String>> {
        let mut base = written.base.clone();
        let mut segments = written.segments.as_slice();
        let module = &self.modules[from];
        match segments.first().map(String::as_str)? {
            "crate" => base.clear(),
            "self" | "super" => {
                while let Some(first @ ("self" | "super")) = segments.first().map(String::as_str) {
                    if first == "super" {
                        base.pop()?;
                    }
                    segments = &segments[1..];
                }
                return Some([&base, segments].concat());
            }
            first if module.children.contains_key(first) || module.inline.contains(first) => {
                return Some([&base, segments].concat());
            }
            first => {
                let import = module
                    .imports
                    .iter()
                    .find(|import| import.name == first && import.written.segments[0] != first)?;
                let path = self.absolute(from, &import.written)?;
                return Some([&path, &segments[1..]].concat());
            }
        }
        Some(segments[1..].to_vec())
    }

    /// Follows a path from a module to the file that defines its item; `None` if there are too
    /// many re-exports to follow, because two globs may import each other.
    fn follow(&self, module: usize, path: &[String], depth: usize) -> Option<Target> {
        if depth > 16 {
            return None;
        }
        let Some((first, rest)) = path.split_first() else {
            return Some(Target::Module(module));
        };
        let found = &self.modules[module];
        if let Some(child) = found.children.get(first) {
            return self.follow(*child, rest, depth);
        }
        if found.inline.contains(first) {
            return self.follow(module, rest, depth);
        }
        if found.defined.contains(first) {
            return Some(Target::Item(module));
        }
        if let Some(import) = found.imports.iter().find(|import| import.name == *first) {
            return self.follow_import(module, import, rest, depth);
        }
        let globs = found.imports.iter().filter(|import| import.name == "*");
        let through_globs = globs.filter_map(|glob| self.follow_import(module, glob, path, depth));
        let found_in_file = through_globs
            .into_iter()
            .find(|target| *target != Target::Elsewhere);
        // A macro may define the item. The root has the re-exports of other crates.
        if found_in_file.is_some() {
            return found_in_file;
        }
        let is_elsewhere = found.path.is_empty() || !rest.is_empty();
        Some(if is_elsewhere {
            Target::Elsewhere
        } else {
            Target::Item(module)
        })
    }

    fn follow_import(
        &self,
        module: usize,
        import: &Import,
        rest: &[String],
        depth: usize,
    ) -> Option<Target> {
        let Some(path) = self.absolute(module, &import.written) else {
            return Some(Target::Elsewhere);
        };
        self.follow(self.root()?, &[path.as_slice(), rest].concat(), depth + 1)
    }

    fn root(&self) -> Option<usize> {
        self.modules
            .iter()
            .position(|module| module.path.is_empty())
    }
}

impl<'a> Module<'a> {
    fn new(file: &'a str, path: &[String], tokens: &[Token]) -> Module<'a> {
        let mut module = Module {
            file,
            path: path.to_vec(),
            children: BTreeMap::new(),
            inline: BTreeSet::new(),
            defined: BTreeSet::new(),
            imports: Vec::new(),
            paths: Vec::new(),
            mentioned: BTreeSet::new(),
        };
        module.read(tokens);
        module
    }

    fn read(&mut self, tokens: &[Token]) {
        let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
        // For each pair of braces, the name of the inline module that it belongs to.
        let mut scopes: Vec<Option<String>> = Vec::new();
        let mut opens_module = None;
        let mut at = 0;
        while at < tokens.len() {
            let before = if at > 0 { text(at - 1) } else { "" };
            let is_item = scopes.iter().all(Option::is_some);
            match text(at) {
                "{" => scopes.push(opens_module.take()),
                "}" => {
                    scopes.pop();
                }
                "use" if text(at + 1) != "<" => {
                    let end = (at..tokens.len())
                        .find(|at| text(*at) == ";")
                        .unwrap_or(tokens.len());
                    let base = self.base(&scopes);
                    let is_public = before == "pub" || before == ")";
                    for (line, segments, name) in use_tree(&tokens[at + 1..end]) {
                        let written = Written {
                            line,
                            base: base.clone(),
                            segments,
                        };
                        self.imports.push(Import {
                            written,
                            name,
                            is_public,
                        });
                    }
                    at = end;
                }
                "mod" if text(at + 2) == "{" => {
                    self.inline.insert(text(at + 1).to_string());
                    opens_module = Some(text(at + 1).to_string());
                }
                // The declaration of a child does not use the name.
                "mod" => at += 1,
                "macro_rules" => {
                    self.defined.insert(text(at + 2).to_string());
                }
                "struct" | "enum" | "union" | "trait" | "type" | "fn" | "const" | "static"
                    if is_item =>
                {
                    self.defined.insert(text(at + 1).to_string());
                }
                first if is_identifier(first) && !matches!(before, "::" | "." | "in") => {
                    let mut segments = vec![first.to_string()];
                    while text(at + 1) == "::" && is_identifier(text(at + 2)) {
                        segments.push(text(at + 2).to_string());
                        at += 2;
                    }
                    self.mentioned.insert(first.to_string());
                    if segments.len() > 1 {
                        let (line, base) = (tokens[at].line, self.base(&scopes));
                        self.paths.push(Written {
                            line,
                            base,
                            segments,
                        });
                    }
                }
                _ => {}
            }
            at += 1;
        }
    }

    fn base(&self, scopes: &[Option<String>]) -> Vec<String> {
        self.path
            .iter()
            .chain(scopes.iter().flatten())
            .cloned()
            .collect()
    }
}

/// Expands a use tree to the line, segments and name in scope of each import.
fn use_tree(tokens: &[Token]) -> Vec<(usize, Vec<String>, String)> {
    let mut found = Vec::new();
    expand(tokens, &[], &mut found);
    found
}

fn expand(tokens: &[Token], prefix: &[String], found: &mut Vec<(usize, Vec<String>, String)>) {
    let mut segments = prefix.to_vec();
    let mut alias = None;
    let mut at = 0;
    while at < tokens.len() {
        match tokens[at].text.as_str() {
            "{" => {
                let mut depth = 0;
                let mut start = at + 1;
                for (end, token) in tokens.iter().enumerate().skip(at) {
                    match token.text.as_str() {
                        "{" => depth += 1,
                        "}" => depth -= 1,
                        _ => {}
                    }
                    if depth == 0 || (depth == 1 && token.text == ",") {
                        expand(&tokens[start..end], &segments, found);
                        start = end + 1;
                    }
                    if depth == 0 {
                        break;
                    }
                }
                return;
            }
            "as" => {
                alias = tokens.get(at + 1).map(|token| token.text.clone());
                break;
            }
            // In a group, `self` is the module before it.
            "self" if !segments.is_empty() => {}
            // A path that starts with `::` is of another crate.
            "::" if at == 0 && prefix.is_empty() => return,
            "::" => {}
            segment => segments.push(segment.to_string()),
        }
        at += 1;
    }
    let Some(last) = segments.last().cloned().filter(|_| !tokens.is_empty()) else {
        return;
    };
    let line = tokens[0].line;
    if last == "*" {
        segments.pop();
    }
    if !segments.is_empty() {
        found.push((line, segments, alias.unwrap_or(last)));
    }
}

/// Returns the cycles between files: each a list of the arrows that connect its files.
pub(crate) fn cycles(arrows: &[Arrow]) -> Vec<Vec<&Arrow>> {
    let mut next: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for arrow in arrows {
        next.entry(&arrow.from).or_default().insert(&arrow.to);
    }
    let reachable: BTreeMap<&str, BTreeSet<&str>> = next
        .keys()
        .map(|file| (*file, reachable_from(file, &next)))
        .collect();
    let reaches = |from: &str, to: &str| reachable.get(from).is_some_and(|all| all.contains(to));
    let mut cycles = Vec::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for file in reachable.keys().copied().filter(|file| reaches(file, file)) {
        if seen.contains(file) {
            continue;
        }
        let connected: BTreeSet<&str> = reachable[file]
            .iter()
            .copied()
            .filter(|other| reaches(other, file))
            .collect();
        seen.extend(&connected);
        cycles.push(
            arrows
                .iter()
                .filter(|arrow| connected.contains(&*arrow.from) && connected.contains(&*arrow.to))
                .collect(),
        );
    }
    cycles
}

fn reachable_from<'a>(
    file: &str,
    next: &BTreeMap<&'a str, BTreeSet<&'a str>>,
) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<&str> = next[file].iter().copied().collect();
    while let Some(file) = waiting.pop() {
        if reached.insert(file) {
            waiting.extend(next.get(file).into_iter().flatten());
        }
    }
    reached
}
