// SPDX-License-Identifier: Apache-2.0

//! The rows of the metadata tables, computed from a definition.

use datafusion::error::DataFusionError;
use kalamtable_model::{ColumnType, ConstraintKind, TableDefinition, TableKind, TimeUnit};
use kalamtable_rows::{KalamTable, Row};

/// A row of a metadata table.
pub(super) trait MetadataRow: Row {
    /// Adds the rows for the table that is registered as `name`, in the order of their keys.
    fn push(rows: &mut Vec<Self>, name: &RegisteredName<'_>, definition: &TableDefinition);

    /// Whether the rows are the errors of tables that cannot be opened.
    const HAS_ERRORS: bool = false;

    /// Adds the row for a table that cannot be opened, if the table contains errors.
    fn push_error(_rows: &mut Vec<Self>, _name: &RegisteredName<'_>, _error: &DataFusionError) {}
}

/// The name that a table is registered under. Its definition may have another name.
pub(super) struct RegisteredName<'a> {
    pub(super) catalog: &'a str,
    pub(super) schema: &'a str,
    pub(super) table: &'a str,
}

/// A table that has a definition.
#[derive(Clone, Debug, KalamTable)]
#[kalam(
    table = "kalamtable.tables",
    kind = "view",
    primary_key(table_catalog, table_schema, table_name),
    crate = crate
)]
pub(super) struct TableRow {
    /// The catalog that the table is registered in.
    table_catalog: String,
    /// The schema that the table is registered in.
    table_schema: String,
    /// The name that the table is registered under.
    table_name: String,
    /// `BASE TABLE`, or `VIEW` if its rows are computed when they are read.
    table_type: String,
    /// The name of the definition: `namespace.table`.
    definition_name: String,
    /// The kind of the table: `system`, `user`, `shared`, `stream` or `view`.
    kind: String,
    /// The version of the definition, from 1.
    version: u32,
    /// The SHA-256 of the definition's canonical text, in hexadecimal.
    fingerprint: String,
    /// The comment of the table.
    comment: Option<String>,
}

impl MetadataRow for TableRow {
    fn push(rows: &mut Vec<Self>, name: &RegisteredName<'_>, definition: &TableDefinition) {
        rows.push(TableRow {
            table_catalog: name.catalog.to_string(),
            table_schema: name.schema.to_string(),
            table_name: name.table.to_string(),
            table_type: match definition.kind() {
                TableKind::View => "VIEW",
                TableKind::System | TableKind::User | TableKind::Shared | TableKind::Stream => {
                    "BASE TABLE"
                }
            }
            .to_string(),
            definition_name: definition.name().to_string(),
            kind: definition.kind().as_str().to_string(),
            version: definition.version(),
            fingerprint: definition.fingerprint().to_string(),
            comment: definition.comment().map(str::to_string),
        });
    }
}

/// A column of a table that has a definition.
#[derive(Clone, Debug, KalamTable)]
#[kalam(
    table = "kalamtable.columns",
    kind = "view",
    primary_key(table_catalog, table_schema, table_name, ordinal_position),
    crate = crate
)]
pub(super) struct ColumnRow {
    /// The catalog that the table is registered in.
    table_catalog: String,
    /// The schema that the table is registered in.
    table_schema: String,
    /// The name that the table is registered under.
    table_name: String,
    /// The name of the column.
    column_name: String,
    /// The position of the column in the table, from 1.
    ordinal_position: i32,
    /// The default of the column as a SQL expression, if it has one.
    column_default: Option<String>,
    /// `YES` if the column may be null, otherwise `NO`.
    is_nullable: String,
    /// The column type in the syntax of a definition.
    data_type: String,
    /// The Arrow type, in the syntax of DataFusion's `information_schema`.
    arrow_type: String,
    /// The number of digits of a numeric type, in the base `numeric_precision_radix`.
    numeric_precision: Option<i32>,
    /// The base of `numeric_precision`: 10 for a decimal, 2 for any other numeric type.
    numeric_precision_radix: Option<i32>,
    /// The number of digits after the decimal point, if the type fixes it.
    numeric_scale: Option<i32>,
    /// The number of fractional digits of the seconds of a date or time type.
    datetime_precision: Option<i32>,
    /// The labels of a closed set, in the order of the definition.
    allowed_values: Option<Vec<String>>,
    /// The permanent id of the column, which a rename keeps. It is the Parquet field id.
    column_id: i32,
    /// The comment of the column.
    comment: Option<String>,
}

