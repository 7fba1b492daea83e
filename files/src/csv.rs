// SPDX-License-Identifier: Apache-2.0

//! CSV as RFC 4180 has it: fields parted by commas, quoted where they hold a comma, a quote or a
//! line break; a header whose names are matched with the columns', in any order.
//!
//! An empty field is null, with these exceptions: in a `text` column an empty field in quotes is
//! empty text, and so is one without quotes if the column may not be null. Nested values and
//! embeddings are JSON. A blank line counts for nothing, unless the table has but one column.

use std::path::Path;

use arrow::array::{ArrayRef, RecordBatch};
use kalamtable_model::{Column, ColumnType, TableDefinition};

use crate::json::{self, Place};
use crate::lines::{Lines, MAX_RECORD_BYTES};
use crate::problem::{DataError, Misfit, Problem, did_you_mean, nearest, shorten};
use crate::rows::{Cell, Rows};
use crate::text;

/// Converts the cells of one column.
pub(crate) fn build(column: &Column, cells: &[Cell<&str>]) -> Result<ArrayRef, Misfit> {
    let is_text = matches!(column.ty, ColumnType::Text | ColumnType::Arrow(_));
    let mut values = Vec::with_capacity(cells.len());
    for (index, cell) in cells.iter().enumerate() {
        let value = match cell {
            Cell::Text("") if is_text => Some(""),
            Cell::Empty if is_text && !column.nullable => Some(""),
            Cell::Absent | Cell::Empty | Cell::Text("") => None,
            Cell::Text(text) => Some(*text),
        };
        if value.is_none() && !column.nullable {
            return Err(Misfit::new(index, None, Problem::Empty));
        }
        values.push(value);
    }
    if text::is_textual(&column.ty) {
        return text::build(&column.ty, &values);
    }
    let mut places = Vec::with_capacity(values.len());
    for (index, value) in values.into_iter().enumerate() {
        places.push(match value {
            None => Place::Null,
            Some(raw) => {
                text::json(raw).map_err(|problem| Misfit::new(index, Some(raw), problem))?;
                Place::written(raw.trim())
            }
        });
    }
    json::build(&column.ty, column.nullable, &places)
}

/// Checks the header alone.
pub(crate) fn check_header(path: &Path, definition: &TableDefinition) -> Result<(), DataError> {
    let mut records = Records::open(path)?;
    read_header(&mut records, definition).map(|_| ())
}

/// Reads the file through `rows` and gives each batch to `emit`, until that says stop.
pub(crate) fn read(
    path: &Path,
    rows: &mut Rows<'_>,
    mut emit: impl FnMut(RecordBatch) -> bool,
) -> Result<(), DataError> {
    let mut records = Records::open(path)?;
    let positions = read_header(&mut records, rows.definition())?;
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

/// For each field of a record, the position of its column.
fn read_header(
    records: &mut Records,
    definition: &TableDefinition,
) -> Result<Vec<usize>, DataError> {
    let mut record = Record::default();
    let names = || definition.columns().iter().map(|column| &*column.name);
    let all_names = || names().collect::<Vec<_>>().join(",");
    if !records.next(&mut record)? || record.is_blank() {
        let message = format!(
            "there is no header: begin the file with the line `{}`",
            shorten(&all_names())
        );
        return Err(DataError::file(records.lines.path(), message));
    }
    let problem = |message| Err(records.lines.problem(record.line, message));
    let mut positions = Vec::with_capacity(record.len());
    for field in record.fields() {
        let name = match field {
            Cell::Text(name) => name,
            Cell::Absent | Cell::Empty => "",
        };
        let Some((position, _)) = definition.column(name) else {
            let table = definition.name();
            let hint = match nearest(name, names()) {
                None if record.len() == 1 && name.contains([';', '\t', '|']) => {
                    "; fields are parted by commas".to_string()
                }
                None => format!("; its columns are {}", shorten(&all_names())),
                nearest => did_you_mean(nearest),
            };
            let name = shorten(name);
            return problem(format!(
                "`{name}` in the header is no column of `{table}`{hint}"
            ));
        };
        if positions.contains(&position) {
            return problem(format!("`{name}` is in the header twice"));
        }
        positions.push(position);
    }
    let missing: Vec<String> = names()
        .enumerate()
        .filter(|(position, _)| !positions.contains(position))
        .map(|(_, name)| format!("`{name}`"))
        .collect();
    if !missing.is_empty() {
        let missing = missing.join(", ");
        return problem(format!("the header lacks {missing}"));
    }
    Ok(positions)
}

/// The fields of one record.
#[derive(Default)]
struct Record {
    /// Where it begins.
    line: u64,
    text: String,
    /// Where each field ends in the text, and whether it was quoted.
    fields: Vec<(usize, bool)>,
}

impl Record {
    fn len(&self) -> usize {
        self.fields.len()
    }

    fn is_blank(&self) -> bool {
        self.text.is_empty() && matches!(self.fields[..], [(_, false)])
    }

    fn fields(&self) -> impl Iterator<Item = Cell<&str>> {
        let mut begin = 0;
        self.fields.iter().map(move |&(end, is_quoted)| {
            let text = &self.text[begin..end];
            begin = end;
            match text {
                "" if !is_quoted => Cell::Empty,
                text => Cell::Text(text),
            }
        })
    }
}

/// Where in a record the reader is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    FieldBegins,
    Bare,
    Quoted,
    /// Behind a quote in a quoted field: its end, or the first of two that stand for one.
    QuoteInQuoted,
}

