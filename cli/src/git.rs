// SPDX-License-Identifier: Apache-2.0

//! Reads definitions and locks of a git revision with the command `git`, and finds the root of a
//! repository. Nothing is checked out.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;

use kalamtable_model::limits;

use crate::command_error::CommandError;

/// The maximum size of all definitions of a revision.
const MAX_TOTAL_BYTES: u64 = 256 * 1024 * 1024;
/// The mode of a symbolic link in a tree.
const LINK_MODE: &str = "120000";

/// A definition in a git revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RevisionFile {
    /// The path inside the folder, with `/` as separator. Empty if the folder is a single file.
    pub(crate) path: String,
    /// The content, or the size of a file that is too large to be a definition.
    pub(crate) content: Result<Vec<u8>, u64>,
}

/// An entry of a tree: a file that can be a definition.
struct TreeEntry {
    object: String,
    size: u64,
    path: String,
}

/// Returns the files with the extension `.toml` in `folder` of a revision, sorted by path. A
/// relative folder starts at the working directory.
///
/// # Errors
/// Fails if git cannot be run, if the working directory is not in a repository, or if the revision
/// or the folder does not exist.
pub(crate) fn read_folder(revision: &str, folder: &str) -> Result<Vec<RevisionFile>, CommandError> {
    let working_directory = Path::new(".");
    check_repository(working_directory, COMPARE_FOLDERS)?;
    check_revision(working_directory, revision, || {
        let message = format!("`{revision}` is not a path and not a git revision");
        CommandError::new(message).with_help(
            "name a folder, a file, `lock`, a locked version such as `app.events@3`, or a revision \
             such as `main`",
        )
    })?;
    let object = folder_object(revision, folder)?;
    let entries = entries(revision, folder, &object)?;
    let total = entries
        .iter()
        .filter(|entry| entry.size <= limits::FILE_BYTES)
        .fold(0u64, |total, entry| total.saturating_add(entry.size));
    if total > MAX_TOTAL_BYTES {
        let message = format!(
            "the definitions in `{revision}:{folder}` have {total} bytes, more than the maximum of \
             {MAX_TOTAL_BYTES}"
        );
        return Err(CommandError::new(message).with_help("name a folder with fewer definitions"));
    }
    read_entries(entries)
}

/// Returns the content of the file `name` in `folder` in a revision, or `None` if the revision does
/// not contain the file. The repository is that of the folder, which exists.
///
/// # Errors
/// Fails if git cannot be run, if the folder is not in a repository, if the revision does not
/// exist, or if it has a link or a folder in place of the file, or a file that is larger than
/// `max_bytes`.
pub(crate) fn read_file(
    revision: &str,
    folder: &Path,
    name: &str,
    max_bytes: u64,
) -> Result<Option<Vec<u8>>, CommandError> {
    check_repository(folder, WITHOUT_BASE)?;
    check_revision(folder, revision, || {
        let message = format!("`{revision}` is not a git revision");
        CommandError::new(message)
            .with_help("name the branch that the change is merged into, such as `origin/main`")
    })?;
    let output = git_in(folder, &["ls-tree", "-z", "--long", revision, "--", name])?;
    if !output.status.success() {
        let message = format!("git failed: {}", first_line(&output.stderr));
        return Err(CommandError::new(message));
    }
    let line = output.stdout.split(|byte| *byte == 0).next();
    let Some((fields, _)) = line.and_then(|line| str::from_utf8(line).ok()?.split_once('\t'))
    else {
        return Ok(None);
    };
    let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
    let [mode, "blob", object, size] = fields[..] else {
        let message = format!("`{name}` is not a file in revision `{revision}`");
        return Err(CommandError::new(message));
    };
    if mode == LINK_MODE {
        let message = format!("`{name}` is a symbolic link in revision `{revision}`");
        let help = "name the file with `--lock`: links of a revision are not followed";
        return Err(CommandError::new(message).with_help(help));
    }
    if size.parse().unwrap_or(u64::MAX) > max_bytes {
        let message = format!(
            "`{name}` has {size} bytes in revision `{revision}`, more than the maximum of {max_bytes}"
        );
        return Err(CommandError::new(message));
    }
    let content = git_in(folder, &["cat-file", "blob", object])?;
    if !content.status.success() {
        let message = format!("git failed: {}", first_line(&content.stderr));
        return Err(CommandError::new(message));
    }
    Ok(Some(content.stdout))
}

