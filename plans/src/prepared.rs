// SPDX-License-Identifier: Apache-2.0

//! [`PreparedStatement`]: a statement that is planned once and runs with different parameters.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use datafusion::arrow::datatypes::{FieldRef, SchemaRef};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::physical_plan::SendableRecordBatchStream;

use crate::cache::CachedPlan;
use crate::error::Error;
use crate::runner::StatementRunner;
use crate::states::StatementState;

/// A statement that is planned once, and runs any number of times with different parameters.
///
/// If a table, view, function or setting that the statement depends on has changed, it is planned
/// again before it runs. Its result columns must not change: otherwise, it fails with
/// [`Error::ResultChanged`] until it is prepared again. The type of a parameter can change with
/// that of its column; values are cast to the new type.
#[derive(Debug)]
pub struct PreparedStatement {
    runner: StatementRunner,
    entry: Arc<PreparedPlan>,
}

impl PreparedStatement {
    pub(crate) fn new(runner: StatementRunner, text: &str, plan: Arc<CachedPlan>) -> Self {
        PreparedStatement {
            runner,
            entry: Arc::new(PreparedPlan::new(text, plan)),
        }
    }

    /// Returns the text of the statement.
    pub fn sql(&self) -> &str {
        &self.entry.text
    }

    /// Returns the field that each parameter had when the statement was prepared, in the order of
    /// their numbers, or `None` for a parameter whose type depends on its value.
    pub fn parameters(&self) -> &[Option<FieldRef>] {
        &self.entry.parameters
    }

    /// Returns the schema of the result. The result of `INSERT`, `UPDATE` and `DELETE` is one row
    /// with the number of rows in the column `count`.
    pub fn schema(&self) -> &SchemaRef {
        &self.entry.result
    }

    /// Runs the statement with one value per parameter. A value of another type is cast, if the
    /// cast keeps the value.
    ///
    /// # Errors
    /// Fails with [`Error::ParameterCount`] or [`Error::ParameterType`] if the values do not fit
    /// the parameters, with [`Error::ResultChanged`] if the result columns have changed, or if the
    /// statement cannot be planned or started. Errors of its execution are items of the stream.
    pub async fn execute(&self, values: Vec<ScalarValue>) -> Result<SendableRecordBatchStream> {
        let mut state = self.runner.observe();
        let plan = self.entry.current(&self.runner, &mut state).await?;
        let values = plan.template.values(values)?;
        self.runner.run(&plan.template, &values, &state).await
    }
}

/// The plan of a prepared statement, without its session.
#[derive(Debug)]
pub(crate) struct PreparedPlan {
    text: String,
    parameters: Vec<Option<FieldRef>>,
    result: SchemaRef,
    current: Mutex<Arc<CachedPlan>>,
}

impl PreparedPlan {
    fn new(text: &str, plan: Arc<CachedPlan>) -> Self {
        PreparedPlan {
            text: text.to_string(),
            parameters: plan.template.parameters.fields().to_vec(),
            result: Arc::clone(&plan.template.result),
            current: Mutex::new(plan),
        }
    }

    /// Returns a plan that is valid in a session: the last plan if it still is, or else a new one.
    ///
    /// # Errors
    /// Fails with [`Error::ResultChanged`] if the result columns have changed.
    pub(crate) async fn current(
        &self,
        runner: &StatementRunner,
        state: &mut StatementState,
    ) -> Result<Arc<CachedPlan>> {
        let current = Arc::clone(&self.lock());
        if runner.is_current(&current, state) {
            runner.cache.count_hit();
            return Ok(current);
        }
        let plan = runner.template_of(&self.text, state).await?;
        if !self.has_same_result(&plan) {
            return Err(Error::ResultChanged.into());
        }
        *self.lock() = Arc::clone(&plan);
        Ok(plan)
    }

    /// Returns whether the result columns of a plan have the names and types that clients know. A
    /// column can become nullable.
    fn has_same_result(&self, plan: &CachedPlan) -> bool {
        let found = &plan.template;
        let columns = self.result.fields().iter().zip(found.result.fields());
        self.result.fields().len() == found.result.fields().len()
            && columns.fold(true, |is_same, (known, found)| {
                is_same && known.name() == found.name() && known.data_type() == found.data_type()
            })
    }

    fn lock(&self) -> MutexGuard<'_, Arc<CachedPlan>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The statements of a session that `PREPARE` has named.
#[derive(Debug, Default)]
pub(crate) struct PreparedStatements(Mutex<HashMap<String, Arc<PreparedPlan>>>);

impl PreparedStatements {
    pub(crate) fn get(&self, name: &str) -> Result<Arc<PreparedPlan>, Error> {
        let found = self.lock().get(name).cloned();
        found.ok_or_else(|| Error::UnknownStatement {
            name: name.to_string(),
        })
    }

    /// Fails if a statement has the name.
    pub(crate) fn check_free(&self, name: &str) -> Result<(), Error> {
        if self.lock().contains_key(name) {
            return Err(Error::StatementExists {
                name: name.to_string(),
            });
        }
        Ok(())
    }

    pub(crate) fn insert(
        &self,
        name: String,
        text: &str,
        plan: Arc<CachedPlan>,
    ) -> Result<(), Error> {
        let mut statements = self.lock();
        if statements.contains_key(&name) {
            return Err(Error::StatementExists { name });
        }
        statements.insert(name, Arc::new(PreparedPlan::new(text, plan)));
        Ok(())
    }

    pub(crate) fn remove(&self, name: &str) -> Result<(), Error> {
        match self.lock().remove(name) {
            Some(_) => Ok(()),
            None => Err(Error::UnknownStatement {
                name: name.to_string(),
            }),
        }
    }

    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<PreparedPlan>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
