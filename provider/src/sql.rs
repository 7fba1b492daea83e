// SPDX-License-Identifier: Apache-2.0

//! [`sql`]: runs SQL with text for `uuid` columns in `INSERT` and `UPDATE`.

use datafusion::common::{TableReference, internal_err};
use datafusion::dataframe::DataFrame;
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement as DataFusionStatement;
use datafusion::sql::planner::object_name_to_table_reference;
use datafusion::sql::sqlparser::ast::{
    Assignment, AssignmentTarget, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Insert,
    ObjectName, Query, SelectItem, SetExpr, Statement, TableFactor, TableObject, Update,
};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;

use crate::sql_types::{UUID_FUNCTION, is_uuid};

/// Plans a SQL statement like `SessionContext::sql`, but accepts text for `uuid` columns.
///
/// DataFusion 55 has no cast of text to bytes of a fixed length, so it rejects `INSERT INTO t
/// VALUES ('67e55044-..')` and `UPDATE t SET u = '67e55044-..'` when it plans them. This function
/// converts such values, and plans any other statement as DataFusion does.
///
/// ```
/// use std::sync::Arc;
///
/// use datafusion::prelude::SessionContext;
/// use kalamtable_provider::{MemoryTable, RowProvider, register, sql};
/// use kalamtable_rows::{KalamTable, Uuid};
///
/// #[derive(Clone, Debug, KalamTable)]
/// #[kalam(table = "app.users", primary_key(id), crate = kalamtable_rows)]
/// struct User {
///     id: Uuid,
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> datafusion::error::Result<()> {
/// let users = Arc::new(MemoryTable::<User>::new());
/// let ctx = SessionContext::new();
/// register(&ctx, RowProvider::new(Arc::clone(&users)))?;
/// let insert = "INSERT INTO app.users VALUES ('67e55044-10b1-426f-9247-bb680e5fe0c8')";
/// sql(&ctx, insert).await?.collect().await?;
/// assert_eq!(users.len(), 1);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As `SessionContext::sql`.
pub async fn sql(ctx: &SessionContext, text: &str) -> Result<DataFrame> {
    let state = ctx.state();
    let dialect = state.config().options().sql_parser.dialect;
    let statement = state.sql_to_statement(text, &dialect)?;
    ctx.execute_logical_plan(statement_to_plan(ctx, statement).await?)
        .await
}

/// Plans a parsed statement as [`sql`] does. Servers that split a script into statements use it.
///
/// # Errors
/// As `SessionState::statement_to_plan`.
pub async fn statement_to_plan(
    ctx: &SessionContext,
    statement: DataFusionStatement,
) -> Result<LogicalPlan> {
    statement_to_plan_in(&ctx.state(), statement).await
}

/// Plans a parsed statement as [`sql`] does, with the catalogs of `state`.
///
/// # Errors
/// As `SessionState::statement_to_plan`.
pub async fn statement_to_plan_in(
    state: &SessionState,
    mut statement: DataFusionStatement,
) -> Result<LogicalPlan> {
    let mut inner = &mut statement;
    while let DataFusionStatement::Explain(explain) = inner {
        inner = &mut explain.statement;
    }
    if let DataFusionStatement::Statement(statement) = inner {
        let mut statement = &mut **statement;
        while let Statement::Explain {
            statement: inner, ..
        }
        | Statement::Prepare {
            statement: inner, ..
        } = statement
        {
            statement = inner;
        }
        match statement {
            Statement::Insert(insert) => convert_insert(state, insert).await?,
            Statement::Update(update) => convert_update(state, update).await?,
            _ => {}
        }
    }
    state.statement_to_plan(statement).await
}

/// The columns of the table that a statement writes.
struct TargetColumns {
    /// The name of each column, and whether it contains uuids.
    columns: Vec<(String, bool)>,
    normalizes: bool,
}

impl TargetColumns {
    /// Returns `None` if the table does not exist or has no `uuid` column.
    async fn find(state: &SessionState, name: &ObjectName) -> Result<Option<Self>> {
        let normalizes = state
            .config()
            .options()
            .sql_parser
            .enable_ident_normalization;
        let table: TableReference = object_name_to_table_reference(name.clone(), normalizes)?;
        let Ok(schema) = state.schema_for_ref(table.clone()) else {
            return Ok(None);
        };
        let Some(provider) = schema.table(table.table()).await? else {
            return Ok(None);
        };
        let schema = provider.schema();
        let fields = schema.fields().iter();
        let columns: Vec<_> = fields
            .map(|field| (field.name().clone(), is_uuid(field)))
            .collect();
        let has_uuid = columns.iter().any(|(_, is_uuid)| *is_uuid);
        Ok(has_uuid.then_some(TargetColumns {
            columns,
            normalizes,
        }))
    }

    fn is_uuid(&self, name: &ObjectName) -> bool {
        let ident = name.0.last().and_then(|part| part.as_ident());
        ident.is_some_and(|ident| {
            let name = match ident.quote_style {
                None if self.normalizes => ident.value.to_ascii_lowercase(),
                _ => ident.value.clone(),
            };
            self.columns
                .iter()
                .any(|(column, is_uuid)| *is_uuid && *column == name)
        })
    }
}

async fn convert_insert(state: &SessionState, insert: &mut Insert) -> Result<()> {
    let TableObject::TableName(name) = &insert.table else {
        return Ok(());
    };
    let Some(table) = TargetColumns::find(state, name).await? else {
        return Ok(());
    };
    let is_uuid: Vec<bool> = match &insert.columns[..] {
        [] => table.columns.iter().map(|(_, is_uuid)| *is_uuid).collect(),
        columns => columns.iter().map(|column| table.is_uuid(column)).collect(),
    };
    let Some(source) = &mut insert.source else {
        return Ok(());
    };
    if !is_uuid.contains(&true) {
        return Ok(());
    }
    if let SetExpr::Values(values) = &mut *source.body {
        for row in &mut values.rows {
            for (value, is_uuid) in row.content.iter_mut().zip(&is_uuid) {
                if *is_uuid {
                    convert(value)?;
                }
            }
        }
        return Ok(());
    }
    convert_query(source, &is_uuid)
}

/// Wraps `query` in a query that converts its columns.
fn convert_query(query: &mut Box<Query>, is_uuid: &[bool]) -> Result<()> {
    let names: Vec<String> = (0..is_uuid.len())
        .map(|number| format!("c{number}"))
        .collect();
    let columns = names.iter().zip(is_uuid).map(|(name, is_uuid)| {
        if *is_uuid {
            format!("{UUID_FUNCTION}({name})")
        } else {
            name.clone()
        }
    });
    let columns: Vec<String> = columns.collect();
    let text = format!(
        "SELECT {} FROM (SELECT 1) AS written ({})",
        columns.join(", "),
        names.join(", ")
    );
    let mut outer = Parser::new(&GenericDialect {})
        .try_with_sql(&text)?
        .parse_query()?;
    let SetExpr::Select(select) = &mut *outer.body else {
        return internal_err!("a query is not a SELECT: {text}");
    };
    let [table] = &mut select.from[..] else {
        return internal_err!("a query has no table: {text}");
    };
    let TableFactor::Derived { subquery, .. } = &mut table.relation else {
        return internal_err!("a query has no subquery: {text}");
    };
    std::mem::swap(subquery, query);
    *query = outer;
    Ok(())
}

async fn convert_update(state: &SessionState, update: &mut Update) -> Result<()> {
    let TableFactor::Table { name, .. } = &update.table.relation else {
        return Ok(());
    };
    let Some(table) = TargetColumns::find(state, name).await? else {
        return Ok(());
    };
    for Assignment { target, value } in &mut update.assignments {
        if let AssignmentTarget::ColumnName(column) = target
            && table.is_uuid(column)
        {
            convert(value)?;
        }
    }
    Ok(())
}

/// Wraps `value` in a call that parses text as a uuid. Parameters get the type of their column
/// instead.
fn convert(value: &mut Expr) -> Result<()> {
    let is_default = |value: &Expr| matches!(value, Expr::Identifier(ident) if ident.value.eq_ignore_ascii_case("default"));
    if is_default(value) {
        return Ok(());
    }
    let text = format!("SELECT {UUID_FUNCTION}(NULL)");
    let query = Parser::new(&GenericDialect {})
        .try_with_sql(&text)?
        .parse_query()?;
    let SetExpr::Select(select) = *query.body else {
        return internal_err!("a query is not a SELECT: {text}");
    };
    let Some(SelectItem::UnnamedExpr(Expr::Function(mut function))) =
        select.projection.into_iter().next()
    else {
        return internal_err!("a query has no function: {text}");
    };
    if let FunctionArguments::List(list) = &mut function.args {
        let argument = std::mem::replace(value, Expr::value(ast_null()));
        list.args = vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))];
    }
    *value = Expr::Function(function);
    Ok(())
}

fn ast_null() -> datafusion::sql::sqlparser::ast::Value {
    datafusion::sql::sqlparser::ast::Value::Null
}