/// Reads records.
struct Records {
    lines: Lines,
}

impl Records {
    fn open(path: &Path) -> Result<Self, DataError> {
        let lines = Lines::open(path)?;
        Ok(Records { lines })
    }

    /// Reads the next record; says whether there was one.
    fn next(&mut self, record: &mut Record) -> Result<bool, DataError> {
        record.text.clear();
        record.fields.clear();
        let Some((number, line)) = self.lines.next()? else {
            return Ok(false);
        };
        record.line = number;
        let mut state = State::FieldBegins;
        let mut parsed = parse_line(line, &mut state, record);
        while let (Ok(()), State::Quoted) = (parsed, state) {
            if record.text.len() > MAX_RECORD_BYTES {
                parsed = Err("the row is longer than 64 MiB; is a quote never closed?");
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
            .push((record.text.len(), state == State::QuoteInQuoted));
        Ok(true)
    }
}

/// Reads a line, without its end, into a record; the state at the end of the line is `Quoted` if
/// the record goes on.
fn parse_line(line: &str, state: &mut State, record: &mut Record) -> Result<(), &'static str> {
    let bare_line = line.strip_suffix('\n').unwrap_or(line);
    let bare_line = bare_line.strip_suffix('\r').unwrap_or(bare_line);
    let mut rest = bare_line;
    loop {
        // All that the grammar knows is ASCII, so that these are ends of characters.
        let stop = match state {
            State::Quoted => rest.find('"'),
            _ => rest.find([',', '"']),
        };
        let (plain, after) = rest.split_at(stop.unwrap_or(rest.len()));
        if !plain.is_empty() {
            match state {
                State::FieldBegins => *state = State::Bare,
                State::QuoteInQuoted => {
                    return Err(
                        "text follows the quote that closes a field; a quote inside of a quoted field is written twice",
                    );
                }
                State::Bare | State::Quoted => {}
            }
            record.text.push_str(plain);
        }
        let Some(byte) = after.bytes().next() else {
            break;
        };
        rest = &after[1..];
        match (byte, *state) {
            (b',', state_before) => {
                let is_quoted = state_before == State::QuoteInQuoted;
                record.fields.push((record.text.len(), is_quoted));
                *state = State::FieldBegins;
            }
            (_, State::FieldBegins) => *state = State::Quoted,
            (_, State::Quoted) => *state = State::QuoteInQuoted,
            (_, State::QuoteInQuoted) => {
                record.text.push('"');
                *state = State::Quoted;
            }
            (_, State::Bare) => {
                return Err(
                    "a quote is inside of a field that is not quoted: put the field in quotes, and write the inner quote twice",
                );
            }
        }
    }
    if *state == State::Quoted {
        // The line break belongs to the field, as it is in the file.
        record.text.push_str(&line[bare_line.len()..]);
    }
    Ok(())
}
