// SPDX-License-Identifier: Apache-2.0

//! [`SqlView`]: a view that is planned again at each use.

use datafusion::common::{ResolvedTableReference, plan_err};
use datafusion::config::{ConfigOptions, Dialect};
use datafusion::datasource::ViewTable;
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use datafusion::optimizer::AnalyzerRule;
use datafusion::optimizer::analyzer::type_coercion::TypeCoercion;
use datafusion::sql::parser::Statement as DataFusionStatement;
use datafusion::sql::sqlparser::ast::{CreateView, Statement, ViewColumnDef};

/// A view that is planned again at each use, so that it always reads the current tables.
///
/// DataFusion's `ViewTable` contains the plan of the time at which the view was created: after a
/// schema change it would read the old version, and after a drop the dropped table.
#[derive(Debug)]
pub struct SqlView {
    /// The `CREATE VIEW` statement.
    definition: String,
    /// The query of the statement.
    query: Statement,
    /// The column names of the `CREATE VIEW`; empty if the query names the columns.
    columns: Vec<ViewColumnDef>,
    /// Whether names without quotes are converted to lower case.
    normalizes_names: bool,
    default_catalog: String,
    default_schema: String,
}

impl SqlView {
    /// Parses the `CREATE VIEW` statement of a view. Names in it are resolved with the defaults of
    /// `state`.
    ///
    /// # Errors
    /// Fails if the text is not a `CREATE VIEW` statement.
    pub fn try_new(definition: &str, state: &SessionState) -> Result<Self> {
        let dialect: Dialect = state.config_options().sql_parser.dialect;
        let statement = state.sql_to_statement(definition, &dialect)?;
        let DataFusionStatement::Statement(statement) = statement else {
            return plan_err!("the definition of the view is not a `CREATE VIEW` statement");
        };
        let Statement::CreateView(CreateView { query, columns, .. }) = *statement else {
            return plan_err!("the definition of the view is not a `CREATE VIEW` statement");
        };
        let defaults = &state.config_options().catalog;
        Ok(SqlView {
            definition: definition.to_string(),
            query: Statement::Query(query),
            columns,
            normalizes_names: state.config_options().sql_parser.enable_ident_normalization,
            default_catalog: defaults.default_catalog.clone(),
            default_schema: defaults.default_schema.clone(),
        })
    }

    /// Returns whether both views have the same plan over the same tables.
    pub(crate) fn is_same(&self, other: &SqlView) -> bool {
        std::ptr::eq(self, other)
            || (self.definition == other.definition
                && self.normalizes_names == other.normalizes_names
                && self.default_catalog == other.default_catalog
                && self.default_schema == other.default_schema)
    }

    /// Returns the `CREATE VIEW` statement.
    pub fn definition(&self) -> &str {
        &self.definition
    }

    /// Returns the tables and views that the view names.
    ///
    /// # Errors
    /// Fails if a name has too many parts.
    pub fn references(&self, state: &SessionState) -> Result<Vec<ResolvedTableReference>> {
        let references = state.resolve_table_references(&self.query())?;
        let resolved = references
            .into_iter()
            .map(|name| name.resolve(&self.default_catalog, &self.default_schema));
        Ok(resolved.collect())
    }

    /// Plans the view with the tables in the catalogs of `state`.
    ///
    /// # Errors
    /// Fails if the query no longer fits the tables, for example because a column was dropped.
    pub async fn plan(&self, state: &SessionState) -> Result<ViewTable> {
        let defaults = &state.config_options().catalog;
        let has_defaults = defaults.default_catalog == self.default_catalog
            && defaults.default_schema == self.default_schema;
        let plan = if has_defaults {
            state.statement_to_plan(self.query()).await?
        } else {
            let mut state = state.clone();
            let defaults = &mut state.config_mut().options_mut().catalog;
            defaults.default_catalog.clone_from(&self.default_catalog);
            defaults.default_schema.clone_from(&self.default_schema);
            state.statement_to_plan(self.query()).await?
        };
        let named = self.with_column_names(plan)?;
        // As DataFusion does when a view is created.
        let coerced = TypeCoercion::new().analyze(named, &ConfigOptions::default())?;
        Ok(ViewTable::new(coerced, Some(self.definition.clone())))
    }

    fn query(&self) -> DataFusionStatement {
        DataFusionStatement::Statement(Box::new(self.query.clone()))
    }

    fn with_column_names(&self, plan: LogicalPlan) -> Result<LogicalPlan> {
        if self.columns.is_empty() {
            return Ok(plan);
        }
        let (expected, found) = (self.columns.len(), plan.schema().fields().len());
        if expected != found {
            return plan_err!(
                "the view has {expected} column names, and its query {found} columns"
            );
        }
        let columns = plan.schema().iter().map(Expr::from);
        let names = self
            .columns
            .iter()
            .map(|column| match column.name.quote_style {
                None if self.normalizes_names => column.name.value.to_lowercase(),
                _ => column.name.value.clone(),
            });
        let named: Vec<Expr> = columns
            .zip(names)
            .map(|(expr, name)| expr.alias(name))
            .collect();
        LogicalPlanBuilder::from(plan).project(named)?.build()
    }
}
