// SPDX-License-Identifier: Apache-2.0

//! `arrow:` types: Arrow parses the notation, and the type does not have its own column type.

use super::arrow_parts::ArrowProblem;
#[cfg(feature = "arrow")]
use crate::rule::Rule;

/// Returns the notation. Without feature `arrow` only its outline is checked, by the type parser.
#[cfg(not(feature = "arrow"))]
pub(super) fn check(notation: &str) -> Result<String, ArrowProblem> {
    Ok(notation.to_string())
}

/// Returns the canonical notation.
#[cfg(feature = "arrow")]
pub(super) fn check(notation: &str) -> Result<String, ArrowProblem> {
    use arrow_schema::DataType;

    use super::arrow_parts::check_parts;
    use crate::diagnostic::backticked;
    use crate::types::ColumnType;

    let ty: DataType = notation
        .parse()
        .map_err(|error| not_arrow(notation, &error))?;
    check_parts(&ty)?;
    if let Some(own) = ColumnType::from_arrow(&ty) {
        return Err(ArrowProblem {
            rule: Rule::ArrowTypeHasName,
            message: format!(
                "the Arrow type {} has its own column type",
                backticked(notation)
            ),
            help: format!("write `{own}`"),
        });
    }
    let canonical = ty.to_string();
    // Arrow does not escape all names when it writes a type.
    if canonical.parse().ok().as_ref() != Some(&ty) {
        return Err(ArrowProblem {
            rule: Rule::ArrowType,
            message: format!(
                "Arrow cannot parse its own notation of {}",
                backticked(notation)
            ),
            help: "use only letters and digits in names inside of the type".to_string(),
        });
    }
    Ok(canonical)
}

/// Creates the problem of a notation that Arrow does not parse.
#[cfg(feature = "arrow")]
fn not_arrow(notation: &str, error: &arrow_schema::ArrowError) -> ArrowProblem {
    use crate::diagnostic::backticked;
    use crate::suggest::nearest;

    const WORDS: [&str; 38] = [
        "Null",
        "Boolean",
        "Int8",
        "Int16",
        "Int32",
        "Int64",
        "UInt8",
        "UInt16",
        "UInt32",
        "UInt64",
        "Float16",
        "Float32",
        "Float64",
        "Timestamp",
        "Date32",
        "Date64",
        "Time32",
        "Time64",
        "Duration",
        "Interval",
        "Binary",
        "FixedSizeBinary",
        "LargeBinary",
        "BinaryView",
        "Utf8",
        "LargeUtf8",
        "Utf8View",
        "List",
        "ListView",
        "LargeList",
        "LargeListView",
        "FixedSizeList",
        "Struct",
        "Union",
        "Dictionary",
        "Decimal256",
        "Map",
        "RunEndEncoded",
    ];
    let word = notation.split('(').next().unwrap_or_default().trim();
    let near = nearest(word, WORDS).filter(|near| *near != word);
    let text = error.to_string();
    let help = match (near, text.rsplit_once(". Error ")) {
        (Some(near), _) => format!(
            "did you mean `arrow:{near}{}`?",
            notation.get(word.len()..).unwrap_or_default()
        ),
        // Arrow repeats the whole notation before the reason.
        (None, Some((_, reason))) => {
            format!("Arrow reports: {}", backticked(reason).trim_matches('`'))
        }
        (None, None) => "for example `arrow:LargeUtf8`".to_string(),
    };
    ArrowProblem {
        rule: Rule::ArrowType,
        message: format!("{} is not an Arrow type", backticked(notation)),
        help,
    }
}
