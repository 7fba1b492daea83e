// SPDX-License-Identifier: Apache-2.0

//! The type grammar: a recursive-descent parser from text to a [`TypeNode`] with the range of each
//! part.
//!
//! ```text
//! type   = word | word "(" args ")" | "list" "<" field ">" | "struct" "<" named {"," named} ">"
//!        | "map" "<" field "," field ">" | "arrow:" arrow-notation
//! field  = ["#" id] type ["null"]
//! named  = ["#" id] name ":" type ["null"]
//! ```
//!
//! The checks decide whether numbers are in range, nested fields have ids, and labels are unique.

use std::ops::Range;

use crate::diagnostic::backticked;
use crate::limits;
use crate::raw::Syntax;
use crate::rule::Rule;
use crate::suggest::nearest;
use crate::type_names::{TYPE_WORDS, intended_word, plain_type, type_word};
use crate::types::{ColumnType, TimeUnit};

/// A value with its range of bytes in the type text.
#[derive(Debug)]
pub(crate) struct Ranged<T> {
    pub(crate) value: T,
    pub(crate) range: Range<usize>,
}

impl<T> Ranged<T> {
    fn new(value: T, range: Range<usize>) -> Self {
        Ranged { value, range }
    }
}

/// A type as written.
#[derive(Debug)]
pub(crate) struct TypeNode {
    pub(crate) kind: TypeKind,
    /// The range of bytes in the type text.
    pub(crate) range: Range<usize>,
}

/// The kind of a type, with its parameters as written.
#[derive(Debug)]
pub(crate) enum TypeKind {
    /// A type without parameters.
    Plain(ColumnType),
    Decimal(Ranged<i128>, Ranged<i128>),
    Bytes(Ranged<i128>),
    Embedding(Ranged<i128>),
    Timestamp(TimeUnit, Option<Ranged<String>>),
    Enum(Vec<Ranged<String>>),
    List(Box<FieldNode>),
    Struct(Vec<FieldNode>),
    Map(Box<(FieldNode, FieldNode)>),
    Arrow(Ranged<String>),
}

/// A nested field as written.
#[derive(Debug)]
pub(crate) struct FieldNode {
    pub(crate) id: Option<Ranged<i128>>,
    /// The name of a struct field. Otherwise `item`, `key` or `value`, with an empty range.
    pub(crate) name: Ranged<String>,
    pub(crate) ty: TypeNode,
    /// The range of `null`.
    pub(crate) null: Option<Range<usize>>,
}

/// The first error in a type text.
#[derive(Debug)]
pub(crate) struct TypeProblem {
    pub(crate) rule: Rule,
    /// The range of bytes in the type text.
    pub(crate) range: Range<usize>,
    pub(crate) message: String,
    /// The fix, in which `#ID` is a placeholder for a free id.
    pub(crate) help: String,
}

/// Parses a whole type text. Help texts use `syntax` for what is written outside of the type.
pub(crate) fn parse(text: &str, syntax: Syntax) -> Result<TypeNode, TypeProblem> {
    let mut parser = Parser {
        text,
        at: 0,
        syntax,
    };
    let node = parser.ty(1)?;
    parser.blanks();
    if parser.rest().is_empty() {
        return Ok(node);
    }
    Err(parser.trailing(&node))
}

const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

fn usage(word: &str) -> &'static str {
    type_word(word).map_or("", |known| known.usage)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    syntax: Syntax,
}

type Parsed<T> = Result<T, TypeProblem>;

impl<'a> Parser<'a> {
    /// Parses a type. `depth` is 1 for the type of the column.
    fn ty(&mut self, depth: usize) -> Parsed<TypeNode> {
        self.blanks();
        let start = self.at;
        let Some(word) = self.word() else {
            return Err(self.no_type());
        };
        if depth > limits::NESTING {
            return Err(self.too_deep(start..self.at));
        }
        let range = start..self.at;
        if self.rest().trim_start_matches(BLANKS).starts_with('(') {
            self.blanks();
        }
        let kind = match word {
            "decimal" => self.decimal(range)?,
            "bytes" if self.peek() != Some('(') => TypeKind::Plain(ColumnType::Bytes),
            "bytes" => TypeKind::Bytes(self.length(range)?),
            "embedding" => TypeKind::Embedding(self.length(range)?),
            "timestamp" => self.timestamp()?,
            "enum" => self.labels(range)?,
            "list" => TypeKind::List(Box::new(self.list(range, depth)?)),
            "struct" => self.strukt(range, depth)?,
            "map" => self.map(range, depth)?,
            "arrow" if self.rest().starts_with(':') => self.arrow()?,
            word => match plain_type(word) {
                Some(ty) => self.without_parameters(word, ty)?,
                None => return Err(self.unknown(word, range)),
            },
        };
        Ok(TypeNode {
            kind,
            range: start..self.at,
        })
    }