/// Returns the root of the repository that contains `folder`, or `None` if no repository contains
/// it. Git is not run.
pub(crate) fn repository_root(folder: &Path) -> Option<PathBuf> {
    let folder = folder.canonicalize().ok()?;
    // The root of a linked work tree or a submodule has a file `.git`.
    let mut folders = folder.ancestors();
    let root = folders.find(|folder| folder.join(".git").exists())?;
    Some(root.to_path_buf())
}

/// The way to run `diff` without git.
const COMPARE_FOLDERS: &str = "compare folders: `kalamtable diff before after`";
/// The way to run `check` without git.
const WITHOUT_BASE: &str = "run the command without `--base`";

/// Checks that a repository contains `folder`. `alternative` is the way to run the command without
/// git.
fn check_repository(folder: &Path, alternative: &str) -> Result<(), CommandError> {
    let output = command_in(folder, &["rev-parse", "--git-dir"])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| spawn_error(&error, alternative))?;
    if output.status.success() {
        return Ok(());
    }
    let error = first_line(&output.stderr);
    if error.contains("not a git repository") {
        let message = match folder == Path::new(".") {
            true => "the working directory is not in a git repository".to_string(),
            false => format!("`{}` is not in a git repository", folder.display()),
        };
        let help = format!("run the command in a clone, or {alternative}");
        return Err(CommandError::new(message).with_help(help));
    }
    Err(CommandError::new(format!("git failed: {error}")))
}

fn check_revision(
    folder: &Path,
    revision: &str,
    unknown: impl FnOnce() -> CommandError,
) -> Result<(), CommandError> {
    let commit = format!("{revision}^{{commit}}");
    // Git would read a hyphen as the start of an option.
    let is_name = !revision.is_empty() && !revision.starts_with('-');
    let arguments = ["rev-parse", "--verify", "--quiet", &commit];
    if is_name && git_in(folder, &arguments)?.status.success() {
        return Ok(());
    }
    let shallow = git_in(folder, &["rev-parse", "--is-shallow-repository"])?;
    if shallow.stdout.starts_with(b"true") {
        let message = format!("revision `{revision}` is not in this shallow clone");
        return Err(CommandError::new(message).with_help(
            "fetch the whole history: `git fetch --unshallow`, or `fetch-depth: 0` of \
             `actions/checkout`",
        ));
    }
    Err(unknown())
}

/// Returns the object of a folder, or of a single file.
fn folder_object(revision: &str, folder: &str) -> Result<String, CommandError> {
    let missing = || {
        let message = format!("revision `{revision}` has no folder `{folder}`");
        let help = format!(
            "name the folder of its definitions: `{revision}:path/of/schemas`, or \
             `--schemas path/of/schemas` if both sides have it"
        );
        CommandError::new(message).with_help(help)
    };
    let path = if Path::new(folder).is_absolute() {
        let root = git(&["rev-parse", "--show-toplevel"])?;
        let root = PathBuf::from(first_line(&root.stdout));
        let inside = Path::new(folder).strip_prefix(&root);
        inside
            .map_err(|_| missing())?
            .to_string_lossy()
            .into_owned()
    } else {
        format!("./{}", folder.trim_matches('/'))
    };
    let name = format!("{revision}:{path}");
    let output = git(&["rev-parse", "--verify", "--quiet", &name])?;
    if output.status.success() {
        return Ok(first_line(&output.stdout));
    }
    Err(missing())
}

