// SPDX-License-Identifier: Apache-2.0

//! The rows of the metadata tables: what a definition says, in the words of the SQL standard.

use kalamtable_model::{ColumnType, ConstraintKind, TableDefinition, TableKind, TimeUnit};
use kalamtable_rows::KalamTable;

use super::MetadataRow;

/// Where a table is registered. Its definition may have another name.
pub(super) struct Place<'a> {
    pub(super) catalog: &'a str,
    pub(super) schema: &'a str,
    pub(super) table: &'a str,
}

/// The tables that have a definition.
#[derive(Clone, Debug, KalamTable)]
#[kalam(
    table = "kalamtable.tables",
    kind = "view",
    primary_key(table_catalog, table_schema, table_name),
    crate = crate
)]
pub(super) struct Table {
    /// The catalog that the table is registered in.
    table_catalog: String,
    /// The schema that the table is registered in.
    table_schema: String,
    /// The name that the table is registered under.
    table_name: String,
    /// `BASE TABLE`, or `VIEW` if its rows are computed when they are read.
    table_type: String,
    /// The name that the definition says: `namespace.table`.
    definition_name: String,
    /// Whose rows it holds: `system`, `user`, `shared`, `stream` or `view`.
    kind: String,
    /// The version of the definition, from 1.
    version: u32,
    /// The SHA-256 of the definition's canonical text, in hexadecimal.
    fingerprint: String,
    /// What the definition says of the table.
    comment: Option<String>,
}

impl MetadataRow for Table {
    fn push(rows: &mut Vec<Self>, place: &Place<'_>, definition: &TableDefinition) {
        rows.push(Table {
            table_catalog: place.catalog.to_string(),
            table_schema: place.schema.to_string(),
            table_name: place.table.to_string(),
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

/// Their columns.
#[derive(Clone, Debug, KalamTable)]
#[kalam(
    table = "kalamtable.columns",
    kind = "view",
    primary_key(table_catalog, table_schema, table_name, ordinal_position),
    crate = crate
)]
pub(super) struct Column {
    /// The catalog that the table is registered in.
    table_catalog: String,
    /// The schema that the table is registered in.
    table_schema: String,
    /// The name that the table is registered under.
    table_name: String,
    /// The name of the column.
    column_name: String,
    /// Its place in `SELECT *`, from 1.
    ordinal_position: i32,
    /// What an `INSERT` that leaves it out writes, in SQL.
    column_default: Option<String>,
    /// `YES` if it may be null, else `NO`.
    is_nullable: String,
    /// Its type as a definition writes it.
    data_type: String,
    /// Its type in Arrow, as DataFusion's `information_schema` writes it.
    arrow_type: String,
    /// How many digits a number has, in the base that `numeric_precision_radix` says.
    numeric_precision: Option<i32>,
    /// 2, or 10 for a decimal.
    numeric_precision_radix: Option<i32>,
    /// How many of a number's digits are behind the point, where all numbers of the type have the same.
    numeric_scale: Option<i32>,
    /// How many digits a second has behind the point.
    datetime_precision: Option<i32>,
    /// The labels of a closed set, in the order of the definition.
    allowed_values: Option<Vec<String>>,
    /// Its identity for ever: the Parquet field id, and what a rename keeps.
    column_id: i32,
    /// What the definition says of the column.
    comment: Option<String>,
}

impl MetadataRow for Column {
    fn push(rows: &mut Vec<Self>, place: &Place<'_>, definition: &TableDefinition) {
        for (ordinal_position, column) in (1..).zip(definition.columns()) {
            let number = Number::of(&column.ty);
            rows.push(Column {
                table_catalog: place.catalog.to_string(),
                table_schema: place.schema.to_string(),
                table_name: place.table.to_string(),
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
                        Some(labels.iter().map(|it| it.to_string()).collect())
                    }
                    _ => None,
                },
                column_id: column.id,
                comment: column.comment.as_deref().map(str::to_string),
            });
        }
    }
}

/// The digits of a numeric type, counted as PostgreSQL does.
struct Number {
    precision: i32,
    radix: i32,
    scale: Option<i32>,
}

impl Number {
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
        Some(Number {
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

/// Their keys, and the closed sets of their columns.
#[derive(Clone, Debug, KalamTable)]
#[kalam(
    table = "kalamtable.table_constraints",
    kind = "view",
    primary_key(table_catalog, table_schema, table_name, constraint_name),
    crate = crate
)]
pub(super) struct TableConstraint {
    /// That of the table.
    constraint_catalog: String,
    /// That of the table.
    constraint_schema: String,
    /// The name as PostgreSQL would give it; unique in the table.
    constraint_name: String,
    /// The catalog that the table is registered in.
    table_catalog: String,
    /// The schema that the table is registered in.
    table_schema: String,
    /// The name that the table is registered under.
    table_name: String,
    /// `PRIMARY KEY` or `UNIQUE`; `CHECK` for a closed set.
    constraint_type: String,
}

impl MetadataRow for TableConstraint {
    fn push(rows: &mut Vec<Self>, place: &Place<'_>, definition: &TableDefinition) {
        for constraint in constraints_by_name(definition) {
            rows.push(TableConstraint {
                constraint_catalog: place.catalog.to_string(),
                constraint_schema: place.schema.to_string(),
                constraint_name: constraint.name,
                table_catalog: place.catalog.to_string(),
                table_schema: place.schema.to_string(),
                table_name: place.table.to_string(),
                constraint_type: constraint.kind.as_str().to_string(),
            });
        }
    }
}

/// The columns of their keys.
#[derive(Clone, Debug, KalamTable)]
#[kalam(
    table = "kalamtable.key_column_usage",
    kind = "view",
    primary_key(table_catalog, table_schema, table_name, constraint_name, ordinal_position),
    crate = crate
)]
pub(super) struct KeyColumn {
    /// That of the table.
    constraint_catalog: String,
    /// That of the table.
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
    /// Its place in the key, from 1.
    ordinal_position: i32,
}

impl MetadataRow for KeyColumn {
    fn push(rows: &mut Vec<Self>, place: &Place<'_>, definition: &TableDefinition) {
        for constraint in constraints_by_name(definition) {
            if constraint.kind == ConstraintKind::Check {
                continue;
            }
            let columns = constraint.columns.iter();
            let columns = columns.filter_map(|at| definition.columns().get(*at));
            for (ordinal_position, column) in (1..).zip(columns) {
                rows.push(KeyColumn {
                    constraint_catalog: place.catalog.to_string(),
                    constraint_schema: place.schema.to_string(),
                    constraint_name: constraint.name.clone(),
                    table_catalog: place.catalog.to_string(),
                    table_schema: place.schema.to_string(),
                    table_name: place.table.to_string(),
                    column_name: column.name.to_string(),
                    ordinal_position,
                });
            }
        }
    }
}

fn constraints_by_name(definition: &TableDefinition) -> Vec<kalamtable_model::TableConstraint> {
    let mut constraints = definition.constraints();
    constraints.sort_by(|one, other| one.name.cmp(&other.name));
    constraints
}