    // ---- parameters ----

    fn without_parameters(&mut self, word: &str, ty: ColumnType) -> Parsed<TypeKind> {
        let open = match self.peek() {
            Some(open @ ('(' | '<')) => open,
            _ => return Ok(TypeKind::Plain(ty)),
        };
        let start = self.at;
        let close = if open == '(' { ')' } else { '>' };
        let end = self
            .rest()
            .find(close)
            .map_or(self.text.len(), |at| start + at + 1);
        let message = format!("`{word}` takes no parameters");
        Err(problem(
            Rule::TypeParameters,
            start..end,
            message,
            format!("write `{word}`"),
        ))
    }

    fn decimal(&mut self, word: Range<usize>) -> Parsed<TypeKind> {
        let help = "write the number of digits, and the number of digits after the point: `decimal(18, 2)`";
        let mut numbers = self.numbers(word.clone(), help)?.into_iter();
        match (numbers.next(), numbers.next(), numbers.next()) {
            (Some(precision), Some(scale), None) => Ok(TypeKind::Decimal(precision, scale)),
            (Some(precision), None, None) => {
                let message = "`decimal` takes two numbers, but has one";
                let help = format!("write `decimal({}, 0)` for whole numbers", precision.value);
                Err(problem(
                    Rule::TypeParameters,
                    precision.range,
                    message,
                    help,
                ))
            }
            _ => {
                let message = "`decimal` takes two numbers";
                Err(problem(
                    Rule::TypeParameters,
                    word.start..self.at,
                    message,
                    help,
                ))
            }
        }
    }

    /// Parses the number of `bytes(n)` or `embedding(n)`.
    fn length(&mut self, word: Range<usize>) -> Parsed<Ranged<i128>> {
        let keyword = self.slice(word.clone());
        let help = match keyword {
            "bytes" => "write `bytes(16)`, or `bytes` for any length",
            _ => "write the number of floats per embedding: `embedding(384)`",
        };
        let mut numbers = self.numbers(word.clone(), help)?.into_iter();
        match (numbers.next(), numbers.next()) {
            (Some(length), None) => Ok(length),
            _ => {
                let message = format!("`{keyword}` takes one number");
                Err(problem(
                    Rule::TypeParameters,
                    word.start..self.at,
                    message,
                    help,
                ))
            }
        }
    }

    fn numbers(&mut self, word: Range<usize>, help: &str) -> Parsed<Vec<Ranged<i128>>> {
        let keyword = self.slice(word.clone());
        if self.peek() != Some('(') {
            let message = format!("`{keyword}` needs parameters");
            return Err(problem(Rule::TypeParameters, word, message, help));
        }
        let open = self.bump();
        let mut numbers = Vec::new();
        loop {
            self.blanks();
            if numbers.is_empty() && self.eat(')') {
                return Ok(numbers);
            }
            let start = self.at;
            let digits = self.take_while(|c| c.is_ascii_digit() || c == '-');
            let Ok(number) = saturating(digits) else {
                let found = if digits.is_empty() {
                    self.next_token()
                } else {
                    start..self.at
                };
                let message = match self.slice(found.clone()) {
                    "" => return Err(unclosed(open, '(')),
                    token => format!("{} is not a whole number", backticked(token)),
                };
                return Err(problem(Rule::TypeParameters, found, message, help));
            };
            numbers.push(Ranged::new(number, start..self.at));
            self.blanks();
            if self.eat(')') {
                return Ok(numbers);
            }
            self.comma(open.clone(), '(')?;
        }
    }