/// Returns the definitions of a tree. Names that begin with a dot are ignored, as in a folder.
fn entries(revision: &str, folder: &str, object: &str) -> Result<Vec<TreeEntry>, CommandError> {
    if git(&["cat-file", "-t", object])?
        .stdout
        .starts_with(b"blob")
    {
        let size = git(&["cat-file", "-s", object])?;
        return Ok(vec![TreeEntry {
            object: object.to_string(),
            size: first_line(&size.stdout).parse().unwrap_or(u64::MAX),
            path: String::new(),
        }]);
    }
    let output = git(&["ls-tree", "-r", "-z", "--long", "--full-tree", object])?;
    if !output.status.success() {
        let message = format!("git failed: {}", first_line(&output.stderr));
        return Err(CommandError::new(message));
    }
    let mut entries = Vec::new();
    for line in output.stdout.split(|byte| *byte == 0) {
        // `mode type object size<TAB>path`; the size of a submodule is `-`.
        let line = String::from_utf8_lossy(line);
        let Some((fields, path)) = line.split_once('\t') else {
            continue;
        };
        let is_hidden = path.split('/').any(|part| part.starts_with('.'));
        let is_toml = path.to_ascii_lowercase().ends_with(".toml");
        if is_hidden || !is_toml {
            continue;
        }
        let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
        let [mode, "blob", object, size] = fields[..] else {
            continue;
        };
        if mode == LINK_MODE {
            let message = format!("`{folder}/{path}` is a symbolic link in revision `{revision}`");
            let help = "compare a folder instead: links of a revision are not followed";
            return Err(CommandError::new(message).with_help(help));
        }
        entries.push(TreeEntry {
            object: object.to_string(),
            size: size.parse().unwrap_or(u64::MAX),
            path: path.to_string(),
        });
    }
    Ok(entries)
}

/// Reads the content of all entries with one process.
fn read_entries(entries: Vec<TreeEntry>) -> Result<Vec<RevisionFile>, CommandError> {
    let mut child = command(&["cat-file", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| spawn_error(&error, COMPARE_FOLDERS))?;
    let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(CommandError::new("git failed: its output cannot be read"));
    };
    let is_read = |entry: &&TreeEntry| entry.size <= limits::FILE_BYTES;
    let objects: Vec<String> = entries
        .iter()
        .filter(is_read)
        .map(|entry| format!("{}\n", entry.object))
        .collect();
    // A thread writes the requests, because git stops reading them while its output is full.
    let writer = thread::spawn(move || stdin.write_all(objects.concat().as_bytes()));
    let mut stdout = BufReader::new(stdout);
    let files = entries.into_iter().map(|entry| {
        let content = if entry.size > limits::FILE_BYTES {
            Err(entry.size)
        } else {
            Ok(read_object(&mut stdout)?)
        };
        Ok(RevisionFile {
            path: entry.path,
            content,
        })
    });
    let files = files.collect::<io::Result<Vec<_>>>();
    // After an error, git would wait until the rest of its output is read, and the writer for git.
    drop(stdout);
    // If git has failed, the error of the reader describes it.
    let _ = writer.join();
    let _ = child.wait();
    files.map_err(|error| CommandError::new(format!("git failed: {error}")))
}

/// Reads one answer of `git cat-file --batch`: `object type size`, the content and a newline.
fn read_object(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut header = String::new();
    reader.read_line(&mut header)?;
    let size = header.trim_end().rsplit(' ').next();
    let Some(Ok(size)) = size.map(str::parse::<u64>) else {
        let message = format!("unexpected answer `{}`", header.trim_end());
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    };
    let mut content = Vec::new();
    reader.take(size + 1).read_to_end(&mut content)?;
    if content.pop() != Some(b'\n') || content.len() as u64 != size {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(content)
}

fn command(arguments: &[&str]) -> Command {
    command_in(Path::new("."), arguments)
}

fn command_in(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(arguments);
    // Messages are compared with English text, and the name of a file is not a pattern.
    command.env("LC_ALL", "C").env("GIT_LITERAL_PATHSPECS", "1");
    command
}

fn git(arguments: &[&str]) -> Result<Output, CommandError> {
    git_in(Path::new("."), arguments)
}

fn git_in(folder: &Path, arguments: &[&str]) -> Result<Output, CommandError> {
    command_in(folder, arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| spawn_error(&error, COMPARE_FOLDERS))
}

fn spawn_error(error: &io::Error, alternative: &str) -> CommandError {
    if error.kind() == io::ErrorKind::NotFound {
        return CommandError::new("git is not installed, or not in `PATH`")
            .with_help(format!("install git, or {alternative}"));
    }
    CommandError::new(format!("git cannot be run: {error}"))
}

fn first_line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.lines().next().unwrap_or_default().trim().to_string()
}