impl MetadataRow for ColumnRow {
    fn push(rows: &mut Vec<Self>, name: &RegisteredName<'_>, definition: &TableDefinition) {
        for (ordinal_position, column) in (1..).zip(definition.columns()) {
            let number = NumericPrecision::of(&column.ty);
            rows.push(ColumnRow {
                table_catalog: name.catalog.to_string(),
                table_schema: name.schema.to_string(),
                table_name: name.table.to_string(),
                column_name: column.name.to_string(),
                ordinal_position,
                column_default: column
                    .default
                    .as_ref()
                    .map(|default| default.to_sql(&column.ty)),
                is_nullable: if column.nullable { "YES" } else { "NO" }.to_string(),
                data_type: column.ty.to_string(),
                arrow_type: column.ty.arrow_type().to_string(),
                numeric_precision: number.as_ref().map(|number| number.precision),
                numeric_precision_radix: number.as_ref().map(|number| number.radix),
                numeric_scale: number.as_ref().and_then(|number| number.scale),
                datetime_precision: datetime_precision(&column.ty),
                allowed_values: match &column.ty {
                    ColumnType::Enum(labels) => {
                        Some(labels.iter().map(|label| label.to_string()).collect())
                    }
                    _ => None,
                },
                column_id: column.id,
                comment: column.comment.as_deref().map(str::to_string),
            });
        }
    }
}

/// The digits of a numeric type, counted as in PostgreSQL's `information_schema`.
struct NumericPrecision {
    precision: i32,
    radix: i32,
    scale: Option<i32>,
}

impl NumericPrecision {
    fn of(ty: &ColumnType) -> Option<Self> {
        let (precision, radix, scale) = match ty {
            ColumnType::TinyInt | ColumnType::UTinyInt => (8, 2, Some(0)),
            ColumnType::SmallInt | ColumnType::USmallInt => (16, 2, Some(0)),
            ColumnType::Int | ColumnType::UInt => (32, 2, Some(0)),
            ColumnType::BigInt | ColumnType::UBigInt => (64, 2, Some(0)),
            ColumnType::Float => (24, 2, None),
            ColumnType::Double => (53, 2, None),
            ColumnType::Decimal { precision, scale } => {
                (i32::from(*precision), 10, Some(i32::from(*scale)))
            }
            _ => return None,
        };
        Some(NumericPrecision {
            precision,
            radix,
            scale,
        })
    }
}

fn datetime_precision(ty: &ColumnType) -> Option<i32> {
    let unit = match ty {
        ColumnType::Date => TimeUnit::Second,
        ColumnType::Interval => TimeUnit::Nanosecond,
        ty => ty.time_unit()?,
    };
    Some(unit.fraction_digits().into())
}

/// A key of a table, or the closed set of a column.
#[derive(Clone, Debug, KalamTable)]
#[kalam(
    table = "kalamtable.table_constraints",
    kind = "view",
    primary_key(table_catalog, table_schema, table_name, constraint_name),
    crate = crate
)]
pub(super) struct ConstraintRow {
    /// The catalog that the table is registered in.
    constraint_catalog: String,
    /// The schema that the table is registered in.
    constraint_schema: String,
    /// The name of the constraint, unique in the table. It follows the rules of PostgreSQL.
    constraint_name: String,
    /// The catalog that the table is registered in.
    table_catalog: String,
    /// The schema that the table is registered in.
    table_schema: String,
    /// The name that the table is registered under.
    table_name: String,
    /// `PRIMARY KEY` or `UNIQUE` for a key, `CHECK` for a closed set.
    constraint_type: String,
}

