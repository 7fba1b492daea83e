// SPDX-License-Identifier: Apache-2.0

//! [`Answer`]: the result of a query in a form that can be compared.

use std::cmp::Ordering;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::prelude::SessionContext;

/// The columns of a query and its rows, in the order of the result.
pub(crate) struct Answer {
    columns: Vec<(String, DataType)>,
    pub(crate) rows: Vec<Vec<ScalarValue>>,
}

impl Answer {
    pub(crate) async fn to(query: &str, server: &SessionContext) -> Result<Self> {
        let frame = server.sql(query).await?;
        let fields = frame.schema().fields();
        let columns = fields.iter().map(|field| {
            let ty = plain_type(field.data_type());
            (field.name().clone(), ty.clone())
        });
        let columns: Vec<_> = columns.collect();
        let mut rows = Vec::new();
        for batch in frame.collect().await? {
            let arrays = batch.columns().iter();
            let arrays: Vec<ArrayRef> = arrays
                .map(|array| cast(array, plain_type(array.data_type())))
                .collect::<Result<_, _>>()?;
            for row in 0..batch.num_rows() {
                let values = arrays.iter();
                let values = values.map(|array| ScalarValue::try_from_array(array, row));
                rows.push(values.collect::<Result<_>>()?);
            }
        }
        Ok(Answer { columns, rows })
    }

    /// Whether the answer has no value to compare.
    pub(crate) fn is_vacuous(&self) -> bool {
        self.rows.iter().flatten().all(ScalarValue::is_null)
    }

    /// Returns a description of the first difference, or `None` if the answers are equal. Both
    /// sides are sorted by all columns, because the order of rows with equal sort keys is
    /// arbitrary.
    pub(crate) fn difference_from(&self, expected: &Answer) -> Option<String> {
        if self.columns != expected.columns {
            return Some(format!(
                "columns {:?}, not {:?}",
                self.columns, expected.columns
            ));
        }
        if self.rows.len() != expected.rows.len() {
            return Some(format!(
                "{} rows, not {}",
                self.rows.len(),
                expected.rows.len()
            ));
        }
        let (rows, expected) = (sorted(&self.rows), sorted(&expected.rows));
        let mut pairs = rows.iter().zip(expected);
        let (row, expected) = pairs.find(|(row, expected)| {
            let mut values = row.iter().zip(*expected);
            !values.all(|(value, expected)| is_same(value, expected))
        })?;
        Some(format!("row {row:?}, not {expected:?}"))
    }

    /// Returns the first row that precedes its previous row in the `order by` of `query`.
    pub(crate) fn first_out_of_order(&self, query: &str) -> Option<usize> {
        let (_, keys) = query.rsplit_once("order by")?;
        let keys = keys.split(';').next()?.split("limit").next()?;
        let keys: Vec<(usize, bool)> = keys.split(',').map(|key| self.key(key.trim())).collect();
        let is_ordered = |pair: &[Vec<ScalarValue>]| {
            let mut orders = keys.iter().map(|&(column, is_descending)| {
                let order = compare(&pair[0][column], &pair[1][column]);
                if is_descending {
                    order.reverse()
                } else {
                    order
                }
            });
            orders.find(|order| order.is_ne()) != Some(Ordering::Greater)
        };
        let first = self.rows.windows(2).position(|pair| !is_ordered(pair))?;
        Some(first + 1)
    }

    /// Returns the position of a sort key's column, and whether the order is descending.
    fn key(&self, key: &str) -> (usize, bool) {
        let (name, is_descending) = match key.strip_suffix(" desc") {
            Some(name) => (name, true),
            None => (key, false),
        };
        let mut columns = self.columns.iter();
        let column = columns.position(|(column, _)| column == name);
        let column = column.unwrap_or_else(|| panic!("no column `{name}` to order by"));
        (column, is_descending)
    }
}

/// Maps all text types to one, because plain DataFusion reads text from Parquet as views.
fn plain_type(ty: &DataType) -> &DataType {
    match ty {
        DataType::Utf8View | DataType::LargeUtf8 => &DataType::Utf8,
        other => other,
    }
}

fn sorted(rows: &[Vec<ScalarValue>]) -> Vec<&Vec<ScalarValue>> {
    let mut rows: Vec<_> = rows.iter().collect();
    rows.sort_by(|a, b| {
        let mut orders = a.iter().zip(*b).map(|(a, b)| compare(a, b));
        orders
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    });
    rows
}

fn compare(a: &ScalarValue, b: &ScalarValue) -> Ordering {
    a.partial_cmp(b)
        .expect("the values of a column have one type")
}

/// Compares exactly, except for floating-point sums, which depend on the order of the rows.
fn is_same(value: &ScalarValue, expected: &ScalarValue) -> bool {
    match (value, expected) {
        (ScalarValue::Float64(Some(value)), ScalarValue::Float64(Some(expected))) => {
            (value - expected).abs() <= 1e-9 * value.abs().max(expected.abs())
        }
        _ => value == expected,
    }
}
