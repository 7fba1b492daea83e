// SPDX-License-Identifier: Apache-2.0

//! Documentation of generated items from texts of a definition, which are not Markdown.
//!
//! rustdoc reads documentation as Markdown: it compiles an indented line as a doctest, resolves
//! text in brackets as a link, and warns about bare URLs and HTML. A comment can contain any of
//! these.

use kalamtable_model::Column;

/// Returns the lines of documentation that shows `text` unchanged, without the indentation of its
/// lines. The result is empty if the text is blank.
///
/// Code in backticks that begins and ends on one line is code in the documentation as well, and a
/// URL becomes a link.
pub fn comment_docs(text: &str) -> Vec<String> {
    let mut docs: Vec<String> = Vec::new();
    for line in text.lines() {
        let line = plain(line);
        let line = line.trim();
        match docs.last_mut() {
            // Blank lines separate paragraphs. None is first, and none follows another one.
            _ if line.is_empty() => {
                if docs.last().is_some_and(|last| !last.is_empty()) {
                    docs.push(String::new());
                }
                continue;
            }
            // A line break, which Markdown would ignore otherwise.
            Some(last) if !last.is_empty() => last.push('\\'),
            _ => {}
        }
        docs.push(format!(" {}", Escaped::line(line)));
    }
    if docs.last().is_some_and(String::is_empty) {
        docs.pop();
    }
    docs
}

/// Returns the documentation of a field: its doc comment, or else the comment of its column, or
/// else the name of the column. A public field always has documentation. The reason why the column
/// is deprecated follows as a paragraph of its own.
pub fn column_docs(column: &Column, doc_comment: Option<&str>) -> Vec<String> {
    let comments = doc_comment.into_iter().chain(column.comment.as_deref());
    let mut docs = comments
        .map(comment_docs)
        .find(|docs| !docs.is_empty())
        .unwrap_or_else(|| vec![format!(" Column `{}`.", column.name)]);
    if let Some(reason) = &column.deprecated {
        docs.push(String::new());
        docs.extend(comment_docs(&format!("Deprecated: {reason}")));
    }
    docs
}

/// Returns the documentation of the variant of a label: the label as code.
pub(crate) fn label_docs(label: &str) -> String {
    let shown: String = label
        .chars()
        .flat_map(|c| {
            let escaped = is_invisible(c).then(|| c.escape_default());
            let plain = escaped.is_none().then_some(c);
            escaped.into_iter().flatten().chain(plain)
        })
        .collect();
    // The delimiter is longer than every run of backticks in the label.
    let longest = shown.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let delimiter = "`".repeat(longest + 1);
    let is_padded = |c: char| c == '`' || (c == ' ' && !shown.trim().is_empty());
    if shown.starts_with(is_padded) || shown.ends_with(is_padded) {
        format!(" {delimiter} {shown} {delimiter}")
    } else {
        format!(" {delimiter}{shown}{delimiter}")
    }
}

/// Returns a line in which each control character is a blank. The compiler rejects a carriage
/// return in a doc comment, and characters that change the direction of text.
fn plain(line: &str) -> String {
    let chars = line.chars();
    chars
        .map(|c| if is_invisible(c) { ' ' } else { c })
        .collect()
}

fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A line of text as Markdown.
struct Escaped<'a> {
    output: String,
    rest: &'a str,
    /// The character before `rest`.
    previous: Option<char>,
}

impl<'a> Escaped<'a> {
    /// Returns the Markdown of a line that is not blank and has no blanks at its ends.
    fn line(line: &'a str) -> String {
        let mut escaped = Escaped {
            output: String::with_capacity(line.len()),
            rest: line,
            previous: None,
        };
        escaped.beginning();
        while let Some(c) = escaped.rest.chars().next() {
            match c {
                '`' => escaped.backticks(),
                'h' | 'H' if escaped.url() => {}
                '\\' | '*' | '[' | ']' | '<' | '~' | '|' => escaped.escape(c),
                '_' if !escaped.is_in_word() => escaped.escape(c),
                '&' if escaped.is_entity() => escaped.escape(c),
                c => escaped.keep(c.len_utf8()),
            }
        }
        escaped.output
    }

    /// Escapes the beginning of a heading, a quotation, a list item or an underline.
    fn beginning(&mut self) {
        if let Some(c) = self.rest.chars().next().filter(|c| "#>=+-".contains(*c)) {
            return self.escape(c);
        }
        let digits = self.rest.len()
            - self
                .rest
                .trim_start_matches(|c: char| c.is_ascii_digit())
                .len();
        let mut after = self.rest[digits..].chars();
        let delimiter = after.next().filter(|c| matches!(c, '.' | ')'));
        if let (1.., Some(delimiter), None | Some(' ')) = (digits, delimiter, after.next()) {
            self.keep(digits);
            self.escape(delimiter);
        }
    }

    /// Copies the next `length` bytes.
    fn keep(&mut self, length: usize) {
        let (kept, rest) = self.rest.split_at(length);
        self.output.push_str(kept);
        self.previous = kept.chars().next_back();
        self.rest = rest;
    }

    /// Copies the next character, an ASCII punctuation character, without its meaning in Markdown.
    fn escape(&mut self, c: char) {
        self.output.push('\\');
        self.keep(c.len_utf8());
    }

    /// Copies code in backticks, or escapes backticks that are not closed on the line.
    fn backticks(&mut self) {
        let count = run_of_backticks(self.rest);
        let mut at = count;
        while let Some(next) = self.rest[at..].find('`') {
            let run = run_of_backticks(&self.rest[at + next..]);
            at += next + run;
            if run == count {
                return self.keep(at);
            }
        }
        for _ in 0..count {
            self.escape('`');
        }
    }

