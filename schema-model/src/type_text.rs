// SPDX-License-Identifier: Apache-2.0

//! The type grammar: text to a [`TypeNode`], by recursive descent, with the place of each part.
//!
//! ```text
//! type   = word | word "(" args ")" | "list" "<" field ">" | "struct" "<" named {"," named} ">"
//!        | "map" "<" field "," field ">" | "arrow:" arrow-notation
//! field  = ["#" id] type ["null"]
//! named  = ["#" id] name ":" type ["null"]
//! ```
//!
//! Whether numbers are in range, ids are there and labels differ is left to the checks.

use std::ops::Range;

use crate::diagnostic::backticked;
use crate::limits;
use crate::raw::Syntax;
use crate::rule::Rule;
use crate::suggest::nearest;
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
    /// Bytes of the type text.
    pub(crate) range: Range<usize>,
}

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
    /// `item`, `key` or `value` where the grammar has no name.
    pub(crate) name: Ranged<String>,
    pub(crate) ty: TypeNode,
    /// Where it says `null`.
    pub(crate) null: Option<Range<usize>>,
}

/// The first thing in a type text that the grammar does not allow.
#[derive(Debug)]
pub(crate) struct TypeProblem {
    pub(crate) rule: Rule,
    /// Bytes of the type text.
    pub(crate) range: Range<usize>,
    pub(crate) message: String,
    /// `#ID` in it stands for a free id.
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

/// Every word that begins a type, and how the type is written.
const TYPES: [(&str, &str); 27] = [
    ("boolean", "boolean"),
    ("tinyint", "tinyint"),
    ("smallint", "smallint"),
    ("int", "int"),
    ("bigint", "bigint"),
    ("utinyint", "utinyint"),
    ("usmallint", "usmallint"),
    ("uint", "uint"),
    ("ubigint", "ubigint"),
    ("float", "float"),
    ("double", "double"),
    ("decimal", "decimal(18, 2)"),
    ("text", "text"),
    ("bytes", "bytes"),
    ("date", "date"),
    ("time", "time"),
    ("timestamp", "timestamp"),
    ("datetime", "datetime"),
    ("interval", "interval"),
    ("uuid", "uuid"),
    ("json", "json"),
    ("file", "file"),
    ("embedding", "embedding(384)"),
    ("enum", "enum('a', 'b')"),
    ("list", "list<#ID text>"),
    ("struct", "struct<#ID name: text>"),
    ("map", "map<#ID text, #ID text>"),
];

/// What other systems call a type, and what it is called here.
const FOREIGN: [(&str, &[&str]); 24] = [
    (
        "text",
        &[
            "string",
            "str",
            "varchar",
            "utf8",
            "char",
            "character",
            "nvarchar",
            "clob",
            "largeutf8",
            "utf8view",
        ],
    ),
    ("int", &["integer", "int32", "i32", "int4", "mediumint"]),
    ("bigint", &["int64", "i64", "long", "bigserial"]),
    ("smallint", &["int16", "i16", "short", "int2"]),
    ("tinyint", &["int8", "i8", "byte"]),
    ("utinyint", &["uint8", "u8"]),
    ("usmallint", &["uint16", "u16"]),
    ("uint", &["uint32", "u32", "unsigned"]),
    ("ubigint", &["uint64", "u64", "ulong"]),
    ("float", &["float32", "f32", "real", "float4"]),
    ("double", &["float64", "f64", "float8"]),
    ("boolean", &["bool", "bit"]),
    (
        "bytes",
        &["blob", "bytea", "binary", "varbinary", "largebinary"],
    ),
    (
        "decimal",
        &["numeric", "number", "dec", "decimal128", "money"],
    ),
    ("datetime", &["timestamptz", "timestamp_tz", "instant"]),
    ("json", &["jsonb", "variant", "document"]),
    ("list", &["array", "vec", "sequence", "set"]),
    ("embedding", &["vector", "halfvec", "fixedsizelist"]),
    ("uuid", &["guid", "uniqueidentifier"]),
    ("date", &["date32", "day"]),
    ("time", &["time64"]),
    ("interval", &["duration", "timedelta"]),
    ("struct", &["record", "row", "object", "tuple"]),
    ("map", &["dict", "dictionary", "hashmap", "hstore"]),
];

fn usage(keyword: &str) -> &'static str {
    let known = TYPES.iter().find(|(word, _)| *word == keyword);
    known.map_or("", |(_, usage)| usage)
}

