// SPDX-License-Identifier: Apache-2.0

//! [`Template`]: a statement that is planned once, and bound to parameters each time it runs.

use std::sync::{Arc, OnceLock};

use datafusion::arrow::datatypes::{FieldRef, SchemaRef};
use datafusion::common::alias::AliasGenerator;
use datafusion::common::metadata::ScalarAndMetadata;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::execution::{FunctionRegistry, SessionState};
use datafusion::logical_expr::{Expr, LogicalPlan, Operator};
use datafusion::optimizer::OptimizerConfig;
use datafusion::physical_plan::ExecutionPlan;
use kalamtable_provider::__private::{Change, change_of};

use crate::dependencies::{has_other_stable_function, has_stable_function};
use crate::error::Error;
use crate::key_read::KeyRead;
use crate::parameters::{Parameters, bind, simplified};
use crate::physical::ReusablePlan;
use crate::row_insert::RowInsert;

/// A statement that is planned once, and bound to parameters each time it runs.
///
/// It contains neither rows nor the user of a session: a scan finds both when it is planned for a
/// session and when it runs.
#[derive(Debug)]
pub(crate) struct Template {
    /// The plan before its optimization.
    pub(crate) planned: LogicalPlan,
    pub(crate) parameters: Parameters,
    /// The result columns.
    pub(crate) result: SchemaRef,
    pub(crate) form: TemplateForm,
}

/// The form in which a template is kept.
#[derive(Debug)]
pub(crate) enum TemplateForm {
    /// A query of rows by key, which needs no physical planner.
    KeyRead(KeyRead),
    /// An `INSERT` of one row, which needs no physical planner.
    RowInsert(RowInsert),
    /// An `UPDATE` or `DELETE` of a table of this library, which needs no physical planner.
    Change(Change),
    /// An optimized plan.
    Optimized(Optimized),
    /// A plan that is optimized each time: the values of its parameters determine its types, or it
    /// calls a stable function that is not part of DataFusion.
    Planned,
}

#[derive(Debug)]
pub(crate) struct Optimized {
    plan: LogicalPlan,
    /// Whether parts of the plan become constants when it is bound.
    is_simplified: bool,
    /// The physical plan, or `None` if it cannot be used again. It is created when the plan first
    /// runs.
    physical: OnceLock<Option<ReusablePlan>>,
}

impl Template {
    /// Analyzes and optimizes a plan. `declared` are the parameter types that a `PREPARE` states.
    ///
    /// # Errors
    /// Fails if the plan is not valid, or if its parameters are not numbered.
    pub(crate) fn try_new(
        planned: LogicalPlan,
        declared: &[FieldRef],
        state: &SessionState,
    ) -> Result<Self> {
        let parameters = Parameters::of(&planned, declared)?;
        let result = Arc::clone(planned.schema().inner());
        // The optimizer would evaluate such a function once, for all statements.
        if !parameters.have_types() || has_other_stable_function(&planned)? {
            return Ok(Template {
                planned,
                parameters,
                result,
                form: TemplateForm::Planned,
            });
        }
        let options = state.config_options();
        let analyzer = state.analyzer();
        let analyzed = analyzer.execute_and_check(planned.clone(), options, |_, _| {})?;
        let form = match change_of(&analyzed) {
            Some(change) => TemplateForm::Change(change),
            None => {
                let config = TemplateConfig { state };
                let plan = state.optimizer().optimize(analyzed, &config, |_, _| {})?;
                TemplateForm::of(plan)?
            }
        };
        Ok(Template {
            planned,
            parameters,
            result,
            form,
        })
    }

    /// Casts the values of the parameters.
    pub(crate) fn values(
        &self,
        values: Vec<datafusion::common::ScalarValue>,
    ) -> Result<Vec<ScalarAndMetadata>, Error> {
        self.parameters.bind(values)
    }

    /// Returns the plan before its optimization, with the values of the parameters.
    pub(crate) fn bind_planned(&self, values: &[ScalarAndMetadata]) -> Result<LogicalPlan> {
        bind(&self.planned, values)
    }

    /// Returns a text of the plan before and after its optimization, for comparisons.
    pub(crate) fn text(&self) -> String {
        let planned = self.planned.display_indent_schema();
        match &self.form {
            TemplateForm::Optimized(optimized) => {
                let optimized = optimized.plan.display_indent_schema();
                format!("{planned}, optimized: {optimized}")
            }
            TemplateForm::KeyRead(read) => format!("{planned}, read by key: {read:?}"),
            TemplateForm::RowInsert(insert) => {
                let plan = insert.plan().display_indent_schema();
                format!("{planned}, row: {plan}")
            }
            TemplateForm::Change(_) => format!("{planned}, change"),
            TemplateForm::Planned => planned.to_string(),
        }
    }

