// SPDX-License-Identifier: Apache-2.0

//! Properties of all inputs: no panics, positions inside of the text, and definitions that parse
//! from their canonical text.

use std::num::NonZeroU64;

use kalamtable_model::{
    AccessLevel, Column, ColumnDefault, ColumnType, DefaultFunction, Diagnostic, Direction,
    Literal, Location, MapFields, NestedField, PrimaryKey, RawColumn, RawTable, RawText, Renames,
    Reserved, Shared, SourceFile, SourceSpan, Sources, Spanned, Style, Syntax, TableDefinition,
    TableKind, TableName, TableParts, TextOrigin, TimeUnit, check, compare_versions,
    format_definition, parse_and_check, parse_and_check_for_rust, render, rust_names,
};
use proptest::prelude::*;

const SAMPLE: &str = r#"#:schema ../../table.schema.json
name        = "system.jobs"
renamed_from = "system.tasks"
comment     = "Background jobs: flushes, größere clean-ups"
primary_key = ["job_id", "tenant"]
unique      = [["status"], ["tenant", "price"]]
row         = "Job"
version     = 3
kind        = "system"

[columns]
job_id     = { id = 1,  type = "text", comment = "Unique job id" }
tenant     = { id = 2,  type = "uuid" }
status     = { id = 3,  type = "enum('new', 'queued', 'it''s')", rust = "JobStatus", variants = { "it's" = "Its" }, default = "new" }
price      = { id = 4,  type = "decimal(10, 2)", renamed_from = "cost", default = "1.50", deprecated = "use charge" }
parameters = { id = 5,  type = "json", nullable = true, default = '{"a": 1}' }
routes     = { id = 6,  type = "list<#7 struct<#8 a: int, #9 b: map<#10 text, #11 double null> null>>" }
payload    = { id = 12, type = 'arrow:Struct("a b": Int32, "c": Dictionary(Int8, Utf8))' }
created_at = { id = 15, type = "timestamp", unit = "ms", default = "now()", comment = ".." }
seen_at    = { id = 16, type = "timestamp(ns, 'Europe/Berlin')", default = 2024-05-27T07:30:00.5+02:00 }
vector     = { id = 17, type = "embedding(384)" }

[columns.note]
id = 18
type = """
text"""

[reserved]
ids   = [20, 21]
names = ["username"]
"#;

/// Parses, checks and renders a text, and checks the positions of its diagnostics.
fn survive(text: &str) {
    let mut sources = Sources::new();
    let id = sources.push(SourceFile::new("x.toml", text));
    match parse_and_check(&sources, id) {
        Ok(table) => reads_back(&table.definition),
        Err(problems) => {
            assert!(!problems.is_empty());
            check_diagnostics(&problems, text, &sources);
        }
    }
    if let Err(problems) = parse_and_check_for_rust(&sources, id) {
        check_diagnostics(&problems, text, &sources);
    }
}

fn check_diagnostics(problems: &[Diagnostic], text: &str, sources: &Sources) {
    for problem in problems {
        assert!(
            !problem.message.is_empty() && !problem.message.contains(['\n', '\0']),
            "{problem:?}"
        );
        assert!(!problem.one_line(sources).contains('\n'));
        if let Location::Span { primary, related } = &problem.location {
            for label in related.iter().chain([primary]) {
                let SourceSpan::Text { range, .. } = &label.span else {
                    panic!("a key in the diagnostics of a text: {problem:?}");
                };
                assert!(
                    range.start <= range.end && text.is_char_boundary(range.start),
                    "{problem:?}"
                );
                assert!(text.is_char_boundary(range.end), "{problem:?}");
            }
        }
    }
    let shown = render(problems, sources, Style::Plain);
    assert_eq!(shown.matches("error[KT").count(), problems.len(), "{shown}");
    render(problems, sources, Style::Coloured);
}