    fn timestamp(&mut self) -> Parsed<TypeKind> {
        if self.peek() != Some('(') {
            return Ok(TypeKind::Timestamp(TimeUnit::Microsecond, None));
        }
        let open = self.bump();
        self.blanks();
        let start = self.at;
        if self.peek() == Some('\'') {
            let zone = self.quoted()?;
            let message = "the zone follows the unit";
            let help = format!("write `timestamp(us, '{}')`", zone.value);
            return Err(problem(Rule::TypeParameters, zone.range, message, help));
        }
        let word = self.take_while(|c| c.is_alphanumeric() || c == '_');
        let Some(unit) = TimeUnit::ALL.into_iter().find(|unit| unit.as_str() == word) else {
            let units = "the units are `s`, `ms`, `us` and `ns`";
            let range = if word.is_empty() {
                self.next_token()
            } else {
                start..self.at
            };
            if range.is_empty() {
                return Err(unclosed(open, '('));
            }
            let message = format!(
                "{} is not a unit of time",
                backticked(self.slice(range.clone()))
            );
            let help = match unit_alias(word) {
                Some(unit) => format!("did you mean `timestamp({})`?", unit.as_str()),
                None => units.to_string(),
            };
            return Err(problem(Rule::TypeParameters, range, message, help));
        };
        self.blanks();
        if self.eat(')') {
            return Ok(TypeKind::Timestamp(unit, None));
        }
        self.comma(open.clone(), '(')?;
        self.blanks();
        if self.peek() != Some('\'') {
            let found = self.next_token();
            if found.is_empty() {
                return Err(unclosed(open, '('));
            }
            let message = "the zone is not in single quotes";
            let help = format!("for example `timestamp({}, 'UTC')`", unit.as_str());
            return Err(problem(Rule::TypeSyntax, found, message, help));
        }
        let zone = self.quoted()?;
        self.close(open, '(')?;
        Ok(TypeKind::Timestamp(unit, Some(zone)))
    }

    fn labels(&mut self, word: Range<usize>) -> Parsed<TypeKind> {
        if self.peek() != Some('(') {
            let help = format!("write `{}`", usage("enum"));
            return Err(problem(
                Rule::TypeParameters,
                word,
                "`enum` needs labels",
                help,
            ));
        }
        let open = self.bump();
        let mut labels = Vec::new();
        loop {
            self.blanks();
            if labels.is_empty() && self.eat(')') {
                return Ok(TypeKind::Enum(labels));
            }
            if self.peek() != Some('\'') {
                let found = self.next_token();
                let token = self.slice(found.clone());
                let (message, help) = match token {
                    "" => return Err(unclosed(open, '(')),
                    ")" => (
                        "a label is missing after the last comma".to_string(),
                        "delete the comma".to_string(),
                    ),
                    token if token.chars().all(|c| c.is_alphanumeric() || c == '_') => (
                        format!("label {} is not in quotes", backticked(token)),
                        format!("write `'{token}'`"),
                    ),
                    token => (
                        format!("{} is not a label", backticked(token)),
                        format!("write labels in single quotes: `{}`", usage("enum")),
                    ),
                };
                return Err(problem(Rule::TypeSyntax, found, message, help));
            }
            labels.push(self.quoted()?);
            self.blanks();
            if self.eat(')') {
                return Ok(TypeKind::Enum(labels));
            }
            self.comma(open.clone(), '(')?;
        }
    }

    // ---- nested types ----

    fn list(&mut self, word: Range<usize>, depth: usize) -> Parsed<FieldNode> {
        let open = self.open(word, "the type of its elements")?;
        let field = self.field(Some("item"), depth)?;
        self.close(open, '<')?;
        Ok(field)
    }

    fn strukt(&mut self, word: Range<usize>, depth: usize) -> Parsed<TypeKind> {
        let open = self.open(word, "its fields")?;
        let mut fields = Vec::new();
        loop {
            fields.push(self.field(None, depth)?);
            self.blanks();
            if self.eat('>') {
                return Ok(TypeKind::Struct(fields));
            }
            self.comma(open.clone(), '<')?;
        }
    }

    fn map(&mut self, word: Range<usize>, depth: usize) -> Parsed<TypeKind> {
        let open = self.open(word.clone(), "the types of its keys and values")?;
        let key = self.field(Some("key"), depth)?;
        self.blanks();
        if self.peek() == Some('>') {
            let message = "`map` also needs the type of its values";
            let help = format!("write `{}`", usage("map"));
            return Err(problem(
                Rule::TypeParameters,
                word.start..self.at + 1,
                message,
                help,
            ));
        }
        self.comma(open.clone(), '<')?;
        let value = self.field(Some("value"), depth)?;
        self.close(open, '<')?;
        Ok(TypeKind::Map(Box::new((key, value))))
    }

