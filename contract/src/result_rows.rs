// SPDX-License-Identifier: Apache-2.0

//! [`ResultRows`]: the rows that a query returned, and their comparison with the expected rows,
//! independent of batch boundaries.

use std::collections::HashMap;
use std::fmt;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::bare::{bare_array, bare_type};

/// The maximum number of rows in a message.
const SHOWN_ROWS: usize = 10;

/// The rows that a query or a scan returned.
#[derive(Clone, Debug)]
pub(crate) struct ResultRows {
    pub(crate) schema: SchemaRef,
    pub(crate) batches: Vec<RecordBatch>,
}

/// The rows of the reference that an answer must consist of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ExpectedRows {
    /// All rows, in any order.
    All,
    /// All rows, in the order of the reference.
    Ordered,
    /// Any `count` rows. Most likely these are the rows after the first `skip`.
    Some { skip: usize, count: usize },
    /// Any rows, at least this many.
    AtLeast(usize),
}

impl ResultRows {
    pub(crate) fn new(schema: SchemaRef, batches: Vec<RecordBatch>) -> Self {
        ResultRows { schema, batches }
    }

    pub(crate) fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// Concatenates the batches, unless their schemas differ.
    pub(crate) fn in_one_batch(mut self) -> Self {
        if let Ok(batch) = self.concat() {
            self.batches = vec![batch];
        }
        self
    }

    pub(crate) fn concat(&self) -> Result<RecordBatch, ArrowError> {
        arrow::compute::concat_batches(&self.schema, &self.batches)
    }

    /// Compares `found` with this answer of the reference. Returns descriptions of what was
    /// expected and found, or `None` if `found` is correct.
    pub(crate) fn difference(
        &self,
        found: &ResultRows,
        expected: ExpectedRows,
    ) -> Option<(String, String)> {
        let types = |answer: &ResultRows| -> Vec<String> {
            let fields = answer.schema.fields().iter();
            fields
                .map(|field| bare_type(field.data_type()).to_string())
                .collect()
        };
        if types(self) != types(found) {
            let columns = |answer| format!("columns of types {}", types(answer).join(", "));
            return Some((columns(self), columns(found)));
        }
        let begin = match expected {
            ExpectedRows::Some { skip, .. } => skip,
            _ => 0,
        };
        let has_count = match expected {
            ExpectedRows::All | ExpectedRows::Ordered => found.rows() == self.rows(),
            ExpectedRows::Some { count, .. } => found.rows() == count,
            ExpectedRows::AtLeast(count) => found.rows() >= count,
        };
        if has_count && self.continues_with(begin, found) {
            return None;
        }
        let (expected_lines, found_lines) = (self.lines(), found.lines());
        let described = |expected: String| Some((expected, found.to_string()));
        match expected {
            ExpectedRows::Ordered if expected_lines == found_lines => None,
            ExpectedRows::Ordered => described(format!("in this order {self}")),
            ExpectedRows::All => {
                if found_lines.len() != expected_lines.len() {
                    return described(self.to_string());
                }
                let unexpected = not_among(&found_lines, &expected_lines)?;
                described(format!("{self}\nwithout {unexpected}"))
            }
            ExpectedRows::Some { count, .. } if found_lines.len() != count => {
                described(format!("{count} of {self}"))
            }
            ExpectedRows::AtLeast(count) if found_lines.len() < count => {
                described(format!("{count} or more of {self}"))
            }
            ExpectedRows::Some { .. } | ExpectedRows::AtLeast(_) => {
                let unexpected = not_among(&found_lines, &expected_lines)?;
                described(format!("rows of {self}\nwithout {unexpected}"))
            }
        }
    }

    /// Returns whether the rows of `other` are the rows of this answer from row `begin` on, in the
    /// same order. This is the common case, and needs no formatting.
    fn continues_with(&self, begin: usize, other: &ResultRows) -> bool {
        match (self.concat(), other.concat()) {
            (Ok(all), Ok(some)) if begin + some.num_rows() <= all.num_rows() => {
                let all = all.slice(begin, some.num_rows());
                let mut columns = all.columns().iter().zip(some.columns());
                columns.all(|(one, other)| bare_array(other).is_ok_and(|other| *one == other))
            }
            (Ok(_), Ok(some)) => some.num_rows() == 0,
            _ => false,
        }
    }

    /// Formats each row, such that different values of a column have different texts.
    fn lines(&self) -> Vec<String> {
        self.batches.iter().flat_map(lines).collect()
    }
}

fn lines(batch: &RecordBatch) -> Vec<String> {
    // A null must differ from every text, and an error of the formatter must not end the
    // comparison.
    let options = FormatOptions::new().with_null("␀").with_display_error(true);
    let columns: Vec<Result<ArrayFormatter<'_>, ArrowError>> = batch
        .columns()
        .iter()
        .map(|column| ArrayFormatter::try_new(column, &options))
        .collect();
    let cell = |column: &Result<ArrayFormatter<'_>, ArrowError>, row| match column {
        Ok(column) => column.value(row).to_string(),
        Err(error) => error.to_string(),
    };
    (0..batch.num_rows())
        .map(|row| {
            let cells: Vec<String> = columns.iter().map(|column| cell(column, row)).collect();
            format!("({})", cells.join(" | "))
        })
        .collect()
}

/// Returns a line that occurs more often in `lines` than in `others`.
fn not_among<'a>(lines: &'a [String], others: &[String]) -> Option<&'a String> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for line in others {
        *counts.entry(line).or_default() += 1;
    }
    lines
        .iter()
        .find(|line| match counts.get_mut(line.as_str()) {
            Some(0) | None => true,
            Some(count) => {
                *count -= 1;
                false
            }
        })
}

impl fmt::Display for ResultRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.lines();
        write!(f, "{} rows", lines.len())?;
        for line in lines.iter().take(SHOWN_ROWS) {
            write!(f, "\n  {line}")?;
        }
        if lines.len() > SHOWN_ROWS {
            f.write_str("\n  ..")?;
        }
        Ok(())
    }
}