    /// Copies a URL as a link. Returns whether the rest begins with a URL.
    fn url(&mut self) -> bool {
        let starts_with = |scheme: &str| {
            let start = self.rest.get(..scheme.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        };
        let Some(scheme) = ["https://", "http://"]
            .into_iter()
            .find(|scheme| starts_with(scheme))
        else {
            return false;
        };
        let end = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '`');
        let mut url = self.rest.split(end).next().unwrap_or_default();
        // Punctuation after the URL belongs to the sentence.
        while let Some(last) = url.chars().next_back() {
            let is_unopened = |open: char, close: char| {
                last == close && url.matches(close).count() > url.matches(open).count()
            };
            if !".,;:!?'\"*_~|\\".contains(last)
                && !is_unopened('(', ')')
                && !is_unopened('[', ']')
                && !is_unopened('{', '}')
            {
                break;
            }
            url = &url[..url.len() - last.len_utf8()];
        }
        if url.len() <= scheme.len() {
            return false;
        }
        self.output.push('<');
        self.keep(url.len());
        self.output.push('>');
        true
    }

    /// Returns whether the next character is between two letters or digits, where an underscore has
    /// no meaning in Markdown.
    fn is_in_word(&self) -> bool {
        let next = self.rest.chars().nth(1);
        let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        is_word(self.previous) && is_word(next)
    }

    /// Returns whether the rest begins like an HTML entity.
    fn is_entity(&self) -> bool {
        let next = self.rest.chars().nth(1);
        next.is_some_and(|c| c == '#' || c.is_ascii_alphanumeric())
    }
}

fn run_of_backticks(text: &str) -> usize {
    text.len() - text.trim_start_matches('`').len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the documentation of a comment, one line each.
    fn check(comment: &str, expected: &[&str]) {
        assert_eq!(comment_docs(comment), expected, "{comment:?}");
    }

    #[test]
    fn plain_text_is_unchanged() {
        check("The id of a user", &[" The id of a user"]);
        check(
            "snake_case, 3.5 mm - or (so); 50 % of \"it\"; a > b; größer: 5€",
            &[" snake_case, 3.5 mm - or (so); 50 % of \"it\"; a > b; größer: 5€"],
        );
        check(
            "code in `app.jobs` and ``a`b``",
            &[" code in `app.jobs` and ``a`b``"],
        );
    }

    #[test]
    fn blank_text_has_no_documentation() {
        for comment in ["", " ", "\n", " \t\r\n\n", "\u{202e}"] {
            check(comment, &[]);
        }
    }

    #[test]
    fn lines_remain_lines_without_indentation() {
        check(
            "\n\n    let x = 1;\n\ttabbed\n\n\n  last \n\n",
            &[" let x = 1;\\", " tabbed", "", " last"],
        );
        check(
            "- a\n  - b\n1. c\n2) d\n3",
            &[" \\- a\\", " \\- b\\", " 1\\. c\\", " 2\\) d\\", " 3"],
        );
        check(
            "title\n===\n---\n# x\n> y",
            &[" title\\", " \\===\\", " \\---\\", " \\# x\\", " \\> y"],
        );
    }

    #[test]
    fn markup_is_shown_as_text() {
        check(
            "100 [units] of <b>x</b>",
            &[" 100 \\[units\\] of \\<b>x\\</b>"],
        );
        check("[a](b) ![c](d) [^1]", &[" \\[a\\](b) !\\[c\\](d) \\[^1\\]"]);
        check(
            "2*3 **x** _y_ ~~z~~ a|b",
            &[" 2\\*3 \\*\\*x\\*\\* \\_y\\_ \\~\\~z\\~\\~ a\\|b"],
        );
        check("&amp; &#65; a & b", &[" \\&amp; \\&#65; a & b"]);
        check("C:\\temp\\", &[" C:\\\\temp\\\\"]);
    }

    #[test]
    fn code_fences_are_shown_as_text() {
        check(
            "```\npanic!()\n```",
            &[" \\`\\`\\`\\", " panic!()\\", " \\`\\`\\`"],
        );
        check("~~~rust", &[" \\~\\~\\~rust"]);
        check("```x``` `y", &[" ```x``` \\`y"]);
        check("a `b\nc` d", &[" a \\`b\\", " c\\` d"]);
        check("`` ` [x]", &[" \\`\\` \\` \\[x\\]"]);
        check("\\`[x]`", &[" \\\\`[x]`"]);
    }

    #[test]
    fn urls_become_links() {
        check(
            "see https://example.com/a_b?c=[d], or",
            &[" see <https://example.com/a_b?c=[d]>, or"],
        );
        check("(http://a.de/x_(y)).", &[" (<http://a.de/x_(y)>)."]);
        check("<https://a.de>", &[" \\<<https://a.de>>"]);
        check("http:// and https://...", &[" http:// and https://..."]);
        check("xHTTPS://A.DE", &[" x<HTTPS://A.DE>"]);
        check("`https://a.de`", &[" `https://a.de`"]);
    }

    #[test]
    fn control_characters_become_blanks() {
        check("a\rb\u{0}c\u{1b}[31m\u{202e}d", &[" a b c \\[31m d"]);
    }

    #[test]
    fn labels_are_code() {
        assert_eq!(label_docs("in-progress"), " `in-progress`");
        assert_eq!(label_docs("`"), " `` ` ``");
        assert_eq!(label_docs("a``b`c"), " ```a``b`c```");
        assert_eq!(label_docs(" a"), " `  a `");
        assert_eq!(label_docs(" "), " ` `");
        assert_eq!(label_docs("a\nb\u{202e}"), " `a\\nb\\u{202e}`");
    }
}
