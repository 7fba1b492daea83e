// SPDX-License-Identifier: Apache-2.0

//! Counts comments that contain a phrase which plain technical English does not use.
//!
//! A comment block is a run of comment lines of one kind, or a paragraph, list item or table row
//! of a Markdown file. At most 3 % of the blocks of a crate may contain a marker. To list every
//! marker, also those of crates within the limit, run
//! `cargo test --test prose -- --no-capture`.

#[path = "support/sources.rs"]
mod sources;

use std::collections::BTreeMap;
use std::fmt;

use sources::File;

/// The highest share of blocks with a marker, in percent.
const MAX_SHARE: f64 = 3.0;
/// Crates with fewer blocks are counted together: one marker would exceed the limit of each.
const MIN_BLOCKS: usize = 20;
/// The maximum width of a comment line, in characters.
const MAX_WIDTH: usize = 100;

#[test]
fn share_of_marked_comments_is_low() {
    let files = sources::read(&sources::workspace(), &["rs", "md", "toml", "slt"]);
    let shares = shares(&files);
    for share in &shares {
        println!("{share}");
        for finding in &share.findings {
            println!("  {finding}");
        }
    }
    let report = report(&shares);
    assert!(
        report.is_empty(),
        "comments need plainer English:\n{report}"
    );
}

#[test]
fn comment_lines_are_not_wider_than_the_limit() {
    let files = sources::read(&sources::workspace(), &["rs"]);
    let wide: Vec<String> = files.iter().flat_map(wide_comments).collect();
    assert!(
        wide.is_empty(),
        "{} comment lines are wider than {MAX_WIDTH} characters:\n{}",
        wide.len(),
        wide.join("\n")
    );
}

/// Returns `path:line: width` for each comment line of a Rust file that is too wide.
///
/// Code, links and table rows cannot be wrapped, and golden files are as wide as their
/// definitions.
fn wide_comments(file: &File) -> Vec<String> {
    if file.path.contains("/golden/") {
        return Vec::new();
    }
    let mut wide = Vec::new();
    let mut fenced = false;
    for (index, line) in file.text.lines().enumerate() {
        let Some((_, text)) = rust_comment(line) else {
            fenced = false;
            continue;
        };
        let text = text.trim_start();
        fenced ^= text.starts_with("```");
        let width = line.chars().count();
        let cannot_wrap = fenced || text.contains("://") || text.starts_with('|');
        if width > MAX_WIDTH && !cannot_wrap {
            wide.push(format!("{}:{}: {width}", file.path, index + 1));
        }
    }
    wide
}

#[test]
fn source_files_name_their_license() {
    let files = sources::read(&sources::workspace(), &["rs"]);
    let missing = files.iter().filter(|file| !names_license(file));
    let missing: Vec<&str> = missing.map(|file| file.path.as_str()).collect();
    assert!(
        missing.is_empty(),
        "begin these files with `{LICENSE_LINE}`:\n{}",
        missing.join("\n")
    );
}

#[test]
fn test_names_are_statements() {
    let files = sources::read(&sources::workspace(), &["rs"]);
    let unclear: Vec<String> = files.iter().flat_map(unclear_test_names).collect();
    assert!(
        unclear.is_empty(),
        "the name of a test states the behavior that it checks:\n{}",
        unclear.join("\n")
    );
}

const LICENSE_LINE: &str = "// SPDX-License-Identifier: Apache-2.0";

/// Returns whether a file begins with the license. Generated files, and inputs of compiler tests,
/// whose errors contain line numbers, need none.
fn names_license(file: &File) -> bool {
    let mut folders = file.path.split('/');
    folders.any(|folder| matches!(folder, "golden" | "ui" | "ui_ok"))
        || file.text.starts_with(LICENSE_LINE)
}

/// Words with which no statement begins.
const OPENING_WORDS: [&str; 8] = ["how", "of", "so", "that", "what", "which", "who", "whose"];

/// Returns `path: name` for each test whose name is too long or not a statement.
fn unclear_test_names(file: &File) -> Vec<String> {
    let mut is_test = false;
    let mut unclear = Vec::new();
    for line in file.text.lines().map(str::trim_start) {
        is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        let function = line.strip_prefix("async ").unwrap_or(line);
        if let (true, Some(function)) = (is_test, function.strip_prefix("fn ")) {
            let name = function.split(['(', '<']).next().unwrap_or_default();
            let first = name.split('_').next().unwrap_or_default();
            if name.len() > MAX_NAME || OPENING_WORDS.contains(&first) {
                unclear.push(format!("{}: {name}", file.path));
            }
            is_test = false;
        }
    }
    unclear
}