fn reads_back(definition: &TableDefinition) {
    let text = definition.to_toml();
    let mut sources = Sources::new();
    let id = sources.push(SourceFile::new("x.toml", text.as_str()));
    match parse_and_check(&sources, id) {
        Ok(table) => {
            // NaN differs from itself, so definitions with it are compared by their texts.
            assert_eq!(table.definition.to_toml(), text);
            if !text.contains("default = nan") {
                assert_eq!(&table.definition, definition, "{text}");
                assert_eq!(table.definition.fingerprint(), definition.fingerprint());
            }
        }
        Err(problems) => panic!("{}", render(&problems, &sources, Style::Plain)),
    }
}

/// A change to a text, at positions that are fractions of its length.
#[derive(Clone, Debug)]
enum Edit {
    Delete(f64, usize),
    Insert(f64, String),
    Copy(f64, usize, f64),
    Truncate(f64),
}

fn edit() -> impl Strategy<Value = Edit> {
    let place = 0.0..1.0_f64;
    let piece = prop_oneof![
        prop::sample::select(vec![
            "\"",
            "'",
            "{",
            "}",
            "[",
            "]",
            "<",
            ">",
            "(",
            ")",
            ",",
            ".",
            "=",
            "#",
            "\n",
            "\r\n",
            "\\",
            "\u{feff}",
            "id",
            "name",
            "type",
            "columns",
            "null",
            "now()",
            "-",
            "0",
            "99999999999999999999",
            "nan",
            "inf",
            "1e999",
            "2024-02-30",
            "é",
            "\u{0}",
            "\u{202e}",
            "list<",
            "arrow:",
            "self",
            "Self",
            "\"\"\"",
            "[[columns]]",
            "[columns]",
            "[columns.x]",
            "\\u0000",
        ])
        .prop_map(str::to_string),
        ".{0,4}",
    ];
    prop_oneof![
        (place.clone(), 0..40_usize).prop_map(|(at, length)| Edit::Delete(at, length)),
        (place.clone(), piece).prop_map(|(at, text)| Edit::Insert(at, text)),
        (place.clone(), 0..80_usize, place.clone())
            .prop_map(|(at, length, to)| Edit::Copy(at, length, to)),
        place.prop_map(Edit::Truncate),
    ]
}

fn apply(text: &mut String, edit: &Edit) {
    let at =
        |text: &str, share: f64| text.floor_char_boundary((text.len() as f64 * share) as usize);
    let end = |text: &str, start: usize, length: usize| {
        text.floor_char_boundary((start + length).min(text.len()))
    };
    match edit {
        Edit::Delete(share, length) => {
            let start = at(text, *share);
            text.replace_range(start..end(text, start, *length), "");
        }
        Edit::Insert(share, piece) => text.insert_str(at(text, *share), piece),
        Edit::Copy(share, length, to) => {
            let start = at(text, *share);
            let piece = text[start..end(text, start, *length)].to_string();
            text.insert_str(at(text, *to), &piece);
        }
        Edit::Truncate(share) if *share > 0.9 => text.truncate(at(text, *share)),
        Edit::Truncate(_) => {}
    }
}

/// A token of the type grammar, or a similar text.
fn type_token() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec![
            "list<", "struct<", "map<", "enum(", "decimal(", "bytes(", "embedding(", "timestamp(",
            "arrow:", "Struct(", "List(", "Dictionary(", "Int8", "Utf8", "Union(Sparse, ", "non-null ", "field: ", "metadata: ",
            "text", "int", "uuid", "double", "a: ", "null", "not null", "#2 ", "#3 ", "#", "<", ">", ">", "(", ")", ")", ",", ":",
            "'", "'a'", "''", "\"", "\"a\"", "1", "38", "0", "-1", "us", " ", " ", "\n", "é", "[]", "\u{0}", "\\",
        ]).prop_map(str::to_string),
        1 => ".{0,3}",
    ]
}

