// SPDX-License-Identifier: Apache-2.0

//! [`create_statement`]: the `CREATE TABLE` statement of a definition, for `SHOW CREATE TABLE`.

use kalamtable_model::sql_text::{quote, quote_identifier};
use kalamtable_model::{
    AccessLevel, ColumnDefault, ColumnType, Literal, PrimaryKey, TableDefinition,
};

/// Returns a statement that creates an equal table: with the same columns, types, defaults, keys,
/// options and comments. Ids, reserved names and deprecations are not a part of SQL.
pub(super) fn create_statement(definition: &TableDefinition) -> String {
    let name = definition.name();
    let mut lines = Vec::new();
    for column in definition.columns() {
        let mut line = format!("{} {}", quote_identifier(&column.name), column.ty.to_ddl());
        if !column.nullable {
            line += " NOT NULL";
        }
        if let Some(default) = &column.default {
            line += &format!(" DEFAULT {}", default_sql(default, &column.ty));
        }
        if let Some(comment) = &column.comment {
            line += &format!(" COMMENT {}", quote(comment));
        }
        lines.push(line);
    }
    let key = |positions: &[usize]| {
        let columns = definition.columns();
        let names = positions
            .iter()
            .filter_map(|position| columns.get(*position));
        let names: Vec<String> = names.map(|column| quote_identifier(&column.name)).collect();
        names.join(", ")
    };
    let mut options = vec![format!("type = {}", quote(definition.kind().as_str()))];
    match definition.primary_key() {
        PrimaryKey::Columns(columns) => lines.push(format!("PRIMARY KEY ({})", key(columns))),
        PrimaryKey::None { reason } => options.push(format!("no_primary_key = {}", quote(reason))),
    }
    for columns in definition.unique_keys() {
        lines.push(format!("UNIQUE ({})", key(columns)));
    }
    if let Some(seconds) = definition.ttl_seconds() {
        options.push(format!("ttl_seconds = {seconds}"));
    }
    if let Some(level) = definition.access_level()
        && level != AccessLevel::default()
    {
        options.push(format!("access_level = {}", quote(level.as_str())));
    }
    let mut statement = format!(
        "CREATE TABLE {}.{} (\n  {}\n) WITH ({})",
        quote_identifier(&name.namespace),
        quote_identifier(&name.table),
        lines.join(",\n  "),
        options.join(", ")
    );
    if let Some(comment) = definition.comment() {
        statement += &format!(" COMMENT {}", quote(comment));
    }
    statement
}

/// Returns a default as a literal without its type: the column has the type.
fn default_sql(default: &ColumnDefault, ty: &ColumnType) -> String {
    let sql = default.to_sql(ty);
    match default {
        ColumnDefault::Call(_) => sql,
        ColumnDefault::Literal(Literal::Float(value)) if !value.is_finite() => {
            let name = match value {
                value if value.is_nan() => "nan",
                value if *value > 0.0 => "inf",
                _ => "-inf",
            };
            quote(name)
        }
        // A literal with a type ends with the value in quotes.
        ColumnDefault::Literal(Literal::Text(value)) => quote(value),
        ColumnDefault::Literal(_) => match sql.find('\'') {
            Some(start) => sql.get(start..).unwrap_or(&sql).to_string(),
            None => sql,
        },
    }
}