/// The maximum length of the name of a test.
const MAX_NAME: usize = 64;

#[test]
fn broken_headers_and_test_names_are_found() {
    let file = |path: &str, text: &str| File::new(path, text);
    assert!(!names_license(&file("a/src/lib.rs", "//! A crate.")));
    assert!(names_license(&file("a/tests/ui/x.rs", "fn main() {}")));
    let text = "#[test]\nfn what_fits_is_kept() {}\n\n#[tokio::test(flavor = \"x\")]\n\
                async fn rows_are_kept() {}\nfn what() {}\n";
    assert_eq!(
        unclear_test_names(&file("a/src/lib.rs", text)),
        ["a/src/lib.rs: what_fits_is_kept"]
    );
}

/// The comment blocks of one crate, or of all Markdown files.
struct Share {
    name: String,
    blocks: usize,
    marked_blocks: usize,
    findings: Vec<Finding>,
}

impl Share {
    fn percent(&self) -> f64 {
        100.0 * self.marked_blocks as f64 / self.blocks.max(1) as f64
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Share {
            name,
            blocks,
            marked_blocks,
            ..
        } = self;
        let percent = self.percent();
        write!(
            f,
            "{name}: {marked_blocks} of {blocks} comment blocks ({percent:.1} %)"
        )
    }
}

/// A marker, and where it is.
#[derive(Debug, PartialEq)]
struct Finding {
    path: String,
    line: usize,
    marker: &'static str,
    excerpt: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding {
            path,
            line,
            marker,
            excerpt,
        } = self;
        write!(f, "{path}:{line}: {marker}: {excerpt}")
    }
}

/// Lists the crates above the limit with all their findings; empty if there are none.
fn report(shares: &[Share]) -> String {
    let mut report = String::new();
    for share in shares.iter().filter(|share| share.percent() > MAX_SHARE) {
        report.push_str(&format!("{share}\n"));
        for finding in &share.findings {
            report.push_str(&format!("  {finding}\n"));
        }
    }
    report
}

/// Counts the blocks of each crate. Markdown files are counted as one crate.
fn shares(files: &[File]) -> Vec<Share> {
    let crates: Vec<&str> = files
        .iter()
        .filter_map(|file| file.path.strip_suffix("Cargo.toml"))
        .collect();
    let mut shares: BTreeMap<String, Share> = BTreeMap::new();
    for file in files {
        let name = if file.path.ends_with(".md") {
            "Markdown files".to_string()
        } else {
            let holders = crates
                .iter()
                .filter(|folder| file.path.starts_with(**folder));
            let folder = holders
                .max_by_key(|folder| folder.len())
                .copied()
                .unwrap_or_default();
            if folder.is_empty() {
                "the root package".to_string()
            } else {
                folder.to_string()
            }
        };
        let share = shares.entry(name.clone()).or_insert(Share {
            name,
            blocks: 0,
            marked_blocks: 0,
            findings: Vec::new(),
        });
        for block in blocks(file) {
            let markers = markers(&block.tokens());
            share.blocks += 1;
            share.marked_blocks += usize::from(!markers.is_empty());
            share
                .findings
                .extend(markers.into_iter().map(|(line, marker)| Finding {
                    path: file.path.clone(),
                    line,
                    marker,
                    excerpt: block.excerpt(line),
                }));
        }
    }
    let (mut large, small): (Vec<Share>, Vec<Share>) = shares
        .into_values()
        .partition(|share| share.blocks >= MIN_BLOCKS);
    let pooled = small.into_iter().reduce(|mut all, share| {
        all.name = format!("{}, {}", all.name, share.name);
        all.blocks += share.blocks;
        all.marked_blocks += share.marked_blocks;
        all.findings.extend(share.findings);
        all
    });
    large.extend(pooled);
    large
}

/// A comment or paragraph: its lines, each with its number in the file.
#[derive(Debug, Default)]
struct Block {
    lines: Vec<(usize, String)>,
}

