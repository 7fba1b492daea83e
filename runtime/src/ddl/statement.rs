// SPDX-License-Identifier: Apache-2.0

//! [`CreateStatement`] and [`AlterStatement`]: DDL statements, from the syntax tree of DataFusion's
//! parser. Each part of the tree that tables do not have is an error.

use datafusion::sql::sqlparser::ast::helpers::stmt_create_table::CreateTableBuilder;
use datafusion::sql::sqlparser::ast::{
    AlterColumnOperation, AlterTable, AlterTableOperation, ColumnDef, ColumnOption, CommentDef,
    CreateTable, CreateTableOptions, DataType, Expr, Ident, IndexColumn, ObjectName,
    PrimaryKeyConstraint, Query, RenameTableNameKind, SqlOption, TableConstraint, UniqueConstraint,
};
use kalamtable_model::ColumnType;

use super::options::{TableOptions, parse_options};
use super::problem::DdlProblem;
use super::types::column_type;
use super::values::default_of;
use super::written_default::WrittenDefault;

/// A `CREATE TABLE` statement. Names are as written, without normalization.
#[derive(Debug)]
pub(super) struct CreateStatement {
    pub(super) columns: Vec<WrittenColumn>,
    /// The columns of the primary key.
    pub(super) primary_key: Option<Vec<Ident>>,
    /// The columns of each unique key.
    pub(super) unique_keys: Vec<Vec<Ident>>,
    pub(super) options: TableOptions,
    pub(super) comment: Option<String>,
    /// The query whose rows are inserted.
    pub(super) query: Option<Box<Query>>,
}

/// A column as written.
#[derive(Debug)]
pub(super) struct WrittenColumn {
    pub(super) name: Ident,
    /// The type, whose nested fields have no valid ids; `None` if the query determines it.
    pub(super) ty: Option<ColumnType>,
    pub(super) nullable: bool,
    /// Whether the column has the option `NULL`.
    pub(super) is_null_written: bool,
    pub(super) default: Option<WrittenDefault>,
    pub(super) comment: Option<String>,
}

/// An `ALTER TABLE` statement. Names are as written, without normalization.
#[derive(Debug)]
pub(super) struct AlterStatement {
    /// The new name of `RENAME TO`.
    pub(super) rename: Option<ObjectName>,
    pub(super) actions: Vec<AlterAction>,
}

#[derive(Debug)]
pub(super) enum AlterAction {
    AddColumn {
        column: WrittenColumn,
        if_not_exists: bool,
    },
    DropColumn {
        name: Ident,
        if_exists: bool,
    },
    RenameColumn {
        from: Ident,
        to: Ident,
    },
    SetNullable {
        name: Ident,
        nullable: bool,
    },
    SetType {
        name: Ident,
        ty: ColumnType,
    },
    SetDefault {
        name: Ident,
        default: Option<WrittenDefault>,
    },
    SetOptions(TableOptions),
}

impl CreateStatement {
    /// Converts `CREATE TABLE`.
    pub(super) fn of(create: &CreateTable) -> Result<Self, DdlProblem> {
        check_clauses(create)?;
        let (options, option_comment) = table_options(&create.table_options)?;
        let mut primary_key = None;
        let mut unique_keys = Vec::new();
        let mut columns = Vec::new();
        for column in &create.columns {
            let (written, keys) = WrittenColumn::of(column)?;
            if keys.is_primary {
                set_primary_key(&mut primary_key, vec![column.name.clone()])?;
            }
            if keys.is_unique {
                unique_keys.push(vec![column.name.clone()]);
            }
            columns.push(written);
        }
        for constraint in &create.constraints {
            match constraint {
                TableConstraint::PrimaryKey(key) => {
                    set_primary_key(&mut primary_key, primary_key_columns(key)?)?;
                }
                TableConstraint::Unique(key) => unique_keys.push(unique_key_columns(key)?),
                TableConstraint::ForeignKey(_) => return Err(foreign_key()),
                TableConstraint::Check(_) => return Err(check()),
                other => {
                    return Err(DdlProblem::new(format!("`{other}` is not supported"))
                        .with_help("delete it; keys are `PRIMARY KEY (..)` and `UNIQUE (..)`"));
                }
            }
        }
        Ok(CreateStatement {
            columns,
            primary_key,
            unique_keys,
            options,
            comment: create.comment.as_ref().map(comment_text).or(option_comment),
            query: create.query.clone(),
        })
    }
}