/// The type without parameters that a word stands for.
fn plain(word: &str) -> Option<ColumnType> {
    Some(match word {
        "boolean" => ColumnType::Boolean,
        "tinyint" => ColumnType::TinyInt,
        "smallint" => ColumnType::SmallInt,
        "int" => ColumnType::Int,
        "bigint" => ColumnType::BigInt,
        "utinyint" => ColumnType::UTinyInt,
        "usmallint" => ColumnType::USmallInt,
        "uint" => ColumnType::UInt,
        "ubigint" => ColumnType::UBigInt,
        "float" => ColumnType::Float,
        "double" => ColumnType::Double,
        "text" => ColumnType::Text,
        "date" => ColumnType::Date,
        "time" => ColumnType::Time,
        "datetime" => ColumnType::DateTime,
        "interval" => ColumnType::Interval,
        "uuid" => ColumnType::Uuid,
        "json" => ColumnType::Json,
        "file" => ColumnType::File,
        _ => return None,
    })
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    syntax: Syntax,
}

type Parsed<T> = Result<T, TypeProblem>;

impl<'a> Parser<'a> {
    /// A type; `depth` is 1 for the column's own.
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
            word => match plain(word) {
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
        let help =
            "write how many digits it has, and how many of them after the point: `decimal(18, 2)`";
        let mut numbers = self.numbers(word.clone(), help)?.into_iter();
        match (numbers.next(), numbers.next(), numbers.next()) {
            (Some(precision), Some(scale), None) => Ok(TypeKind::Decimal(precision, scale)),
            (Some(precision), None, None) => {
                let message = "`decimal` takes two numbers, here is one";
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

    /// The one number of `bytes(n)` and `embedding(n)`.
    fn length(&mut self, word: Range<usize>) -> Parsed<Ranged<i128>> {
        let keyword = self.slice(word.clone());
        let help = match keyword {
            "bytes" => "write `bytes(16)`, or `bytes` for any length",
            _ => "write how many numbers one embedding has: `embedding(384)`",
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
                let found = match digits.is_empty() {
                    true => self.next_token(),
                    false => start..self.at,
                };
                let message = match self.slice(found.clone()) {
                    "" => return Err(unclosed(open, '(')),
                    token => format!("{} is no whole number", backticked(token)),
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
            let message = "a zone comes after the unit";
            let help = format!("write `timestamp(us, '{}')`", zone.value);
            return Err(problem(Rule::TypeParameters, zone.range, message, help));
        }
        let word = self.take_while(|c| c.is_alphanumeric() || c == '_');
        let Some(unit) = TimeUnit::ALL.into_iter().find(|unit| unit.as_str() == word) else {
            let units = "a unit is one of `s`, `ms`, `us` and `ns`";
            let range = if word.is_empty() {
                self.next_token()
            } else {
                start..self.at
            };
            if range.is_empty() {
                return Err(unclosed(open, '('));
            }
            let message = format!(
                "{} is no unit of time",
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
            let message = "a zone is written in single quotes";
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
                "`enum` needs its labels",
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
                        format!("{} is no label", backticked(token)),
                        format!("labels are in single quotes: `{}`", usage("enum")),
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
            let message = "`map` needs the type of its values too";
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

    /// The `<` of a nested type, and something in it.
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

    /// A field inside a type of depth `depth`; its name, unless the place gives it one.
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
                let message = "a nested field is not null unless it says `null`";
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
                    None => "a nested field is its id, its type, and `null` if it may be null",
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
                let message = "`#` is followed by the field's id";
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
            let message = "a field's name is expected here";
            let help = format!("write `{}`", usage("struct"));
            return Err(problem(Rule::TypeSyntax, found, message, help));
        }
        self.blanks();
        if self.eat(':') {
            return Ok(name);
        }
        let (message, help) = if plain(&name.value).is_some() {
            let message = format!("the field of type {} has no name", backticked(&name.value));
            (message, format!("write `name: {}`", name.value))
        } else {
            let message = format!(
                "`:` is expected after the field's name {}",
                backticked(&name.value)
            );
            (message, format!("write `{}: text`", name.value))
        };
        Err(problem(Rule::TypeSyntax, name.range, message, help))
    }

    // ---- arrow ----

    /// Takes what has the outline of Arrow's notation: a word, and parentheses that balance.
    fn arrow(&mut self) -> Parsed<TypeKind> {
        self.bump();
        self.blanks();
        let start = self.at;
        if self
            .take_while(|c| c.is_ascii_alphanumeric() || c == '_')
            .is_empty()
        {
            let found = self.next_token();
            let message = "an Arrow type is expected after `arrow:`";
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
            "" => "a type is expected at the end".to_string(),
            token => format!("a type is expected here, not {}", backticked(token)),
        };
        problem(
            Rule::TypeSyntax,
            found,
            message,
            "for example `text`, `bigint` or `list<#ID text>`",
        )
    }

    fn too_deep(&self, range: Range<usize>) -> TypeProblem {
        let message = format!("types nest more than {} deep", limits::NESTING);
        problem(
            Rule::NestingTooDeep,
            range,
            message,
            "keep deeper data in a `json` column",
        )
    }

    fn unknown(&self, word: &str, range: Range<usize>) -> TypeProblem {
        let lower = word.to_ascii_lowercase();
        let words = || TYPES.iter().map(|(word, _)| *word);
        let known = words().find(|known| *known == lower);
        let here = |name: &str| {
            let entry = FOREIGN.iter().find(|(_, names)| names.contains(&name));
            entry.map(|(keyword, _)| *keyword)
        };
        let near = || {
            let foreign = FOREIGN.iter().flat_map(|(_, names)| names.iter().copied());
            let near = nearest(&lower, words().chain(foreign))?;
            here(near).or(Some(near))
        };
        let help = match known.or_else(|| here(&lower)).or_else(near) {
            Some(keyword) => format!("did you mean `{}`?", usage(keyword)),
            None if lower == "arrow" => "write `arrow:` and a type in Arrow's notation".to_string(),
            None => format!(
                "the types are {}, and `arrow:` with a type in Arrow's notation",
                words()
                    .map(|word| format!("`{word}`"))
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

    /// What is left after a whole type.
    fn trailing(&mut self, node: &TypeNode) -> TypeProblem {
        let found = self.next_token();
        let rest = found.start..self.text.trim_end().len().max(found.end);
        let (range, message, help) = match self.slice(found.clone()) {
            "null" => (
                rest,
                "a column's type does not say whether it may be null".to_string(),
                self.syntax
                    .choose(
                        "delete it, and write `nullable = true` beside `type`",
                        "delete it, and let the field be an `Option`",
                    )
                    .to_string(),
            ),
            "not" => (
                rest,
                "a column is not null unless it says so".to_string(),
                "delete it".to_string(),
            ),
            "[" => return self.brackets(node),
            token @ (">" | ")") => (
                found,
                format!("`{token}` closes nothing"),
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

    /// Passes one character, and says where it was.
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

    /// A word that begins with a letter; nothing is passed if there is none.
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

    /// Where the next word or sign is: empty at the end of the text.
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

    /// Text in single quotes, a quote inside doubled.
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
        let message = format!("{or}`{close}` is expected here, not {token}");
        let help = match self.slice(found.clone()) {
            "," if bracket == '<' => {
                "a list holds one type, a map two: put several fields into a `struct<..>`"
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
    let message = format!("`{bracket}` is never closed");
    problem(Rule::TypeSyntax, open, message, format!("add a `{close}`"))
}

fn closing(bracket: char) -> char {
    match bracket {
        '(' => ')',
        '<' => '>',
        quote => quote,
    }
}

/// A number beyond `i128` is out of every range, like the end of `i128`.
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

/// The unit that another spelling means.
pub(crate) fn unit_alias(word: &str) -> Option<TimeUnit> {
    Some(match word.to_lowercase().as_str() {
        "s" | "sec" | "secs" | "second" | "seconds" | "0" => TimeUnit::Second,
        "ms" | "milli" | "millis" | "millisecond" | "milliseconds" | "3" => TimeUnit::Millisecond,
        // The micro sign, the Greek letter, and what there is on a keyboard.
        "us" | "µs" | "μs" | "micro" | "micros" | "microsecond" | "microseconds" | "6" => {
            TimeUnit::Microsecond
        }
        "ns" | "nano" | "nanos" | "nanosecond" | "nanoseconds" | "9" => TimeUnit::Nanosecond,
        _ => return None,
    })
}
