// SPDX-License-Identifier: Apache-2.0

//! CSV as in RFC 4180: fields separated by commas, in quotes if they contain a comma, a quote or a
//! line break. The names in the header are matched with the columns, their sources or their earlier
//! names, in any order.
//! A column that the header lacks has its default in every row, or null if it is nullable and has
//! no default.
//!
//! An empty field is null, with two exceptions. In a `text` or `bytes` column, an empty field in
//! quotes is empty, and so is one without quotes if the column is not nullable. Nested values and
//! embeddings are JSON. A blank line is skipped, unless the table has only one column.
//!
//! The `arrow-csv` reader does not suit this crate: it does not distinguish `""` from an empty
//! field, it truncates decimals that have too many digits, and its errors count records instead of
//! lines.

use std::path::Path;

use arrow::array::{ArrayRef, RecordBatch};
use kalamtable_model::value_text;
use kalamtable_model::{Column, ColumnType, nearest};

use crate::default_value::default_text;
use crate::error::{
    DataError, ValueMismatch, ValueProblem, did_you_mean, occurs_twice, shorten, shorten_list,
};
use crate::json::{self, JsonCell};
use crate::lines::{Lines, MAX_RECORD_BYTES};
use crate::row_buffer::{RowBuffer, TextCell};
use crate::text;
use crate::versioned_definition::FileVersions;

/// Builds an array from the cells of one column.
pub(crate) fn build(column: &Column, cells: &[TextCell<&str>]) -> Result<ArrayRef, ValueMismatch> {
    let is_text = matches!(
        column.ty,
        ColumnType::Text | ColumnType::Bytes | ColumnType::Arrow(_)
    );
    let default = default_text(column);
    let mut values = Vec::with_capacity(cells.len());
    for (index, cell) in cells.iter().enumerate() {
        let value = match cell {
            TextCell::Absent => default.as_deref(),
            TextCell::Text("") if is_text => Some(""),
            TextCell::Empty if is_text && !column.nullable => Some(""),
            TextCell::Empty | TextCell::Text("") => None,
            TextCell::Text(text) => Some(*text),
        };
        if value.is_none() && !column.nullable {
            return Err(ValueMismatch::new(index, None, ValueProblem::Empty));
        }
        values.push(value);
    }
    if text::is_textual(&column.ty) {
        return text::build(&column.ty, &values);
    }
    let mut json_cells = Vec::with_capacity(values.len());
    for (index, value) in values.into_iter().enumerate() {
        json_cells.push(match value {
            None => JsonCell::Null,
            Some(raw) => {
                value_text::json(raw)
                    .map_err(|error| ValueMismatch::new(index, Some(raw), error.into()))?;
                JsonCell::new(raw.trim())
            }
        });
    }
    json::build(&column.ty, column.nullable, &json_cells)
}

/// Checks the header of a file.
pub(crate) fn check_header(path: &Path, versions: &FileVersions) -> Result<(), DataError> {
    let mut records = RecordReader::open(path)?;
    read_header(&mut records, versions).map(|_| ())
}

/// Reads a file through `rows` and passes each batch to `emit`, until `emit` returns `false`.
pub(crate) fn read(
    path: &Path,
    rows: &mut RowBuffer<'_>,
    mut emit: impl FnMut(RecordBatch) -> bool,
) -> Result<(), DataError> {
    let mut records = RecordReader::open(path)?;
    let positions = read_header(&mut records, rows.versions())?;
    let mut record = Record::default();
    while records.next(&mut record)? {
        if record.is_blank() && positions.len() > 1 {
            continue;
        }
        if record.len() != positions.len() {
            let (found, expected) = (record.len(), positions.len());
            let fields = if found == 1 { "field" } else { "fields" };
            let message = format!("the row has {found} {fields}, but the header has {expected}");
            return Err(records.lines.problem(record.line, message));
        }
        rows.begin(record.line);
        for (field, &position) in record.fields().zip(&positions) {
            rows.set(position, field);
        }
        if rows.is_full() && !emit(rows.take(path)?) {
            return Ok(());
        }
    }
    if !rows.is_empty() {
        emit(rows.take(path)?);
    }
    Ok(())
}

/// Reads the header and returns, for each of its fields, the position of the column.
fn read_header(
    records: &mut RecordReader,
    versions: &FileVersions,
) -> Result<Vec<usize>, DataError> {
    let definition = &versions.current;
    let mut record = Record::default();
    let names = || definition.columns().iter().map(Column::source_name);
    let all_names = || names().collect::<Vec<_>>().join(",");
    if !records.next(&mut record)? || record.is_blank() {
        let message = format!(
            "the file has no header: begin it with the line `{}`",
            shorten(&all_names())
        );
        return Err(DataError::file(records.lines.path(), message));
    }
    let problem = |message| Err(records.lines.problem(record.line, message));
    let mut positions = Vec::with_capacity(record.len());
    for field in record.fields() {
        let name = match field {
            TextCell::Text(name) => name,
            TextCell::Absent | TextCell::Empty => "",
        };
        let Some((position, column)) = versions.text_column(name) else {
            let table = definition.name();
            let hint = match nearest(name, names()) {
                None if record.len() == 1 && name.contains([';', '\t', '|']) => {
                    "; fields are separated by commas".to_string()
                }
                None => format!("; its columns are {}", shorten(&all_names())),
                nearest => did_you_mean(nearest),
            };
            let name = shorten(name);
            return problem(format!(
                "`{name}` in the header is not a column of `{table}`{hint}"
            ));
        };
        if positions.contains(&position) {
            let twice = occurs_twice(column, name);
            let name = shorten(name);
            return problem(format!("`{name}`{twice} in the header"));
        }
        positions.push(position);
    }
    let columns = definition.columns().iter().enumerate();
    let missing = columns.filter(|(position, column)| {
        !positions.contains(position) && !column.nullable && default_text(column).is_none()
    });
    let missing: Vec<String> = missing
        .map(|(_, column)| format!("`{}`", column.source_name()))
        .collect();
    if !missing.is_empty() {
        let missing = shorten_list(&missing);
        return problem(format!(
            "the header lacks {missing}, without a default and not nullable"
        ));
    }
    Ok(positions)
}

