// SPDX-License-Identifier: Apache-2.0

//! [`Answer`]: rows, compared with others without regard to how they are cut into batches.

use std::collections::HashMap;
use std::fmt;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};

/// How many rows a message shows.
const SHOWN_ROWS: usize = 10;

/// The rows that a query or a scan returned.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) schema: SchemaRef,
    pub(super) batches: Vec<RecordBatch>,
}

/// Which rows an answer must have, told by the expected ones.
#[derive(Clone, Copy, Debug)]
pub(super) enum Comparison {
    /// All, in any order.
    All,
    /// All, in their order.
    Ordered,
    /// So many of them, whichever; most likely those after so many others.
    Some { skip: usize, count: usize },
    /// So many of them or more, whichever.
    AtLeast(usize),
}

impl Answer {
    pub(super) fn new(schema: SchemaRef, batches: Vec<RecordBatch>) -> Self {
        Answer { schema, batches }
    }

    pub(super) fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// The same rows in one batch, where that is possible.
    pub(super) fn in_one_batch(mut self) -> Self {
        if let Ok(batch) = self.concat() {
            self.batches = vec![batch];
        }
        self
    }

    pub(super) fn concat(&self) -> Result<RecordBatch, ArrowError> {
        arrow::compute::concat_batches(&self.schema, &self.batches)
    }

    /// What was expected and what was found, if `found` is not as it should be.
    pub(super) fn difference(
        &self,
        found: &Answer,
        comparison: Comparison,
    ) -> Option<(String, String)> {
        let types = |answer: &Answer| -> Vec<String> {
            let fields = answer.schema.fields().iter();
            fields.map(|field| field.data_type().to_string()).collect()
        };
        if types(self) != types(found) {
            let columns = |answer| format!("columns of types {}", types(answer).join(", "));
            return Some((columns(self), columns(found)));
        }
        let begin = match comparison {
            Comparison::Some { skip, .. } => skip,
            _ => 0,
        };
        let enough = match comparison {
            Comparison::All | Comparison::Ordered => found.rows() == self.rows(),
            Comparison::Some { count, .. } => found.rows() == count,
            Comparison::AtLeast(count) => found.rows() >= count,
        };
        if enough && self.continues_with(begin, found) {
            return None;
        }
        let (expected_lines, found_lines) = (self.lines(), found.lines());
        let described = |expected: String| Some((expected, found.to_string()));
        match comparison {
            Comparison::Ordered if expected_lines == found_lines => None,
            Comparison::Ordered => described(format!("in this order {self}")),
            Comparison::All => {
                if found_lines.len() != expected_lines.len() {
                    return described(self.to_string());
                }
                let strange = not_among(&found_lines, &expected_lines)?;
                described(format!("{self}\nwithout {strange}"))
            }
            Comparison::Some { count, .. } if found_lines.len() != count => {
                described(format!("{count} of {self}"))
            }
            Comparison::AtLeast(count) if found_lines.len() < count => {
                described(format!("{count} or more of {self}"))
            }
            Comparison::Some { .. } | Comparison::AtLeast(_) => {
                let strange = not_among(&found_lines, &expected_lines)?;
                described(format!("rows of {self}\nwithout {strange}"))
            }
        }
    }

    /// Whether the rows of `other` stand here from row `begin` on, in that order: the common case,
    /// told without formatting.
    fn continues_with(&self, begin: usize, other: &Answer) -> bool {
        match (self.concat(), other.concat()) {
            (Ok(all), Ok(some)) if begin + some.num_rows() <= all.num_rows() => {
                all.slice(begin, some.num_rows()).columns() == some.columns()
            }
            (Ok(_), Ok(some)) => some.num_rows() == 0,
            _ => false,
        }
    }

    /// Each row as text, in which no two values of a column look the same.
    fn lines(&self) -> Vec<String> {
        self.batches.iter().flat_map(lines).collect()
    }
}

fn lines(batch: &RecordBatch) -> Vec<String> {
    // A null must not look like a text, nor an error of the formatter stop the comparison.
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

/// A line that is more often in `lines` than in `others`.
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

impl fmt::Display for Answer {
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