fn check_type(ty: String) {
    let mut sources = Sources::new();
    let id = sources.push(SourceFile::new("x.toml", ty.as_str()));
    let span = SourceSpan::text(id, 0..0);
    let text = |text: &str| Spanned::new(text.to_string(), span.clone());
    let whole = SourceSpan::text(id, 0..ty.len());
    let column = RawColumn::new(
        text("c"),
        Spanned::new(1, span.clone()),
        RawText::new(&ty, whole, TextOrigin::Verbatim(0)),
    );
    let columns = Spanned::new(vec![column], span.clone());
    let mut raw = RawTable::new(Syntax::Toml, text("a.b"), columns);
    raw.no_primary_key = Some(text("none"));
    match check(&raw) {
        Ok(definition) => reads_back(&definition),
        Err(problems) => check_diagnostics(&problems, &ty, &sources),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    /// A definition can follow itself. Every problem of another definition names the only earlier
    /// version.
    #[test]
    fn versions_are_compared_without_panics(old in definition(), next in definition()) {
        let none = Renames::default();
        let same = compare_versions(&[&old], &old, &none, Direction::Full);
        prop_assert_eq!(same, []);
        for problem in compare_versions(&[&old], &next, &none, Direction::Full) {
            prop_assert_eq!(problem.version, old.version());
            prop_assert!(!problem.message.contains('\n'), "{}", problem.message);
            prop_assert!(!problem.help.is_empty());
        }
    }

    #[test]
    fn bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        survive(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn text_does_not_panic(text in "[\\[\\]{}='\"a-c0-9.,#\n\\\\ éT:+-]{0,120}") {
        survive(&text);
    }

    #[test]
    fn mutated_definitions_do_not_panic(edits in prop::collection::vec(edit(), 1..6)) {
        let mut text = SAMPLE.to_string();
        for edit in &edits {
            apply(&mut text, edit);
        }
        survive(&text);
    }

    #[test]
    fn mutated_values_do_not_panic(column in 0..10_usize, edits in prop::collection::vec(edit(), 1..3)) {
        let start = SAMPLE.match_indices("\n").nth(9 + column).unwrap().0;
        let end = start + 1 + SAMPLE[start + 1..].find('\n').unwrap();
        let mut line = SAMPLE[start..end].to_string();
        for edit in &edits {
            apply(&mut line, edit);
        }
        survive(&format!("{}{line}{}", &SAMPLE[..start], &SAMPLE[end..]));
    }

    #[test]
    fn types_do_not_panic(tokens in prop::collection::vec(type_token(), 0..16)) {
        check_type(tokens.concat());
    }

    #[test]
    fn deep_types_do_not_overflow(piece in type_token(), count in 1..20_000_usize) {
        check_type(piece.repeat(count));
    }

    #[test]
    fn definitions_parse_from_their_text(definition in definition()) {
        reads_back(&definition);
    }

    #[test]
    fn formatted_definitions_keep_meaning_and_comments(
        definition in definition(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..6_usize), 0..12),
    ) {
        let canonical = definition.to_toml();
        prop_assert_eq!(&format(&canonical).0, &canonical);

        let text = with_comments(&canonical, &edits);
        let (once, formatted_definition) = format(&text);
        prop_assert_eq!(&formatted_definition, &definition);
        prop_assert_eq!(&format(&once).0, &once);
        prop_assert_eq!(comments(&once), comments(&text));
    }
}

/// Returns the formatted text, and the definition that it has.
fn format(text: &str) -> (String, TableDefinition) {
    let mut sources = Sources::new();
    let id = sources.push(SourceFile::new("x.toml", text));
    let formatted = format_definition(&sources, id).unwrap();
    let id = sources.push(SourceFile::new("x.toml", formatted.clone()));
    (formatted, parse_and_check(&sources, id).unwrap().definition)
}

/// Adds comments, blank lines and spaces to a canonical text, which has no string of several lines.
fn with_comments(canonical: &str, edits: &[(prop::sample::Index, usize)]) -> String {
    let mut lines: Vec<String> = canonical.lines().map(str::to_string).collect();
    for (number, (line, edit)) in edits.iter().enumerate() {
        let at = line.index(lines.len());
        match edit {
            0 => lines.insert(at, format!("# kalam comment {number}")),
            1 => lines.insert(at, format!("  # kalam comment {number}  ")),
            2 => lines.insert(at, String::new()),
            3 => lines.push(format!("# kalam comment {number}")),
            4 => lines[at].insert_str(0, "  "),
            // A comment, or the end of one.
            _ => lines[at].push_str(&format!(" # kalam comment {number}")),
        }
    }
    lines.join("\n")
}

/// Returns the comments that [`with_comments`] has added, sorted.
fn comments(text: &str) -> Vec<&str> {
    let parts = text.split("# kalam comment ").skip(1);
    let numbers = parts.filter_map(|rest| rest.split([' ', '\n']).next());
    let mut comments: Vec<&str> = numbers.collect();
    comments.sort_unstable();
    comments
}

#[test]
fn sample_is_a_definition() {
    let mut sources = Sources::new();
    let id = sources.push(SourceFile::new("x.toml", SAMPLE));
    let table = parse_and_check(&sources, id);
    assert!(
        table.is_ok(),
        "{}",
        render(&table.unwrap_err(), &sources, Style::Plain)
    );
}

#[test]
fn deep_toml_does_not_overflow() {
    for piece in [
        "[", "{a=", "a.", "[a]\n", "[[a]]\n", "a={", "'", "\"", "\"\"\"", "\\", "a=\n", "#", "\r",
        "[a.", "a=1,",
    ] {
        survive(&piece.repeat(50_000));
        survive(&format!("x = {}", piece.repeat(50_000)));
    }
}

// ---- definitions ----

fn unit() -> impl Strategy<Value = TimeUnit> {
    prop::sample::select(TimeUnit::ALL.to_vec())
}

fn zone() -> impl Strategy<Value = String> {
    let names: Vec<String> = chrono_tz::TZ_VARIANTS
        .iter()
        .map(|zone| zone.name().to_string())
        .collect();
    prop_oneof![
        prop::sample::select(names),
        "[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?",
    ]
}

fn primitive() -> impl Strategy<Value = ColumnType> {
    let plain = vec![
        ColumnType::Boolean,
        ColumnType::TinyInt,
        ColumnType::SmallInt,
        ColumnType::Int,
        ColumnType::BigInt,
        ColumnType::UTinyInt,
        ColumnType::USmallInt,
        ColumnType::UInt,
        ColumnType::UBigInt,
        ColumnType::Float,
        ColumnType::Double,
        ColumnType::Text,
        ColumnType::Bytes,
        ColumnType::Date,
        ColumnType::Time,
        ColumnType::DateTime,
        ColumnType::Interval,
        ColumnType::Uuid,
        ColumnType::Json,
        ColumnType::File,
        ColumnType::Arrow("LargeUtf8".into()),
        ColumnType::Arrow("Struct(\"a b\": Int32, \"c\": non-null Duration(ns))".into()),
    ];
    prop_oneof![
        6 => prop::sample::select(plain),
        1 => (1..=38_u8).prop_flat_map(|precision| (Just(precision), 0..=precision))
            .prop_map(|(precision, scale)| ColumnType::Decimal { precision, scale }),
        1 => (1..=1_048_576_u32).prop_map(ColumnType::FixedBytes),
        1 => (1..=65_536_u32).prop_map(ColumnType::Embedding),
        1 => (unit(), prop::option::of(zone()))
            .prop_map(|(unit, zone)| ColumnType::Timestamp { unit, zone: zone.map(Shared::from) }),
        1 => prop::collection::vec("[^a-zA-Z0-9]{0,3}", 1..5).prop_map(|tails| {
            // The number makes labels and their variants unique.
            let label = |(index, tail)| Shared::from(format!("l{index}{tail}"));
            ColumnType::Enum(tails.into_iter().enumerate().map(label).collect())
        }),
    ]
}

/// Types without ids, which [`with_ids`] adds.
fn column_type() -> impl Strategy<Value = ColumnType> {
    let field = |name: String, (ty, nullable): (ColumnType, bool)| NestedField {
        id: 0,
        name: name.into(),
        ty,
        nullable,
    };
    primitive().prop_recursive(4, 12, 3, move |inner| {
        let inner = (inner, any::<bool>());
        prop_oneof![
            inner
                .clone()
                .prop_map(move |it| ColumnType::List(field("item".into(), it).into())),
            prop::collection::vec(inner.clone(), 1..4).prop_map(move |fields| {
                let fields = fields.into_iter().enumerate();
                ColumnType::Struct(
                    fields
                        .map(|(index, it)| field(format!("f{index}"), it))
                        .collect(),
                )
            }),
            inner.prop_map(move |it| ColumnType::Map(Shared::from(MapFields {
                key: field("key".into(), (ColumnType::Text, false)),
                value: field("value".into(), it),
            }))),
        ]
    })
}

fn with_ids(ty: ColumnType, next: &mut i32) -> ColumnType {
    let mut field = |field: &NestedField| {
        *next += 1;
        let id = *next;
        NestedField {
            id,
            ty: with_ids(field.ty.clone(), next),
            ..field.clone()
        }
    };
    match ty {
        ColumnType::List(element) => ColumnType::List(field(&element).into()),
        ColumnType::Struct(fields) => ColumnType::Struct(fields.iter().map(field).collect()),
        ColumnType::Map(fields) => {
            let (key, value) = (field(&fields.key), field(&fields.value));
            ColumnType::Map(MapFields { key, value }.into())
        }
        other => other,
    }
}

/// Returns a valid default of the type, derived from a number.
fn default(ty: &ColumnType, seed: i64, text: &str) -> Option<ColumnDefault> {
    let call = DefaultFunction::ALL
        .into_iter()
        .find(|function| function.fits(ty));
    if let Some(function) = call
        && seed % 3 == 0
    {
        return Some(ColumnDefault::Call(function));
    }
    const YEAR_ZERO: i64 = -719_528;
    const DAYS: i64 = 3_652_425;
    let day = YEAR_ZERO + seed.rem_euclid(DAYS);
    let literal = match ty {
        ColumnType::Boolean => Literal::Boolean(seed % 2 == 0),
        ColumnType::TinyInt => Literal::Integer(i128::from(seed as i8)),
        ColumnType::Int => Literal::Integer(i128::from(seed as i32)),
        ColumnType::BigInt => Literal::Integer(i128::from(seed)),
        ColumnType::UBigInt => Literal::Integer(i128::from(seed as u64)),
        ColumnType::Float => Literal::Float(f64::from(f32::from_bits(seed as u32))),
        ColumnType::Double => Literal::Float(f64::from_bits(seed as u64)),
        ColumnType::Decimal { precision, .. } => {
            Literal::Integer(i128::from(seed) % 10_i128.pow(u32::from(*precision)))
        }
        ColumnType::Text => Literal::Text(text.into()),
        ColumnType::Json | ColumnType::File => Literal::Text(format!("{{\"a\": {seed}}}").into()),
        ColumnType::Enum(labels) => Literal::Text(labels[0].clone()),
        ColumnType::Uuid => Literal::Bytes((i128::from(seed) * 7).to_be_bytes().to_vec().into()),
        ColumnType::Date => Literal::Integer(i128::from(day)),
        ColumnType::Time => Literal::Integer(i128::from(seed.rem_euclid(86_400_000_000))),
        ColumnType::DateTime | ColumnType::Timestamp { .. } => {
            let unit = ty.time_unit()?;
            let days = if unit == TimeUnit::Nanosecond {
                day % 90_000
            } else {
                day
            };
            let per_day = unit.per_second() * 86_400;
            Literal::Integer(
                i128::from(days) * i128::from(per_day) + i128::from(seed.rem_euclid(per_day)),
            )
        }
        _ => return None,
    };
    Some(ColumnDefault::Literal(literal))
}

/// Returns one key per column that can be a key, last column first, and a key of all of them.
fn unique_keys(columns: &[Column]) -> Vec<Shared<[usize]>> {
    let keys = columns.iter().enumerate().rev();
    let keys = keys.filter(|(_, column)| column.ty.is_key_type());
    let all: Vec<usize> = keys.map(|(position, _)| position).collect();
    let mut unique: Vec<Shared<[usize]>> = all.iter().map(|at| vec![*at].into()).collect();
    if all.len() > 1 {
        unique.push(all.into());
    }
    unique
}

fn definition() -> impl Strategy<Value = TableDefinition> {
    let text = || {
        prop::option::of(
            "[^\\p{Cc}\u{202a}-\u{202e}\u{2066}-\u{2069}]{0,12}|\\PC{0,12}|[\"'\\\\\n\t\r]{0,4}",
        )
    };
    let source = || prop::option::of("[^\u{0}]{1,12}|\\PC{1,12}|[\"'\\\\\n\t\u{1}\u{7f}]{1,4}");
    let column = (
        column_type(),
        any::<bool>(),
        any::<i64>(),
        text(),
        prop::option::of(unit()),
        any::<bool>(),
        source(),
    );
    let columns = prop::collection::vec(column, 1..6);
    let kind = (
        prop::sample::select(TableKind::ALL.to_vec()),
        any::<NonZeroU64>(),
        prop::sample::select(AccessLevel::ALL.to_vec()),
    );
    let namespace = prop::sample::select(vec!["system", "app"]);
    (
        columns,
        kind,
        namespace,
        text(),
        1..u32::MAX,
        any::<(bool, bool, bool)>(),
    )
        .prop_map(
            |(
                columns,
                (kind, seconds, level),
                namespace,
                comment,
                version,
                (has_row, has_reserved, has_unique),
            )| {
                let mut id = 0;
                let columns: Vec<Column> = columns
                    .into_iter()
                    .enumerate()
                    .map(
                        |(index, (ty, nullable, seed, text, unit, has_rust, source))| {
                            id += 1;
                            let column_id = id;
                            let ty = with_ids(ty, &mut id);
                            let name = format!("c{index}");
                            let default = default(&ty, seed, text.as_deref().unwrap_or("x"));
                            // Few of these literals are exact in the unit of the row field.
                            let free = !matches!(default, Some(ColumnDefault::Literal(_)));
                            Column {
                                id: column_id,
                                unit: unit.filter(|unit| {
                                    free && ty.time_unit().is_some_and(|own| own != *unit)
                                }),
                                default,
                                rust: has_rust.then(|| match ty {
                                    ColumnType::Enum(_) => format!("Own{index}").into(),
                                    _ => "crate::own::Type".into(),
                                }),
                                // The prefix makes sources unique.
                                source: source.map(|source| format!("{index}{source}").into()),
                                name: name.into(),
                                ty,
                                nullable,
                                deprecated: text
                                    .as_deref()
                                    .filter(|text| nullable && !text.trim().is_empty())
                                    .map(Shared::from),
                                comment: text.map(Shared::from),
                            }
                        },
                    )
                    .collect();
                let table = "things";
                let unique_keys = if has_unique {
                    unique_keys(&columns)
                } else {
                    Vec::new()
                };
                TableDefinition::from_checked(TableParts {
                    name: TableName {
                        namespace: namespace.into(),
                        table: table.into(),
                    },
                    kind,
                    ttl_seconds: (kind == TableKind::Stream).then_some(seconds),
                    access_level: (kind == TableKind::Shared).then_some(level),
                    version,
                    comment: comment.map(Shared::from),
                    primary_key: PrimaryKey::None {
                        reason: "generated".into(),
                    },
                    unique_keys: unique_keys.into(),
                    row: if has_row {
                        "Row".into()
                    } else {
                        rust_names::camel_case(table).into()
                    },
                    columns: columns.into(),
                    reserved: Reserved {
                        ids: if has_reserved {
                            vec![id + 1, id + 9].into()
                        } else {
                            Vec::new().into()
                        },
                        names: if has_reserved {
                            vec!["gone".into()].into()
                        } else {
                            Vec::new().into()
                        },
                    },
                })
            },
        )
}