impl MetadataRow for ConstraintRow {
    fn push(rows: &mut Vec<Self>, name: &RegisteredName<'_>, definition: &TableDefinition) {
        for constraint in constraints_by_name(definition) {
            rows.push(ConstraintRow {
                constraint_catalog: name.catalog.to_string(),
                constraint_schema: name.schema.to_string(),
                constraint_name: constraint.name,
                table_catalog: name.catalog.to_string(),
                table_schema: name.schema.to_string(),
                table_name: name.table.to_string(),
                constraint_type: constraint.kind.as_str().to_string(),
            });
        }
    }
}

/// A column of a key.
#[derive(Clone, Debug, KalamTable)]
#[kalam(
    table = "kalamtable.key_column_usage",
    kind = "view",
    primary_key(table_catalog, table_schema, table_name, constraint_name, ordinal_position),
    crate = crate
)]
pub(super) struct KeyColumnRow {
    /// The catalog that the table is registered in.
    constraint_catalog: String,
    /// The schema that the table is registered in.
    constraint_schema: String,
    /// The name of the key, in `table_constraints`.
    constraint_name: String,
    /// The catalog that the table is registered in.
    table_catalog: String,
    /// The schema that the table is registered in.
    table_schema: String,
    /// The name that the table is registered under.
    table_name: String,
    /// The name of the column.
    column_name: String,
    /// The position of the column in the key, from 1.
    ordinal_position: i32,
}

impl MetadataRow for KeyColumnRow {
    fn push(rows: &mut Vec<Self>, name: &RegisteredName<'_>, definition: &TableDefinition) {
        for constraint in constraints_by_name(definition) {
            if constraint.kind == ConstraintKind::Check {
                continue;
            }
            let columns = constraint
                .columns
                .iter()
                .filter_map(|position| definition.columns().get(*position));
            for (ordinal_position, column) in (1..).zip(columns) {
                rows.push(KeyColumnRow {
                    constraint_catalog: name.catalog.to_string(),
                    constraint_schema: name.schema.to_string(),
                    constraint_name: constraint.name.clone(),
                    table_catalog: name.catalog.to_string(),
                    table_schema: name.schema.to_string(),
                    table_name: name.table.to_string(),
                    column_name: column.name.to_string(),
                    ordinal_position,
                });
            }
        }
    }
}

/// A table that its catalog cannot open. The other metadata tables have no rows for it.
#[derive(Clone, Debug, KalamTable)]
#[kalam(
    table = "kalamtable.table_errors",
    kind = "view",
    primary_key(table_catalog, table_schema, table_name),
    crate = crate
)]
pub(super) struct TableErrorRow {
    /// The catalog that the table is registered in.
    table_catalog: String,
    /// The schema that the table is registered in.
    table_schema: String,
    /// The name that the table is registered under.
    table_name: String,
    /// The message of the error.
    error: String,
}

impl MetadataRow for TableErrorRow {
    const HAS_ERRORS: bool = true;

    fn push(_rows: &mut Vec<Self>, _name: &RegisteredName<'_>, _definition: &TableDefinition) {}

    fn push_error(rows: &mut Vec<Self>, name: &RegisteredName<'_>, error: &DataFusionError) {
        rows.push(TableErrorRow {
            table_catalog: name.catalog.to_string(),
            table_schema: name.schema.to_string(),
            table_name: name.table.to_string(),
            error: error.strip_backtrace(),
        });
    }
}

fn constraints_by_name(definition: &TableDefinition) -> Vec<kalamtable_model::TableConstraint> {
    let mut constraints = definition.constraints();
    constraints.sort_by(|one, other| one.name.cmp(&other.name));
    constraints
}