impl Block {
    fn excerpt(&self, line: usize) -> String {
        let found = self.lines.iter().find(|(number, _)| *number == line);
        found
            .map(|(_, text)| text.chars().take(90).collect())
            .unwrap_or_default()
    }

    /// Splits the text into words and punctuation. A code span and a link become a token each,
    /// because their words are names and not prose.
    fn tokens(&self) -> Vec<Token> {
        let mut tokens = Vec::new();
        // The number of backticks that ends the current code span.
        let mut code_end = 0;
        for (line, text) in &self.lines {
            let mut rest = text.as_str();
            while let Some(first) = rest.chars().next() {
                let ticks = rest.len() - rest.trim_start_matches('`').len();
                let word = rest.find(|c: char| !c.is_alphanumeric() && c != '\'');
                let word = &rest[..word.unwrap_or(rest.len())];
                let link = rest.starts_with("http://") || rest.starts_with("https://");
                let length = match () {
                    () if ticks > 0 => ticks,
                    () if link => rest.find(char::is_whitespace).unwrap_or(rest.len()),
                    () if !word.is_empty() => word.len(),
                    () => first.len_utf8(),
                };
                if ticks > 0 && code_end == 0 {
                    code_end = ticks;
                    tokens.push(Token {
                        line: *line,
                        text: CODE.to_string(),
                    });
                } else if ticks > 0 && code_end == ticks {
                    code_end = 0;
                } else if code_end == 0 && link {
                    tokens.push(Token {
                        line: *line,
                        text: CODE.to_string(),
                    });
                } else if code_end == 0 && !first.is_whitespace() {
                    tokens.push(Token {
                        line: *line,
                        text: rest[..length].to_lowercase(),
                    });
                }
                rest = &rest[length..];
            }
        }
        tokens
    }
}

/// The token that replaces a code span.
const CODE: &str = "`";

/// A word in lower case, a punctuation character, or [`CODE`].
#[derive(Debug)]
struct Token {
    line: usize,
    text: String,
}

impl Token {
    fn is_word(&self) -> bool {
        self.text == CODE || self.text.starts_with(char::is_alphanumeric)
    }
}

/// Returns the comment blocks of a file, in order.
fn blocks(file: &File) -> Vec<Block> {
    let comment: fn(&str) -> Option<(&'static str, &str)> = match file.path.rsplit_once('.') {
        Some((_, "rs")) => rust_comment,
        Some((_, "md")) => return paragraphs(&file.text),
        _ => hash_comment,
    };
    let mut blocks = Blocks::default();
    let mut last_kind = "";
    let mut fenced = false;
    for (index, line) in file.text.lines().enumerate() {
        let found = comment(line).filter(|(_, text)| !text.contains("SPDX-License-Identifier"));
        let kind = found.map_or("", |(kind, _)| kind);
        if kind != last_kind {
            blocks.end();
            fenced = false;
            last_kind = kind;
        }
        let Some((_, text)) = found else { continue };
        if text.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            blocks.push(index + 1, text);
        }
    }
    blocks.finish()
}

/// Splits a comment line of Rust into its kind and its text.
fn rust_comment(line: &str) -> Option<(&'static str, &str)> {
    let text = line.trim_start();
    ["///", "//!", "//"]
        .into_iter()
        .find_map(|kind| Some((kind, text.strip_prefix(kind)?)))
}

/// Splits a comment line of TOML or of SQL logic tests into its kind and its text.
fn hash_comment(line: &str) -> Option<(&'static str, &str)> {
    let text = line.trim_start().strip_prefix('#')?;
    (!text.starts_with(":schema")).then_some(("#", text))
}

/// Returns the paragraphs, headings, list items and table rows of a Markdown text.
fn paragraphs(text: &str) -> Vec<Block> {
    let mut blocks = Blocks::default();
    let mut fenced = false;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with("```") {
            fenced = !fenced;
            blocks.end();
            continue;
        }
        let numbered = line
            .trim_start_matches(|c: char| c.is_ascii_digit())
            .starts_with(". ")
            && line.starts_with(|c: char| c.is_ascii_digit());
        let starts_block = numbered || ["- ", "* ", "|", "#"].iter().any(|s| line.starts_with(s));
        if starts_block || line.is_empty() {
            blocks.end();
        }
        if !fenced {
            blocks.push(index + 1, line);
        }
        if line.starts_with('#') {
            blocks.end();
        }
    }
    blocks.finish()
}