/// Fails if a statement has other clauses than those of [`CreateStatement`].
fn check_clauses(create: &CreateTable) -> Result<(), DdlProblem> {
    let mut rest = create.clone();
    rest.if_not_exists = false;
    rest.columns.clear();
    rest.constraints.clear();
    rest.table_options = CreateTableOptions::None;
    rest.comment = None;
    rest.query = None;
    if rest.or_replace {
        return Err(DdlProblem::new("`OR REPLACE` is not supported")
            .with_help("run `DROP TABLE` first; it deletes the rows"));
    }
    if rest.temporary {
        return Err(DdlProblem::new("temporary tables are not supported")
            .with_help("use a stream: `WITH (type = 'stream', ttl_seconds = 3600)`"));
    }
    let bare = CreateTableBuilder::new(create.name.clone()).build();
    if rest != bare {
        return Err(unsupported_clause(&rest.to_string()).with_help(
            "use columns, `PRIMARY KEY`, `UNIQUE`, `WITH (..)`, `COMMENT` and `AS SELECT`",
        ));
    }
    Ok(())
}

fn unsupported_clause(statement: &str) -> DdlProblem {
    DdlProblem::new(format!("`{statement}` has an unsupported clause"))
}

/// Returns the options of a table, and the comment that is written among them.
fn table_options(
    written: &CreateTableOptions,
) -> Result<(TableOptions, Option<String>), DdlProblem> {
    match written {
        CreateTableOptions::None => Ok((TableOptions::default(), None)),
        CreateTableOptions::With(options) => Ok((parse_options(options)?, None)),
        CreateTableOptions::Plain(options) => {
            let mut comment = None;
            for option in options {
                let SqlOption::Comment(text) = option else {
                    // An option of another database is not valid in `WITH` either.
                    if !matches!(option, SqlOption::KeyValue { .. }) {
                        return Err(DdlProblem::new(format!("`{option}` is not supported"))
                            .with_help("delete it"));
                    }
                    parse_options(std::slice::from_ref(option))?;
                    return Err(
                        DdlProblem::new(format!("option `{option}` is not in `WITH`"))
                            .with_help(format!("write `WITH ({option})`")),
                    );
                };
                comment = Some(comment_text(text));
            }
            Ok((TableOptions::default(), comment))
        }
        CreateTableOptions::Options(_) | CreateTableOptions::TableProperties(_) => {
            Err(DdlProblem::new(format!("`{written}` is not supported"))
                .with_help("write the options as `WITH (name = value, ..)`"))
        }
    }
}

impl AlterStatement {
    /// Converts `ALTER TABLE`.
    pub(super) fn of(alter: &AlterTable) -> Result<Self, DdlProblem> {
        let AlterTable {
            name: _,
            if_exists: _,
            only,
            operations,
            location,
            on_cluster,
            table_type,
            end_token: _,
        } = alter;
        if *only || location.is_some() || on_cluster.is_some() || table_type.is_some() {
            return Err(unsupported_clause(&alter.to_string())
                .with_help("write `ALTER TABLE name` and the actions"));
        }
        let mut rename = None;
        let mut actions = Vec::new();
        for operation in operations {
            match operation {
                AlterTableOperation::RenameTable { table_name } => {
                    let (RenameTableNameKind::As(name) | RenameTableNameKind::To(name)) =
                        table_name;
                    if rename.replace(name.clone()).is_some() {
                        return Err(DdlProblem::new("the table is renamed twice")
                            .with_help("write `RENAME TO` once"));
                    }
                }
                AlterTableOperation::DropColumn {
                    column_names,
                    if_exists,
                    drop_behavior: None,
                    ..
                } => actions.extend(column_names.iter().map(|name| AlterAction::DropColumn {
                    name: name.clone(),
                    if_exists: *if_exists,
                })),
                operation => actions.push(action(operation)?),
            }
        }
        Ok(AlterStatement { rename, actions })
    }
}