    /// Parses the `<` of a nested type, which must not be followed by `>`.
    fn open(&mut self, word: Range<usize>, needs: &str) -> Parsed<Range<usize>> {
        let keyword = self.slice(word.clone());
        let message = format!("`{keyword}` needs {needs}");
        let help = format!("write `{}`", usage(keyword));
        self.blanks();
        if self.peek() != Some('<') {
            return Err(problem(Rule::TypeParameters, word, message, help));
        }
        let open = self.bump();
        self.blanks();
        if self.peek() == Some('>') {
            let range = word.start..self.at + 1;
            return Err(problem(Rule::TypeParameters, range, message, help));
        }
        Ok(open)
    }

    /// Parses a field inside of a type of depth `depth`. If `name` is `None`, the field is one of a
    /// struct and has its name in the text.
    fn field(&mut self, name: Option<&str>, depth: usize) -> Parsed<FieldNode> {
        self.blanks();
        let id = self.id()?;
        self.blanks();
        let name = match name {
            Some(name) => Ranged::new(name.to_string(), self.at..self.at),
            None => self.field_name()?,
        };
        let ty = self.ty(depth + 1)?;
        self.blanks();
        let start = self.at;
        let null = match self.word() {
            None => None,
            Some("null") => Some(start..self.at),
            Some("not") => {
                self.blanks();
                self.word();
                let message = "a nested field is not null unless it has `null`";
                return Err(problem(
                    Rule::TypeSyntax,
                    start..self.at,
                    message,
                    "delete it",
                ));
            }
            Some(word) => {
                let message = format!("unexpected {} after the type", backticked(word));
                let help = match nearest(word, ["null"]) {
                    Some(_) => "did you mean `null`?",
                    None => {
                        "a nested field consists of its id, its type, and `null` if it is nullable"
                    }
                };
                return Err(problem(Rule::TypeSyntax, start..self.at, message, help));
            }
        };
        if self.rest().starts_with('[') {
            return Err(self.brackets(&ty));
        }
        Ok(FieldNode { id, name, ty, null })
    }

    fn id(&mut self) -> Parsed<Option<Ranged<i128>>> {
        if self.peek() != Some('#') {
            return Ok(None);
        }
        let start = self.bump().start;
        let digits = self.take_while(|c| c.is_ascii_digit() || c == '-');
        match saturating(digits) {
            Ok(id) => Ok(Some(Ranged::new(id, start..self.at))),
            Err(()) => {
                let message = "`#` is not followed by an id";
                Err(problem(
                    Rule::TypeSyntax,
                    start..self.at,
                    message,
                    "write `#ID`",
                ))
            }
        }
    }

    fn field_name(&mut self) -> Parsed<Ranged<String>> {
        let start = self.at;
        let name = if self.peek() == Some('\'') {
            self.quoted()?
        } else {
            let word = self.take_while(|c| c.is_alphanumeric() || c == '_');
            Ranged::new(word.to_string(), start..self.at)
        };
        if name.value.is_empty() && name.range.is_empty() {
            let found = self.next_token();
            let message = "expected the name of a field";
            let help = format!("write `{}`", usage("struct"));
            return Err(problem(Rule::TypeSyntax, found, message, help));
        }
        self.blanks();
        if self.eat(':') {
            return Ok(name);
        }
        let (message, help) = if plain_type(&name.value).is_some() {
            let message = format!("the field of type {} has no name", backticked(&name.value));
            (message, format!("write `name: {}`", name.value))
        } else {
            let message = format!(
                "expected `:` after the field name {}",
                backticked(&name.value)
            );
            (message, format!("write `{}: text`", name.value))
        };
        Err(problem(Rule::TypeSyntax, name.range, message, help))
    }

    // ---- arrow ----

    /// Parses the outline of a type in Arrow's notation: a word, and balanced parentheses.
    fn arrow(&mut self) -> Parsed<TypeKind> {
        self.bump();
        self.blanks();
        let start = self.at;
        if self
            .take_while(|c| c.is_ascii_alphanumeric() || c == '_')
            .is_empty()
        {
            let found = self.next_token();
            let message = "expected an Arrow type after `arrow:`";
            return Err(problem(
                Rule::ArrowType,
                found,
                message,
                "for example `arrow:LargeUtf8`",
            ));
        }
        let mut open = Vec::new();
        loop {
            let at = self.at;
            match self.peek() {
                Some('(') => {
                    open.push(self.bump());
                    if open.len() >= limits::NESTING {
                        return Err(self.too_deep(at..at + 1));
                    }
                }
                _ if open.is_empty() => break,
                Some(')') => {
                    self.bump();
                    open.pop();
                    if open.is_empty() {
                        break;
                    }
                }
                Some(quote @ ('"' | '\'')) => self.arrow_quoted(quote)?,
                Some(_) => {
                    self.bump();
                }
                None => return Err(unclosed(open.pop().unwrap_or(at..at), '(')),
            }
        }
        let notation = Ranged::new(self.slice(start..self.at).to_string(), start..self.at);
        Ok(TypeKind::Arrow(notation))
    }

