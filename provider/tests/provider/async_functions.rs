// SPDX-License-Identifier: Apache-2.0

//! Asynchronous scalar functions, which only a plan of its own can call.

use std::sync::Arc;

use arrow::array::{AsArray, Int64Array};
use arrow::datatypes::{DataType, Int64Type};
use async_trait::async_trait;
use datafusion::error::Result;
use datafusion::logical_expr::async_udf::{AsyncScalarUDF, AsyncScalarUDFImpl};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use kalamtable_provider::{FixedRows, MemoryTable};

use crate::oracle::{Oracle, provider};
use crate::support::{assert_contains, error, session};
use crate::tables::{Required, Watched};

/// Adds 1 to a number.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Successor {
    signature: Signature,
}

impl Successor {
    fn udf() -> datafusion::logical_expr::ScalarUDF {
        let signature = Signature::exact(vec![DataType::Int64], Volatility::Immutable);
        AsyncScalarUDF::new(Arc::new(Successor { signature })).into_scalar_udf()
    }
}

impl ScalarUDFImpl for Successor {
    fn name(&self) -> &str {
        "successor"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn invoke_with_args(&self, _arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        datafusion::common::internal_err!("the function is asynchronous")
    }
}

#[async_trait]
impl AsyncScalarUDFImpl for Successor {
    async fn invoke_async_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = arguments.number_rows;
        let array = arguments.args[0].to_array(rows)?;
        let numbers: &Int64Array = array.as_primitive::<Int64Type>();
        let after: Int64Array = numbers.unary(|number| number + 1);
        Ok(ColumnarValue::Array(Arc::new(after)))
    }
}

#[tokio::test]
async fn filter_with_an_async_function_matches_mem_table() {
    let rows = (0..20).map(Required::sample).collect();
    let oracle = Oracle::new().with("t", rows, |rows| provider(FixedRows::new(rows)));
    oracle.ours.register_udf(Successor::udf());
    oracle.theirs.register_udf(Successor::udf());
    for sql in [
        "SELECT id FROM t WHERE successor(id) > 15",
        "SELECT id FROM t WHERE successor(id) = 3 AND id < 10",
        "SELECT id FROM t WHERE id < 10 AND (id = 1 OR successor(id) IN (4, 5))",
        "SELECT id FROM t WHERE successor(id) > 15 ORDER BY id DESC LIMIT 2",
        "SELECT successor(id) FROM t WHERE id > 17",
        "SELECT a.id FROM t AS a JOIN t AS b ON a.id = b.id WHERE successor(a.id) > 15",
    ] {
        oracle.check(sql).await;
    }
}

#[tokio::test]
async fn statement_with_an_async_function_is_refused() {
    let session = session(MemoryTable::<Watched>::new());
    session.register_udf(Successor::udf());
    for sql in [
        "DELETE FROM t WHERE successor(id) = 1",
        "UPDATE t SET title = 'a' WHERE successor(id) = 1",
        "UPDATE t SET a = successor(a)",
    ] {
        assert_contains(
            &error(&session, sql).await,
            "table `app.watched`: `successor` is an asynchronous function",
        );
    }
}