/// Collects lines into blocks; blocks without a word are dropped.
#[derive(Default)]
struct Blocks {
    ended: Vec<Block>,
    current: Block,
}

impl Blocks {
    fn push(&mut self, line: usize, text: &str) {
        self.current.lines.push((line, text.trim().to_string()));
    }

    fn end(&mut self) {
        let block = std::mem::take(&mut self.current);
        let has_word = block
            .lines
            .iter()
            .any(|(_, text)| text.contains(|c: char| c.is_alphanumeric()));
        if has_word {
            self.ended.push(block);
        }
    }

    fn finish(mut self) -> Vec<Block> {
        self.end();
        self.ended
    }
}

/// Returns the markers of a block, each with the number of its line.
fn markers(tokens: &[Token]) -> Vec<(usize, &'static str)> {
    let start = tokens
        .iter()
        .position(Token::is_word)
        .unwrap_or(tokens.len());
    let opening = opening(&tokens[start..]).map(|marker| (tokens[start].line, marker));
    let inside =
        (0..tokens.len()).filter_map(|index| Some((tokens[index].line, marker_at(tokens, index)?)));
    opening.into_iter().chain(inside).collect()
}

/// Returns the marker that the summary line opens with.
fn opening(tokens: &[Token]) -> Option<&'static str> {
    Some(match (word(tokens, 0), word(tokens, 1)) {
        ("what", _) => "opens with `What`",
        ("that", _) => "opens with `That`",
        ("whose", _) => "opens with `Whose`",
        ("of", _) => "opens with `Of`",
        ("how", _) => "opens with `How`",
        ("so", "many") => "opens with `So many`",
        ("from", "before") => "opens with `From before`",
        ("for", "whom") => "opens with `For whom`",
        ("where", "a") => "opens with `Where a`",
        _ => return None,
    })
}

/// Words after "is no" that form standard phrases: "is no longer", "is no slower than".
const AFTER_IS_NO: &[&str] = &[
    "better",
    "different",
    "earlier",
    "faster",
    "fewer",
    "further",
    "greater",
    "higher",
    "larger",
    "later",
    "less",
    "longer",
    "lower",
    "more",
    "need",
    "older",
    "shorter",
    "slower",
    "smaller",
    "way",
    "wider",
    "worse",
];
/// Nouns with which `behind` has its standard meaning, as in an item that a feature enables.
const AFTER_BEHIND: &[&str] = &[
    CODE,
    "&",
    "alias",
    "arc",
    "box",
    "cfg",
    "feature",
    "features",
    "flag",
    "flags",
    "gate",
    "handle",
    "indirection",
    "interface",
    "lock",
    "locks",
    "mutex",
    "pointer",
    "pointers",
    "proxy",
    "reference",
    "references",
    "scenes",
    "trait",
    "traits",
];
/// Verbs and nouns that form a standard phrase with a following `behind`.
const BEFORE_BEHIND: &[&str] = &[
    "fall", "fallen", "falling", "falls", "fell", "idea", "lag", "lagged", "lagging", "lags",
    "leave", "leaves", "leaving", "left", "reason", "stay", "stays",
];
const FORMS_OF_BE: &[&str] = &[
    "is", "are", "was", "were", "be", "been", "isn't", "aren't", "wasn't", "weren't",
];
const ADVERBS: &[&str] = &["already", "always", "also", "never", "not", "only", "still"];