    fn arrow_quoted(&mut self, quote: char) -> Parsed<()> {
        let open = self.bump();
        loop {
            match self.peek() {
                Some('\\') => {
                    self.bump();
                    self.bump();
                }
                Some(c) => {
                    self.bump();
                    if c == quote {
                        return Ok(());
                    }
                }
                None => return Err(unclosed(open, quote)),
            }
        }
    }

    // ---- problems ----

    fn no_type(&mut self) -> TypeProblem {
        let found = self.next_token();
        let message = match self.slice(found.clone()) {
            "" if self.text.trim().is_empty() => "the type is empty".to_string(),
            "" => "expected a type at the end".to_string(),
            token => format!("expected a type, found {}", backticked(token)),
        };
        problem(
            Rule::TypeSyntax,
            found,
            message,
            "for example `text`, `bigint` or `list<#ID text>`",
        )
    }

    fn too_deep(&self, range: Range<usize>) -> TypeProblem {
        let message = format!("types are nested more than {} levels deep", limits::NESTING);
        problem(
            Rule::NestingTooDeep,
            range,
            message,
            "use `json` for deeper nesting",
        )
    }

    fn unknown(&self, word: &str, range: Range<usize>) -> TypeProblem {
        let help = match intended_word(word) {
            Some(intended) => format!("did you mean `{}`?", intended.usage),
            None if word.eq_ignore_ascii_case("arrow") => {
                "write `arrow:` and a type in Arrow's notation".to_string()
            }
            None => format!(
                "the types are {}, and `arrow:` with a type in Arrow's notation",
                TYPE_WORDS
                    .iter()
                    .map(|known| format!("`{}`", known.word))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        };
        problem(
            Rule::UnknownType,
            range,
            format!("unknown type {}", backticked(word)),
            help,
        )
    }

    /// Creates the problem of text after a whole type.
    fn trailing(&mut self, node: &TypeNode) -> TypeProblem {
        let found = self.next_token();
        let rest = found.start..self.text.trim_end().len().max(found.end);
        let (range, message, help) = match self.slice(found.clone()) {
            "null" => (
                rest,
                "`null` is not part of a column type".to_string(),
                self.syntax
                    .choose(
                        "delete it, and write `nullable = true` beside `type`",
                        "delete it, and let the field be an `Option`",
                        "delete it: a column is nullable unless it is `NOT NULL`",
                    )
                    .to_string(),
            ),
            "not" => (
                rest,
                "a column is not null by default".to_string(),
                "delete it".to_string(),
            ),
            "[" => return self.brackets(node),
            token @ (">" | ")") => (
                found,
                format!("unmatched `{token}`"),
                "delete it".to_string(),
            ),
            token => {
                let message = format!("unexpected {} after the type", backticked(token));
                (
                    rest,
                    message,
                    format!("write `{}`", self.slice(node.range.clone())),
                )
            }
        };
        problem(Rule::TypeSyntax, range, message, help)
    }

    fn brackets(&mut self, element: &TypeNode) -> TypeProblem {
        let start = self.at;
        self.bump();
        if self.peek() == Some(']') {
            self.bump();
        }
        let help = format!("write `list<#ID {}>`", self.slice(element.range.clone()));
        problem(
            Rule::TypeSyntax,
            start..self.at,
            "lists are not written with brackets",
            help,
        )
    }

    // ---- tokens ----

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn slice(&self, range: Range<usize>) -> &'a str {
        self.text.get(range).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Consumes one character and returns its range.
    fn bump(&mut self) -> Range<usize> {
        let start = self.at;
        self.at += self.peek().map_or(0, char::len_utf8);
        start..self.at
    }

    fn eat(&mut self, expected: char) -> bool {
        let is_next = self.peek() == Some(expected);
        if is_next {
            self.bump();
        }
        is_next
    }

    fn take_while(&mut self, matches: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|c| !matches(c)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    fn blanks(&mut self) {
        self.take_while(|c| BLANKS.contains(&c));
    }

    /// Consumes a word that begins with a letter or `_`. Consumes nothing if there is no such word.
    fn word(&mut self) -> Option<&'a str> {
        let start = self.at;
        let word = self.take_while(|c| c.is_alphanumeric() || c == '_');
        if word.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            Some(word)
        } else {
            self.at = start;
            None
        }
    }