/// The fields of one record.
#[derive(Default)]
struct Record {
    /// The line on which the record begins, from 1.
    line: u64,
    /// The fields without their quotes, end to end.
    text: String,
    /// For each field, the offset of its end in the text, and whether it was quoted.
    fields: Vec<(usize, bool)>,
}

impl Record {
    fn len(&self) -> usize {
        self.fields.len()
    }

    fn is_blank(&self) -> bool {
        self.text.is_empty() && matches!(self.fields[..], [(_, false)])
    }

    fn fields(&self) -> impl Iterator<Item = TextCell<&str>> {
        let mut begin = 0;
        self.fields.iter().map(move |&(end, is_quoted)| {
            let text = &self.text[begin..end];
            begin = end;
            match text {
                "" if !is_quoted => TextCell::Empty,
                text => TextCell::Text(text),
            }
        })
    }
}

/// The state of the parser within a record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FieldState {
    FieldBegins,
    Unquoted,
    Quoted,
    /// After a quote in a quoted field: the end of the field, or the first half of an escaped
    /// quote.
    QuoteInQuoted,
}

/// Reads a file record by record.
struct RecordReader {
    lines: Lines,
}

impl RecordReader {
    fn open(path: &Path) -> Result<Self, DataError> {
        let lines = Lines::open(path)?;
        Ok(RecordReader { lines })
    }

    /// Reads the next record. Returns `false` at the end of the file.
    fn next(&mut self, record: &mut Record) -> Result<bool, DataError> {
        record.text.clear();
        record.fields.clear();
        let Some((number, line)) = self.lines.next()? else {
            return Ok(false);
        };
        record.line = number;
        let mut state = FieldState::FieldBegins;
        let mut parsed = parse_line(line, &mut state, record);
        while let (Ok(()), FieldState::Quoted) = (parsed, state) {
            if record.text.len() > MAX_RECORD_BYTES {
                parsed = Err("the row is longer than 64 MiB: a quote is probably not closed");
                break;
            }
            parsed = match self.lines.next()? {
                Some((_, line)) => parse_line(line, &mut state, record),
                None => Err("a field begins with a quote that is never closed"),
            };
        }
        parsed.map_err(|message| self.lines.problem(record.line, message))?;
        record
            .fields
            .push((record.text.len(), state == FieldState::QuoteInQuoted));
        Ok(true)
    }
}

/// Appends the fields of a line to a record, except the last one, which the caller ends. If the
/// state afterwards is `Quoted`, the record continues on the next line.
fn parse_line(line: &str, state: &mut FieldState, record: &mut Record) -> Result<(), &'static str> {
    let content = line
        .strip_suffix("\r\n")
        .or_else(|| line.strip_suffix(['\n', '\r']))
        .unwrap_or(line);
    let mut rest = content;
    loop {
        // Delimiters are ASCII, so these are character boundaries.
        let stop = match state {
            FieldState::Quoted => rest.find('"'),
            _ => rest.find([',', '"']),
        };
        let (plain, after) = rest.split_at(stop.unwrap_or(rest.len()));
        if !plain.is_empty() {
            match state {
                FieldState::FieldBegins => *state = FieldState::Unquoted,
                FieldState::QuoteInQuoted => {
                    return Err(
                        "text follows the closing quote of a field: write a quote inside a quoted field twice",
                    );
                }
                FieldState::Unquoted | FieldState::Quoted => {}
            }
            record.text.push_str(plain);
        }
        let Some(byte) = after.bytes().next() else {
            break;
        };
        rest = &after[1..];
        match (byte, *state) {
            (b',', state_before) => {
                let is_quoted = state_before == FieldState::QuoteInQuoted;
                record.fields.push((record.text.len(), is_quoted));
                *state = FieldState::FieldBegins;
            }
            (_, FieldState::FieldBegins) => *state = FieldState::Quoted,
            (_, FieldState::Quoted) => *state = FieldState::QuoteInQuoted,
            (_, FieldState::QuoteInQuoted) => {
                record.text.push('"');
                *state = FieldState::Quoted;
            }
            (_, FieldState::Unquoted) => {
                return Err(
                    "an unquoted field contains a quote: put the field in quotes, and write the inner quote twice",
                );
            }
        }
    }
    if *state == FieldState::Quoted {
        // The line break is part of the field.
        record.text.push_str(&line[content.len()..]);
    }
    Ok(())
}