/// Returns the marker whose first word is at `index`.
fn marker_at(tokens: &[Token], index: usize) -> Option<&'static str> {
    let at = |offset: usize| word(tokens, index + offset);
    let before = |offset: usize| {
        index
            .checked_sub(offset)
            .map_or("", |index| word(tokens, index))
    };
    let after = |count: usize| (1..=count).map(at);
    match at(0) {
        "none" if at(1) == "if" => Some("`none if`"),
        verb if FORMS_OF_BE.contains(&verb) && predicative_there(tokens, index) => {
            Some("predicative `is there`")
        }
        "is" if at(1) == "no" && before(1) != "there" => {
            let noun = tokens.get(index + 2).is_some_and(Token::is_word);
            (noun && !AFTER_IS_NO.contains(&at(2))).then_some("`is no` and a noun")
        }
        "whoever" => Some("`whoever`"),
        "somebody" => Some("`somebody`"),
        "nobody" => Some("`nobody`"),
        "made" if at(1) == "anew" => Some("`made anew`"),
        "made" if at(1) == "of" => Some("`made of`"),
        "behind" => {
            let standard = after(4).any(|word| AFTER_BEHIND.contains(&word))
                || (1..=3).any(|offset| BEFORE_BEHIND.contains(&before(offset)));
            (!standard).then_some("`behind`")
        }
        "meanwhile" => Some("`meanwhile`"),
        "stands" | "stood" => Some("`stands`"),
        "stand" if !["-", "alone", "out"].contains(&at(1)) => Some("`stand`"),
        "says" => Some("`says`"),
        "by" if at(1) == "then" => Some("`by then`"),
        "parted" => Some("`parted`"),
        "of" if at(1) == "before" => Some("`of before`"),
        _ => None,
    }
}

/// Returns whether the verb at `index` has the predicate "there". The question "is there a row" and
/// the clause "which rows there are" do not.
fn predicative_there(tokens: &[Token], index: usize) -> bool {
    let adverbs = (index + 1..)
        .take_while(|index| ADVERBS.contains(&word(tokens, *index)))
        .count();
    let there = index + 1 + adverbs;
    let question = ["a", "an", "any", "anything", "something"];
    word(tokens, there) == "there"
        && !FORMS_OF_BE.contains(&word(tokens, there + 1))
        && !question.contains(&word(tokens, there + 1))
}

fn word(tokens: &[Token], index: usize) -> &str {
    tokens.get(index).map_or("", |token| token.text.as_str())
}

/// Checks the detector on short comments.
mod detector {
    use super::*;