    /// Returns the range of the next word or sign. The range is empty at the end of the text.
    fn next_token(&mut self) -> Range<usize> {
        self.blanks();
        let start = self.at;
        let word = self.rest().find(|c: char| !c.is_alphanumeric() && c != '_');
        match word {
            Some(0) => start..start + self.peek().map_or(0, char::len_utf8),
            Some(length) => start..start + length,
            None => start..self.text.len(),
        }
    }

    /// Parses a string in single quotes, with quotes inside doubled.
    fn quoted(&mut self) -> Parsed<Ranged<String>> {
        let start = self.at;
        let open = self.bump();
        let mut value = String::new();
        loop {
            value.push_str(self.take_while(|c| c != '\''));
            if !self.eat('\'') {
                return Err(unclosed(open, '\''));
            }
            if !self.eat('\'') {
                return Ok(Ranged::new(value, start..self.at));
            }
            value.push('\'');
        }
    }

    fn comma(&mut self, open: Range<usize>, bracket: char) -> Parsed<()> {
        self.blanks();
        if self.eat(',') {
            return Ok(());
        }
        Err(self.not_closed(open, bracket, "`,` or "))
    }

    fn close(&mut self, open: Range<usize>, bracket: char) -> Parsed<()> {
        self.blanks();
        if self.eat(closing(bracket)) {
            return Ok(());
        }
        Err(self.not_closed(open, bracket, ""))
    }

    fn not_closed(&mut self, open: Range<usize>, bracket: char, or: &str) -> TypeProblem {
        let found = self.next_token();
        if found.is_empty() {
            return unclosed(open, bracket);
        }
        let close = closing(bracket);
        let token = backticked(self.slice(found.clone()));
        let message = format!("expected {or}`{close}`, found {token}");
        let help = match self.slice(found.clone()) {
            "," if bracket == '<' => {
                "a list has one type and a map has two: put several fields into a `struct<..>`"
                    .to_string()
            }
            _ if or.is_empty() => format!("put `{close}` here"),
            _ => format!("put `,` or `{close}` here"),
        };
        problem(Rule::TypeSyntax, found, message, help)
    }
}

fn problem(
    rule: Rule,
    range: Range<usize>,
    message: impl Into<String>,
    help: impl Into<String>,
) -> TypeProblem {
    TypeProblem {
        rule,
        range,
        message: message.into(),
        help: help.into(),
    }
}

fn unclosed(open: Range<usize>, bracket: char) -> TypeProblem {
    let close = closing(bracket);
    let message = format!("unclosed `{bracket}`");
    problem(Rule::TypeSyntax, open, message, format!("add `{close}`"))
}

fn closing(bracket: char) -> char {
    match bracket {
        '(' => ')',
        '<' => '>',
        quote => quote,
    }
}

/// Parses a number. Saturates, since the bounds of `i128` are out of range for every parameter.
fn saturating(digits: &str) -> Result<i128, ()> {
    use std::num::IntErrorKind;
    digits
        .parse()
        .or_else(|error: std::num::ParseIntError| match error.kind() {
            IntErrorKind::PosOverflow => Ok(i128::MAX),
            IntErrorKind::NegOverflow => Ok(i128::MIN),
            _ => Err(()),
        })
}

/// Returns the unit for another spelling of its name.
pub(crate) fn unit_alias(word: &str) -> Option<TimeUnit> {
    Some(match word.to_lowercase().as_str() {
        "s" | "sec" | "secs" | "second" | "seconds" | "0" => TimeUnit::Second,
        "ms" | "milli" | "millis" | "millisecond" | "milliseconds" | "3" => TimeUnit::Millisecond,
        // The micro sign, the Greek letter, and the letter of a keyboard.
        "us" | "µs" | "μs" | "micro" | "micros" | "microsecond" | "microseconds" | "6" => {
            TimeUnit::Microsecond
        }
        "ns" | "nano" | "nanos" | "nanosecond" | "nanoseconds" | "9" => TimeUnit::Nanosecond,
        _ => return None,
    })
}