fn action(operation: &AlterTableOperation) -> Result<AlterAction, DdlProblem> {
    let problem = match operation {
        AlterTableOperation::AddColumn {
            column_position: None,
            if_not_exists,
            column_def,
            ..
        } => return added_column(column_def, *if_not_exists),
        AlterTableOperation::RenameColumn {
            old_column_name,
            new_column_name,
        } => {
            return Ok(AlterAction::RenameColumn {
                from: old_column_name.clone(),
                to: new_column_name.clone(),
            });
        }
        AlterTableOperation::AlterColumn { column_name, op } => {
            return column_action(column_name.clone(), op);
        }
        AlterTableOperation::SetOptionsParens { options } => {
            return Ok(AlterAction::SetOptions(parse_options(options)?));
        }
        AlterTableOperation::AddColumn { .. } => {
            DdlProblem::new("a column is added after the last one")
                .with_help("delete `FIRST` or `AFTER`")
        }
        AlterTableOperation::DropColumn { .. } => {
            DdlProblem::new("`CASCADE` and `RESTRICT` are not supported")
                .with_help("delete the word: views are planned again at each use")
        }
        AlterTableOperation::SetTblProperties { table_properties } => {
            let options: Vec<String> = table_properties.iter().map(SqlOption::to_string).collect();
            DdlProblem::new("`SET TBLPROPERTIES` is not supported")
                .with_help(format!("write `SET ({})`", options.join(", ")))
        }
        AlterTableOperation::AddConstraint { constraint, .. } => match constraint {
            TableConstraint::ForeignKey(_) => foreign_key(),
            TableConstraint::Check(_) => check(),
            other => DdlProblem::new(format!(
                "`ADD {other}` is not supported, because existing rows were not checked"
            ))
            .with_help("create another table with the key, and copy the rows"),
        },
        other => DdlProblem::new(format!("`{other}` is not supported")).with_help(
            "the actions are `ADD COLUMN`, `DROP COLUMN`, `RENAME COLUMN`, `ALTER COLUMN`, \
             `RENAME TO` and `SET (option = value)`",
        ),
    };
    Err(problem)
}

fn added_column(column: &ColumnDef, if_not_exists: bool) -> Result<AlterAction, DdlProblem> {
    let (column, keys) = WrittenColumn::of(column)?;
    if keys.is_primary || keys.is_unique {
        return Err(DdlProblem::new(format!(
            "column `{}` cannot be added with a key, because existing rows were not checked",
            column.name.value
        ))
        .with_help("create another table with the key, and copy the rows"));
    }
    Ok(AlterAction::AddColumn {
        column,
        if_not_exists,
    })
}

/// Converts `ALTER COLUMN`.
fn column_action(name: Ident, operation: &AlterColumnOperation) -> Result<AlterAction, DdlProblem> {
    Ok(match operation {
        AlterColumnOperation::SetNotNull => AlterAction::SetNullable {
            name,
            nullable: false,
        },
        AlterColumnOperation::DropNotNull => AlterAction::SetNullable {
            name,
            nullable: true,
        },
        AlterColumnOperation::SetDefault { value } => AlterAction::SetDefault {
            name,
            default: default_of(value)?,
        },
        AlterColumnOperation::DropDefault => AlterAction::SetDefault {
            name,
            default: None,
        },
        AlterColumnOperation::SetDataType {
            data_type,
            using: None,
            had_set: _,
        } => AlterAction::SetType {
            name,
            ty: column_type(data_type)?,
        },
        AlterColumnOperation::SetDataType { .. } => {
            return Err(DdlProblem::new("`USING` is not supported")
                .with_help("delete it: a type changes only if all values stay the same"));
        }
        AlterColumnOperation::AddGenerated { .. } => return Err(generated()),
    })
}

/// The keys that the options of a column declare.
struct ColumnKeys {
    is_primary: bool,
    is_unique: bool,
}

impl WrittenColumn {
    fn of(column: &ColumnDef) -> Result<(Self, ColumnKeys), DdlProblem> {
        let ColumnDef {
            name,
            data_type,
            options,
        } = column;
        let in_column = |problem: DdlProblem| problem.in_column(name);
        let mut written = WrittenColumn {
            name: name.clone(),
            ty: match data_type {
                DataType::Unspecified => None,
                ty => Some(column_type(ty).map_err(in_column)?),
            },
            nullable: true,
            is_null_written: false,
            default: None,
            comment: None,
        };
        let mut keys = ColumnKeys {
            is_primary: false,
            is_unique: false,
        };
        for option in options {
            if let Some(constraint) = &option.name {
                return Err(in_column(named(constraint)));
            }
            match &option.option {
                ColumnOption::Null => written.is_null_written = true,
                ColumnOption::NotNull => written.nullable = false,
                ColumnOption::Default(value) => {
                    written.default = default_of(value).map_err(in_column)?;
                }
                ColumnOption::PrimaryKey(key) => {
                    primary_key_columns(key)?;
                    keys.is_primary = true;
                }
                ColumnOption::Unique(key) => {
                    unique_key_columns(key)?;
                    keys.is_unique = true;
                }
                ColumnOption::Comment(comment) => written.comment = Some(comment.clone()),
                ColumnOption::ForeignKey(_) => return Err(in_column(foreign_key())),
                ColumnOption::Check(_) => return Err(in_column(check())),
                ColumnOption::Generated { .. } | ColumnOption::Identity(_) => {
                    return Err(in_column(generated()));
                }
                ColumnOption::DialectSpecific(_) => {
                    return Err(in_column(
                        DdlProblem::new(format!("`{}` is not supported", option.option)).with_help(
                            "delete it: keys are not generated; use `UUID`, or insert the values",
                        ),
                    ));
                }
                other => {
                    return Err(in_column(
                        DdlProblem::new(format!("`{other}` is not supported"))
                            .with_help("delete it"),
                    ));
                }
            }
        }
        if written.is_null_written && (keys.is_primary || !written.nullable) {
            return Err(in_column(null_contradiction()));
        }
        if keys.is_primary {
            written.nullable = false;
        }
        Ok((written, keys))
    }
}

