// SPDX-License-Identifier: Apache-2.0

//! A tokenizer for Rust sources that is exact enough to find items and paths.

/// An identifier, a punctuation character, `::`, or [`LITERAL`].
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) line: usize,
    pub(crate) text: String,
}

/// The token that replaces every literal.
pub(crate) const LITERAL: &str = "\"";

/// Splits the text of a Rust file into tokens, without comments and lifetimes.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut line = 1;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = token_length(rest);
        let token = &rest[..length];
        let is_lifetime = first == '\'' && !(length > 1 && token.ends_with('\''));
        let is_comment = token.starts_with("//") || token.starts_with("/*");
        if !first.is_whitespace() && !is_comment && !is_lifetime {
            let text = match () {
                () if first == '"' || first == '\'' || first.is_ascii_digit() => LITERAL,
                () if is_identifier(token) => token.strip_prefix("r#").unwrap_or(token),
                () if token.ends_with(['"', '#', '\'']) && length > 1 => LITERAL,
                () => token,
            };
            tokens.push(Token {
                line,
                text: text.to_string(),
            });
        }
        line += token.matches('\n').count();
        rest = &rest[length..];
    }
    tokens
}

pub(crate) fn is_identifier(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && token
            .strip_prefix("r#")
            .unwrap_or(token)
            .chars()
            .all(is_word)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Returns the length of the token, comment or white space that `text` starts with.
fn token_length(text: &str) -> usize {
    let until = |end: &str, from: usize| {
        text[from..]
            .find(end)
            .map_or(text.len(), |at| from + at + end.len())
    };
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    if text.starts_with("/*") {
        return block_comment_length(text);
    }
    // The prefixes of strings: `b"`, `r#"`, `br"`, `c"`.
    let prefix = text.len() - text.trim_start_matches(['b', 'c', 'r']).len();
    let hashes = text[prefix..].len() - text[prefix..].trim_start_matches('#').len();
    let quoted = text[prefix + hashes..].starts_with('"');
    if quoted && prefix <= 2 && text[..prefix].contains('r') {
        let end = format!("\"{}", "#".repeat(hashes));
        return until(&end, prefix + hashes + 1);
    }
    if quoted && prefix <= 1 && hashes == 0 {
        return string_length(text, prefix);
    }
    if let Some(quote) = text
        .strip_prefix("b'")
        .map(|_| 1)
        .or(text.starts_with('\'').then_some(0))
    {
        return char_length(text, quote);
    }
    let text_after_raw = text.strip_prefix("r#").unwrap_or(text);
    let word = text_after_raw
        .find(|c: char| !is_word(c))
        .unwrap_or(text_after_raw.len());
    match () {
        () if word > 0 => text.len() - text_after_raw.len() + word,
        () if text.starts_with("::") => 2,
        () => text.chars().next().map_or(0, char::len_utf8),
    }
}

fn block_comment_length(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// Returns the length of a string whose opening quote is at `quote`.
fn string_length(text: &str, quote: usize) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip_while(|(at, _)| *at <= quote) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Returns the length of a character literal or lifetime whose quote is at `quote`.
fn char_length(text: &str, quote: usize) -> usize {
    let content = &text[quote + 1..];
    if content.starts_with('\\') {
        let end = content[2..].find('\'').unwrap_or(content.len() - 2);
        return quote + 1 + 2 + end + 1;
    }
    let first = content.chars().next().map_or(0, char::len_utf8);
    if content[first..].starts_with('\'') {
        return quote + 1 + first + 1;
    }
    let word = content.find(|c: char| !is_word(c)).unwrap_or(content.len());
    quote + 1 + word
}

/// Removes the items that only tests compile.
pub(crate) fn without_tests(tokens: &[Token]) -> Vec<Token> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if is_test_attribute(&tokens[at..]) {
            at = item_end(tokens, at);
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

/// Returns the names of the modules that are files of their own and that only tests compile.
pub(crate) fn test_modules(tokens: &[Token]) -> Vec<String> {
    let mut names = Vec::new();
    for at in 0..tokens.len() {
        if is_test_attribute(&tokens[at..]) {
            let item = &tokens[at..item_end(tokens, at)];
            if let [.., keyword, name, end] = item
                && keyword.text == "mod"
                && end.text == ";"
            {
                names.push(name.text.clone());
            }
        }
    }
    names
}

/// Returns whether the tokens start with `#[test]`, `#[cfg(test)]` or `#[cfg(all(test, ..))]`.
fn is_test_attribute(tokens: &[Token]) -> bool {
    let starts: [&[&str]; 3] = [
        &["#", "[", "test", "]"],
        &["#", "[", "cfg", "(", "test", ")"],
        &["#", "[", "cfg", "(", "all", "(", "test", ","],
    ];
    starts.iter().any(|start| {
        start.len() <= tokens.len()
            && start
                .iter()
                .zip(tokens)
                .all(|(expected, token)| token.text == *expected)
    })
}

/// Returns the index after the item whose first attribute is at `start`.
fn item_end(tokens: &[Token], start: usize) -> usize {
    let mut depth = 0;
    let mut in_attribute = false;
    for (at, token) in tokens.iter().enumerate().skip(start) {
        match token.text.as_str() {
            "#" if depth == 0 => in_attribute = true,
            "(" | "[" | "{" => depth += 1,
            ")" | "]" => {
                depth -= 1;
                in_attribute &= depth > 0;
            }
            "}" => {
                depth -= 1;
                if depth == 0 && !in_attribute {
                    return at + 1;
                }
            }
            ";" | "," if depth == 0 => return at + 1,
            _ => {}
        }
    }
    tokens.len()
}

/// Checks the tokenizer on short sources.
#[cfg(test)]
mod tokenizer {
    use super::*;

    fn texts(tokens: &[Token]) -> String {
        tokens
            .iter()
            .map(|token| token.text.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn literals_and_comments_hide_their_text() {
        let cases = [
            ("use a::b; // use c::d;", "use a :: b ;"),
            ("/* /* x */ y */ z", "z"),
            (
                r#"f("a \" b", b"c", 'd', b'e', '\'', '\u{41}', 1.5)"#,
                r#"f ( " , " , " , " , " , " , " . " )"#,
            ),
            (r##"r"a" r#"b "c" d"# br"e" r#fn"##, r#"" " " fn"#),
            ("&'a str; 'outer: loop {}", "& str ; : loop { }"),
            ("'''; '\"'; x", r#"" ; " ; x"#),
        ];
        for (text, expected) in cases {
            assert_eq!(texts(&tokens(text)), expected, "{text}");
        }
    }

    #[test]
    fn items_of_tests_are_removed() {
        let text = "struct A; #[cfg(test)] mod tests { struct B { x: [u8; 2] } } struct C; \
                    #[cfg(test)] #[path = \"x.rs\"] mod more; #[test] fn f(a: u8) -> u8 { 1 } enum D {}";
        let all = tokens(text);
        assert_eq!(
            texts(&without_tests(&all)),
            "struct A ; struct C ; enum D { }"
        );
        assert_eq!(test_modules(&all), ["more"]);
    }

    #[test]
    fn lines_are_counted_across_literals() {
        let all = tokens("a\n\"\n\n\"\n/*\n*/ b");
        assert_eq!(
            all.iter().map(|token| token.line).collect::<Vec<_>>(),
            [1, 2, 6]
        );
    }
}