    /// Returns the approximate size in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let optimized = match &self.form {
            // A physical plan is larger than its logical plan.
            TemplateForm::Optimized(optimized) => 2 * plan_bytes(&optimized.plan),
            TemplateForm::KeyRead(read) => read.bytes(),
            TemplateForm::RowInsert(insert) => plan_bytes(insert.plan()),
            TemplateForm::Change(_) => 2048,
            TemplateForm::Planned => 0,
        };
        plan_bytes(&self.planned) + optimized + self.parameters.len() * 200
    }
}

impl TemplateForm {
    fn of(plan: LogicalPlan) -> Result<Self> {
        let optimized = Optimized::try_new(plan)?;
        if let Some(insert) = RowInsert::of(&optimized.plan) {
            return Ok(TemplateForm::RowInsert(insert));
        }
        // A stable function in a filter is evaluated when the scan binds the filter.
        Ok(match KeyRead::of(&optimized.plan) {
            Some(read) if !optimized.is_simplified => TemplateForm::KeyRead(read),
            _ => TemplateForm::Optimized(optimized),
        })
    }
}

impl Optimized {
    fn try_new(plan: LogicalPlan) -> Result<Self> {
        Ok(Optimized {
            is_simplified: has_stable_function(&plan)? || has_nested_parameter(&plan)?,
            physical: OnceLock::new(),
            plan,
        })
    }

    /// Returns the physical plan for a session, and whether it was cached.
    pub(crate) async fn physical_plan(
        &self,
        values: &[ScalarAndMetadata],
        state: &SessionState,
    ) -> Result<(Arc<dyn ExecutionPlan>, bool)> {
        // The plan is the same for all values.
        let is_constant = values.is_empty() && !self.is_simplified;
        if is_constant
            && let Some(Some(physical)) = self.physical.get()
            && let Some(plan) = physical.attach(state.config()).await?
        {
            return Ok((plan, true));
        }
        let bound = self.bind(values, state)?;
        let plan = state
            .query_planner()
            .create_physical_plan(&bound, state)
            .await?;
        if is_constant && self.physical.get().is_none() {
            // Another statement may have set it first.
            let _ = self.physical.set(ReusablePlan::of(&bound, &plan));
        }
        Ok((plan, false))
    }

    /// Returns the plan with the values of the parameters, and with stable functions evaluated at
    /// the start time of `state`.
    fn bind(&self, values: &[ScalarAndMetadata], state: &SessionState) -> Result<LogicalPlan> {
        simplified(bind(&self.plan, values)?, self.is_simplified, state)
    }
}

/// Returns whether a parameter is an operand of something other than a comparison, which becomes a
/// constant when the parameter has a value.
fn has_nested_parameter(plan: &LogicalPlan) -> Result<bool> {
    let mut is_found = false;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                if !keeps_parameters(expr) {
                    expr.apply_children(|child| {
                        is_found |= matches!(child, Expr::Placeholder(_));
                        Ok(TreeNodeRecursion::Continue)
                    })?;
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(is_found)
}

fn keeps_parameters(expr: &Expr) -> bool {
    match expr {
        Expr::BinaryExpr(binary) => matches!(
            binary.op,
            Operator::Eq
                | Operator::NotEq
                | Operator::Lt
                | Operator::LtEq
                | Operator::Gt
                | Operator::GtEq
        ),
        Expr::Alias(_) | Expr::Between(_) | Expr::InList(_) | Expr::Like(_) => true,
        _ => false,
    }
}

/// The configuration of the optimizer for a template: that of the session without a start time, so
/// that `now()` does not become a constant.
struct TemplateConfig<'a> {
    state: &'a SessionState,
}

impl OptimizerConfig for TemplateConfig<'_> {
    fn query_execution_start_time(&self) -> Option<chrono::DateTime<chrono::Utc>> {
        None
    }

    fn alias_generator(&self) -> &Arc<AliasGenerator> {
        self.state.alias_generator()
    }

    fn options(&self) -> Arc<ConfigOptions> {
        OptimizerConfig::options(self.state)
    }

    fn function_registry(&self) -> Option<&dyn FunctionRegistry> {
        Some(self.state)
    }
}

/// Returns the approximate size of a plan in bytes, from the numbers of its nodes, expressions and
/// columns. The test `charged_bytes_cover_the_allocated_bytes` compares it with the allocator.
pub(crate) fn plan_bytes(plan: &LogicalPlan) -> usize {
    let mut bytes = 0;
    // The closures never fail.
    let _ = plan.apply_with_subqueries(|node| {
        bytes += size_of::<LogicalPlan>() + 128 + node.schema().fields().len() * 72;
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                bytes += size_of::<Expr>() + literal_bytes(expr);
                Ok(TreeNodeRecursion::Continue)
            })
        })
    });
    bytes
}

fn literal_bytes(expr: &Expr) -> usize {
    match expr {
        Expr::Literal(value, _) => value.size() - size_of_val(value),
        Expr::Column(column) => column.name.len(),
        _ => 0,
    }
}