/// The problem of a column that is `NULL` and also not null.
pub(super) fn null_contradiction() -> DdlProblem {
    DdlProblem::new("the column is `NULL`, and also in the primary key or `NOT NULL`")
        .with_help("delete `NULL`")
}

fn set_primary_key(key: &mut Option<Vec<Ident>>, columns: Vec<Ident>) -> Result<(), DdlProblem> {
    match key.replace(columns) {
        None => Ok(()),
        Some(_) => Err(DdlProblem::new("the table has two primary keys")
            .with_help("write one `PRIMARY KEY (..)` with all columns of the key")),
    }
}

fn primary_key_columns(key: &PrimaryKeyConstraint) -> Result<Vec<Ident>, DdlProblem> {
    let PrimaryKeyConstraint {
        name,
        index_name,
        index_type,
        columns,
        index_options,
        characteristics,
    } = key;
    if let Some(name) = name.as_ref().or(index_name.as_ref()) {
        return Err(named(name));
    }
    if index_type.is_some() || !index_options.is_empty() || characteristics.is_some() {
        return Err(plain_key(&key.to_string(), "PRIMARY KEY"));
    }
    key_columns(columns)
}

fn unique_key_columns(key: &UniqueConstraint) -> Result<Vec<Ident>, DdlProblem> {
    let UniqueConstraint {
        name,
        index_name,
        index_type_display: _,
        index_type,
        columns,
        index_options,
        characteristics,
        nulls_distinct,
    } = key;
    if let Some(name) = name.as_ref().or(index_name.as_ref()) {
        return Err(named(name));
    }
    let has_nulls = nulls_distinct.to_string().contains("NOT");
    if index_type.is_some() || !index_options.is_empty() || characteristics.is_some() || has_nulls {
        return Err(plain_key(&key.to_string(), "UNIQUE"));
    }
    key_columns(columns)
}

fn key_columns(columns: &[IndexColumn]) -> Result<Vec<Ident>, DdlProblem> {
    let column = |column: &IndexColumn| match (&column.column.expr, &column.operator_class) {
        (Expr::Identifier(name), None) if column.column.to_string() == name.to_string() => {
            Ok(name.clone())
        }
        _ => Err(
            DdlProblem::new(format!("`{column}` is not a column of a key"))
                .with_help("write the names of the columns, separated by commas"),
        ),
    };
    columns.iter().map(column).collect()
}

fn plain_key(key: &str, keyword: &str) -> DdlProblem {
    DdlProblem::new(format!("`{key}` has unsupported options"))
        .with_help(format!("write `{keyword}` and the columns in parentheses"))
}

fn named(name: &Ident) -> DdlProblem {
    DdlProblem::new(format!("constraint `{}` has a name", name.value))
        .with_help("delete `CONSTRAINT` and the name: keys have no names")
}

fn foreign_key() -> DdlProblem {
    DdlProblem::new("foreign keys are not supported")
        .with_help("delete it, and check the reference in the server")
}

fn check() -> DdlProblem {
    DdlProblem::new("`CHECK` is not supported")
        .with_help("for a fixed set of texts, use the type `ENUM('a', 'b')`")
}

fn generated() -> DdlProblem {
    DdlProblem::new("generated columns are not supported")
        .with_help("insert the value, or create a view that computes it")
}

fn comment_text(comment: &CommentDef) -> String {
    let (CommentDef::WithEq(text) | CommentDef::WithoutEq(text)) = comment;
    text.clone()
}