    fn found(comment: &str) -> Vec<&'static str> {
        let file = File::new(
            "src/lib.rs",
            &format!("/// {}", comment.replace('\n', "\n/// ")),
        );
        let blocks = blocks(&file);
        let markers = blocks.iter().flat_map(|block| markers(&block.tokens()));
        markers.map(|(_, marker)| marker).collect()
    }

    #[test]
    fn every_marker_is_found() {
        let cases = [
            ("What is kept of a table.", "opens with `What`"),
            ("That of the table.", "opens with `That`"),
            ("Whose rows they are.", "opens with `Whose`"),
            ("Of the files those go.", "opens with `Of`"),
            ("How a row is told from others.", "opens with `How`"),
            ("So many rows are enough.", "opens with `So many`"),
            ("Where a key is.", "opens with `Where a`"),
            ("For whom it is.", "opens with `For whom`"),
            ("Returns the table, none if it does not exist.", "`none if`"),
            ("The rows that are there.", "predicative `is there`"),
            ("The key is already there.", "predicative `is there`"),
            (
                "If the file was there, it is read.",
                "predicative `is there`",
            ),
            ("`x` is no value of type `int`.", "`is no` and a noun"),
            ("The text is no `uuid`.", "`is no` and a noun"),
            ("Read by whoever asks.", "`whoever`"),
            ("Until somebody wrote one.", "`somebody`"),
            ("Known to nobody.", "`nobody`"),
            ("The snapshot is made anew.", "`made anew`"),
            ("A batch made of rows.", "`made of`"),
            ("A batch made\nof rows.", "`made of`"),
            ("The versions behind it.", "`behind`"),
            ("Meanwhile, another thread writes.", "`meanwhile`"),
            ("The number stands in the header.", "`stands`"),
            ("The clock stood where it was.", "`stands`"),
            ("Where the keys stand.", "`stand`"),
            ("The file says so.", "`says`"),
            ("Closed by then.", "`by then`"),
            ("Fields parted by commas.", "`parted`"),
            ("The version of before.", "`of before`"),
        ];
        for (comment, marker) in cases {
            assert_eq!(found(comment), [marker], "{comment}");
        }
    }

    #[test]
    fn standard_phrases_are_not_markers() {
        let cases = [
            "Returns `None` if the table does not exist.",
            "Returns the name that a table has, or of which it is an alias.",
            "There is no lock, and there are rows.",
            "Where it is. There, the next one begins.",
            "Tells which rows there are and what there is.",
            "Is there a row? Are there any?",
            "The lock is no longer held, and the result is no larger.",
            "Arrow types are behind a feature, and the rest behind `Arc`s.",
            "The store is behind one trait; it never falls behind.",
            "A cancelled load leaves nothing behind.",
            "A stand-in for the clock. Names that stand out.",
            "`whoever` and `nobody` are names of users.",
            "Code that spans\nlines: `nobody\nsays` ends here.",
            "See <https://example.org/somebody/says>.",
            "It was made. Of these, none. If it fails, retry.",
        ];
        for comment in cases {
            assert_eq!(found(comment), <[&str; 0]>::default(), "{comment}");
        }
    }

    #[test]
    fn blocks_end_where_the_kind_changes() {
        let text =
            "//! One.\n//!\n//! Still one.\n// Two.\nlet x = 1; // not a block\n/// Three.\n";
        let lines: Vec<_> = blocks(&File::new("a.rs", text))
            .into_iter()
            .map(|block| {
                block
                    .lines
                    .into_iter()
                    .map(|(line, _)| line)
                    .collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(lines, [vec![1, 2, 3], vec![4], vec![6]]);
    }

    #[test]
    fn licence_and_code_are_not_prose() {
        let text = "// SPDX-License-Identifier: Apache-2.0\n\n\
                    /// Runs.\n/// ```\n/// // What is it\n/// ```\n/// Ends.\nfn f() {}\n";
        let blocks = blocks(&File::new("a.rs", text));
        let [block] = blocks.as_slice() else {
            panic!("{blocks:?}")
        };
        assert_eq!(
            block.lines,
            [(3, "Runs.".to_string()), (7, "Ends.".to_string())]
        );
    }

    #[test]
    fn markdown_is_split_into_paragraphs() {
        let text =
            "# Head\nText\nmore\n\n- one\n- two\n  more\n\n```text\nnobody\n```\n| a |\n|---|\n";
        let blocks = blocks(&File::new("a.md", text));
        let starts: Vec<_> = blocks.iter().map(|block| block.lines[0].0).collect();
        assert_eq!(starts, [1, 2, 5, 6, 12]);
    }

    #[test]
    fn bad_text_above_the_limit_is_reported() {
        let good = "/// Returns the table.\n\n".repeat(29);
        let bad = "/// What is there, none if nobody says it.\n";
        let files = [
            File::new("Cargo.toml", ""),
            File::new("store/Cargo.toml", ""),
            File::new("store/src/lib.rs", &format!("{good}{bad}")),
            File::new("src/lib.rs", &good),
        ];
        let shown = report(&shares(&files));
        assert!(
            shown.starts_with("store/: 1 of 30 comment blocks (3.3 %)\n"),
            "{shown}"
        );
        assert!(
            shown.contains("  store/src/lib.rs:59: opens with `What`: What is there"),
            "{shown}"
        );
        assert!(
            shown.contains("  store/src/lib.rs:59: `nobody`: "),
            "{shown}"
        );
    }

    #[test]
    fn bad_text_within_the_limit_is_accepted() {
        let good = "/// Returns the table.\n\n".repeat(39);
        let files = [
            File::new("Cargo.toml", ""),
            File::new("src/lib.rs", &format!("{good}// Parted.")),
        ];
        assert_eq!(report(&shares(&files)), "");
    }

    #[test]
    fn small_crates_are_counted_together() {
        let good = "/// Returns the table.\n\n".repeat(10);
        let crates = [
            File::new("a/Cargo.toml", ""),
            File::new("a/src/lib.rs", &good),
            File::new("b/Cargo.toml", ""),
            File::new("b/src/lib.rs", &format!("{good}/// Whose rows.\n")),
        ];
        let shown = report(&shares(&crates));
        assert!(
            shown.starts_with("a/, b/: 1 of 21 comment blocks (4.8 %)\n"),
            "{shown}"
        );
    }

    #[test]
    fn wide_comment_is_found_unless_it_cannot_be_wrapped() {
        let wide = "x".repeat(98);
        let text = format!(
            "// {wide}\n// https://{wide}\nlet x = 1;\n\
             //! ```text\n//! {wide}\n//! ```\n//! | {wide} |\n//! {wide}\n"
        );
        assert_eq!(
            wide_comments(&File::new("a.rs", &text)),
            ["a.rs:1: 101", "a.rs:8: 102"]
        );
    }
}
