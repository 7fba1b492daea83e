// SPDX-License-Identifier: Apache-2.0

//! [`enable_types`]: SQL for the types `uuid` and `time`, which DataFusion does not compare with
//! text and with other units, and for the text of timestamps with a zone.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, FixedSizeBinaryBuilder, Int64Array, StringBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, TimeUnit};
use datafusion::common::config::ConfigOptions;
use datafusion::common::metadata::FieldMetadata;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, ScalarValue, exec_err, plan_err};
use datafusion::error::Result;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::execution::{FunctionRegistry, SessionState};
use datafusion::logical_expr::expr::{Cast, InList, Placeholder, TryCast};
use datafusion::logical_expr::expr_rewriter::FunctionRewrite;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr, TypePlanner};
use datafusion::logical_expr::{
    Between, BinaryExpr, ColumnarValue, Expr, ExprSchemable, Operator, ReturnFieldArgs,
    ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::prelude::SessionContext;
use datafusion::sql::sqlparser::ast;
use kalamtable_model::{TimeUnit as ModelUnit, value_text};
use kalamtable_rows::Uuid;
use kalamtable_rows::physical::plain_type;

/// The function that parses a uuid. `INSERT` and `UPDATE` apply it to the values of `uuid` columns.
pub(crate) const UUID_FUNCTION: &str = "kalamtable_uuid";

const EXTENSION_NAME: &str = "ARROW:extension:name";
const UUID_EXTENSION: &str = "arrow.uuid";
const UUID_BYTES: i32 = 16;

/// Adds SQL for the column types `uuid` and `time` to `ctx`, and to sessions that are created from
/// it later.
///
/// DataFusion compares neither a `uuid` with text, nor a `time` with a `TIME` literal, whose unit
/// is another. With this function, these work:
///
/// - `u = '67e55044-10b1-426f-9247-bb680e5fe0c8'`, the other comparisons, `IN` and `BETWEEN`, with
///   text as a literal or as a parameter. They use the index of a key;
/// - `u = uuid()`, or another expression of type text;
/// - `'67e5..'::uuid` and `u::text`;
/// - `t = TIME '01:02:03'`, and comparisons of times of different units;
/// - `z::text`, `z || '..'` and `concat(z, ..)` of a timestamp with a zone. The text has the offset
///   of the zone, or is in UTC if the offset has seconds, which the text of an offset does not
///   have.
///
/// DataFusion rejects text for a `uuid` column in `INSERT` and `UPDATE` before a provider can
/// convert it. Run such statements with [`sql`](crate::sql) instead of `SessionContext::sql`.
///
/// [`enable_dml`](crate::enable_dml), [`register`](crate::register) and
/// [`register_as`](crate::register_as) call this function.
///
/// # JSON
/// A `json` column is text for DataFusion. The crate `datafusion-functions-json` has functions and
/// the operators `->`, `->>` and `?` for it. `kalamtable sql` registers them, and so can a server.
/// With DataFusion's default dialect, `=` binds more tightly than the operators, and `?` is a
/// parameter; `datafusion.sql_parser.dialect = 'postgres'` has neither exception.
///
///
/// ```
/// use datafusion::prelude::SessionContext;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> datafusion::error::Result<()> {
/// let mut ctx = SessionContext::new();
/// datafusion_functions_json::register_all(&mut ctx)?;
/// let sql = r#"SELECT payload->>'name' AS name FROM (VALUES ('{"name": "ann"}')) AS t (payload)"#;
/// let batches = ctx.sql(sql).await?.collect().await?;
/// # use datafusion::arrow::array::AsArray;
/// assert_eq!(batches[0].column(0).as_string::<i32>().value(0), "ann");
/// # Ok(())
/// # }
/// ```
///
/// # Example
/// ```
/// use datafusion::prelude::SessionContext;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> datafusion::error::Result<()> {
/// let ctx = SessionContext::new();
/// kalamtable_provider::enable_types(&ctx);
/// let sql = "SELECT '67E55044-10b1-426f-9247-bb680e5fe0c8'::uuid::text AS id";
/// let batches = ctx.sql(sql).await?.collect().await?;
/// # use datafusion::arrow::array::AsArray;
/// let ids = batches[0].column(0).as_string_view();
/// assert_eq!(ids.value(0), "67e55044-10b1-426f-9247-bb680e5fe0c8");
/// # Ok(())
/// # }
/// ```
pub fn enable_types(ctx: &SessionContext) {
    let state = ctx.state_ref();
    let mut state = state.write();
    if state.scalar_functions().contains_key(UUID_FUNCTION) {
        return;
    }
    let mut enabled = rebuilt(&state, |builder| {
        let other = builder.type_planner().take();
        // Sessions with one planner can share cached plans.
        *builder.type_planner() = Some(match other {
            None => Arc::clone(&*ONLY_UUID) as Arc<dyn TypePlanner>,
            other => Arc::new(UuidType { other }),
        });
    });
    // These do not fail: a state accepts every function, rewrite and planner.
    let _ = enabled.register_udf(Arc::new(ScalarUDF::from(ParseUuid::new())));
    let _ = enabled.register_function_rewrite(Arc::new(TypeRewrite));
    let _ = enabled.register_expr_planner(Arc::new(TypeRewrite));
    *state = enabled;
}

/// Returns `state` with the changes that `change` makes: a state has no methods for them.
pub(crate) fn rebuilt(
    state: &SessionState,
    change: impl FnOnce(&mut SessionStateBuilder),
) -> SessionState {
    let catalog = state.config().options().catalog.clone();
    let mut builder = SessionStateBuilder::new_from_existing(state.clone())
        .with_session_id(state.session_id().to_string());
    change(&mut builder);
    let mut rebuilt = builder.build();
    // The builder changes one of the options.
    rebuilt.config_mut().options_mut().catalog = catalog;
    rebuilt
}

/// The planner of a session without another planner.
static ONLY_UUID: LazyLock<Arc<UuidType>> = LazyLock::new(|| Arc::new(UuidType { other: None }));

/// Plans the SQL type `UUID`.
#[derive(Debug)]
struct UuidType {
    /// The planner of the session for other types.
    other: Option<Arc<dyn TypePlanner>>,
}

impl TypePlanner for UuidType {
    fn plan_type_field(&self, sql_type: &ast::DataType) -> Result<Option<FieldRef>> {
        match (sql_type, &self.other) {
            (ast::DataType::Uuid, _) => Ok(Some(uuid_field("", true))),
            (_, Some(other)) => other.plan_type_field(sql_type),
            (_, None) => Ok(None),
        }
    }
}

fn uuid_field(name: &str, nullable: bool) -> FieldRef {
    let field = Field::new(name, DataType::FixedSizeBinary(UUID_BYTES), nullable);
    let extension = [(EXTENSION_NAME.to_string(), UUID_EXTENSION.to_string())];
    Arc::new(field.with_metadata(extension.into()))
}

/// Returns whether the field contains uuids.
pub(crate) fn is_uuid(field: &Field) -> bool {
    let extension = field.metadata().get(EXTENSION_NAME);
    extension.is_some_and(|name| name == UUID_EXTENSION)
        && *field.data_type() == DataType::FixedSizeBinary(UUID_BYTES)
}

fn is_text(ty: &DataType) -> bool {
    *plain_type(ty) == DataType::Utf8
}

/// Rewrites comparisons and casts of uuids and times.
#[derive(Debug)]
struct TypeRewrite;

impl ExprPlanner for TypeRewrite {
    /// Rewrites the operands when SQL is planned. DataFusion computes the types of selected
    /// expressions before it rewrites functions.
    fn plan_binary_op(
        &self,
        expr: RawBinaryExpr,
        schema: &DFSchema,
    ) -> Result<PlannerResult<RawBinaryExpr>> {
        use ast::BinaryOperator::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
        let RawBinaryExpr { op, left, right } = expr;
        let is_comparison = matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq);
        if op == ast::BinaryOperator::StringConcat {
            let left = timestamp_as_text(left, schema);
            let right = timestamp_as_text(right, schema);
            return Ok(PlannerResult::Original(RawBinaryExpr { op, left, right }));
        }
        let (left, right) = match is_comparison {
            true => {
                let (left, right) = comparable(left, right, schema)?;
                let has_uuid = [&left, &right]
                    .into_iter()
                    .any(|side| field_of(side, schema).is_some_and(|field| is_uuid(&field)));
                match has_uuid {
                    true => (with_text_parameter(left), with_text_parameter(right)),
                    false => (left, right),
                }
            }
            false => (left, right),
        };
        Ok(PlannerResult::Original(RawBinaryExpr { op, left, right }))
    }
}

/// Declares a parameter without a type as text that is parsed as a uuid.
fn with_text_parameter(expr: Expr) -> Expr {
    match expr {
        Expr::Placeholder(Placeholder { id, field: None }) => {
            let field = Arc::new(Field::new("", DataType::Utf8, true));
            let parameter = Expr::Placeholder(Placeholder::new_with_field(id, Some(field)));
            ScalarUDF::from(ParseUuid::new()).call(vec![parameter])
        }
        expr => expr,
    }
}

impl FunctionRewrite for TypeRewrite {
    fn name(&self) -> &str {
        "kalamtable_types"
    }

    fn rewrite(
        &self,
        expr: Expr,
        schema: &DFSchema,
        _config: &ConfigOptions,
    ) -> Result<Transformed<Expr>> {
        match expr {
            Expr::BinaryExpr(BinaryExpr { left, op, right }) if is_comparison(op) => {
                let (left, right) = comparable(*left, *right, schema)?;
                let (left, right) = (Box::new(left), Box::new(right));
                Ok(Transformed::yes(Expr::BinaryExpr(BinaryExpr {
                    left,
                    op,
                    right,
                })))
            }
            Expr::InList(InList {
                expr,
                list,
                negated,
            }) => {
                let other = field_of(&expr, schema);
                let list = list
                    .into_iter()
                    .map(|value| operand(value, other.as_ref(), schema))
                    .collect::<Result<_>>()?;
                Ok(Transformed::yes(Expr::InList(InList {
                    expr,
                    list,
                    negated,
                })))
            }
            Expr::Between(Between {
                expr,
                negated,
                low,
                high,
            }) => {
                let other = field_of(&expr, schema);
                let low = Box::new(operand(*low, other.as_ref(), schema)?);
                let high = Box::new(operand(*high, other.as_ref(), schema)?);
                Ok(Transformed::yes(Expr::Between(Between {
                    expr,
                    negated,
                    low,
                    high,
                })))
            }
            Expr::Cast(Cast { expr, field }) => rewrite_cast(*expr, field, schema),
            Expr::TryCast(TryCast { expr, field })
                if is_text(field.data_type()) && has_named_zone(&expr, schema) =>
            {
                let text = Box::new(timestamp_text(*expr));
                Ok(Transformed::yes(Expr::TryCast(TryCast::new_from_field(
                    text, field,
                ))))
            }
            Expr::ScalarFunction(mut function)
                if matches!(
                    function.name(),
                    "concat" | "concat_ws" | "arrow_cast" | "arrow_try_cast"
                ) =>
            {
                let result = field_of(&Expr::ScalarFunction(function.clone()), schema);
                if result.is_none_or(|result| !is_text(result.data_type())) {
                    return Ok(Transformed::no(Expr::ScalarFunction(function)));
                }
                let arguments = function.args.into_iter();
                function.args = arguments
                    .map(|argument| timestamp_as_text(argument, schema))
                    .collect();
                Ok(Transformed::yes(Expr::ScalarFunction(function)))
            }
            Expr::TryCast(TryCast { expr, field })
                if is_text(field.data_type())
                    && field_of(&expr, schema).is_some_and(|field| is_uuid(&field)) =>
            {
                let text = Box::new(ScalarUDF::from(FormatUuid::new()).call(vec![*expr]));
                Ok(Transformed::yes(Expr::TryCast(TryCast::new_from_field(
                    text, field,
                ))))
            }
            expr => Ok(Transformed::no(expr)),
        }
    }
}

fn is_comparison(op: Operator) -> bool {
    matches!(
        op,
        Operator::Eq
            | Operator::NotEq
            | Operator::Lt
            | Operator::LtEq
            | Operator::Gt
            | Operator::GtEq
            | Operator::IsDistinctFrom
            | Operator::IsNotDistinctFrom
    )
}

fn field_of(expr: &Expr, schema: &DFSchema) -> Option<FieldRef> {
    expr.to_field(schema).ok().map(|(_, field)| field)
}

/// Returns the operands of a comparison with types that DataFusion compares.
fn comparable(left: Expr, right: Expr, schema: &DFSchema) -> Result<(Expr, Expr)> {
    let (of_left, of_right) = (field_of(&left, schema), field_of(&right, schema));
    if let (Some(one), Some(other)) = (&of_left, &of_right)
        && let Some(finest) = finest_time(one.data_type(), other.data_type())
        && exact_literal(&left, other.data_type()).is_none()
        && exact_literal(&right, one.data_type()).is_none()
    {
        // Neither side is a literal that the unit of the other one represents exactly.
        let cast = |expr: Expr| Expr::Cast(Cast::new(Box::new(expr), finest.clone()));
        return Ok((cast(left), cast(right)));
    }
    Ok((
        operand(left, of_right.as_ref(), schema)?,
        operand(right, of_left.as_ref(), schema)?,
    ))
}

/// Returns the operand `expr` of a comparison with an expression of type `other`.
fn operand(expr: Expr, other: Option<&FieldRef>, schema: &DFSchema) -> Result<Expr> {
    let Some(other) = other else {
        return Ok(expr);
    };
    if let Some(value) = exact_literal(&expr, other.data_type()) {
        return Ok(Expr::Literal(value, None));
    }
    let found = field_of(&expr, schema);
    if !is_uuid(other) || found.is_none_or(|field| !is_text(field.data_type())) {
        return Ok(expr);
    }
    match &expr {
        Expr::Literal(value, _) => Ok(Expr::Literal(parse_literal(value)?, None)),
        _ => Ok(ScalarUDF::from(ParseUuid::new()).call(vec![expr])),
    }
}

fn parse_literal(value: &ScalarValue) -> Result<ScalarValue> {
    let bytes = match value.try_as_str().flatten() {
        Some(text) => match value_text::uuid(text) {
            Ok(bytes) => Some(bytes.to_vec()),
            Err(error) => return plan_err!("`{text}` {error}"),
        },
        None => None,
    };
    Ok(ScalarValue::FixedSizeBinary(UUID_BYTES, bytes))
}

/// Returns the type of the finer unit, if both are different types of times of day.
fn finest_time(one: &DataType, other: &DataType) -> Option<DataType> {
    let unit = |ty: &DataType| match ty {
        DataType::Time32(unit) | DataType::Time64(unit) => Some(*unit),
        _ => None,
    };
    let (one, other) = (unit(one)?, unit(other)?);
    (one != other).then(|| match one.max(other) {
        unit @ (TimeUnit::Microsecond | TimeUnit::Nanosecond) => DataType::Time64(unit),
        unit => DataType::Time32(unit),
    })
}

/// Converts a literal time of day to the time type `ty`, if its unit is another. Returns `None` if
/// `expr` is not such a literal, or has more digits.
fn exact_literal(expr: &Expr, ty: &DataType) -> Option<ScalarValue> {
    let value = match expr {
        Expr::Literal(value, _) => value.clone(),
        // `TIME '01:02:03'`
        Expr::Cast(Cast { expr, field }) => {
            let Expr::Literal(value, _) = &**expr else {
                return None;
            };
            value.cast_to(field.data_type()).ok()?
        }
        _ => return None,
    };
    let found = value.data_type();
    finest_time(&found, ty)?;
    let cast = value.cast_to(ty).ok()?;
    (cast.cast_to(&found).ok()? == value).then_some(cast)
}

/// Returns the cast of `expr` to the type of `field`. A cast of text to a uuid, or of a uuid or a
/// timestamp with a named zone to text, is rewritten.
fn rewrite_cast(expr: Expr, field: FieldRef, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let cast = |expr: Expr, field| Expr::Cast(Cast::new_from_field(Box::new(expr), field));
    let Some(found) = field_of(&expr, schema) else {
        return Ok(Transformed::no(cast(expr, field)));
    };
    if is_uuid(&field) && is_text(found.data_type()) {
        return Ok(Transformed::yes(match &expr {
            Expr::Literal(value, _) => {
                let metadata = FieldMetadata::from(&*field);
                Expr::Literal(parse_literal(value)?, Some(metadata))
            }
            _ => ScalarUDF::from(ParseUuid::new()).call(vec![expr]),
        }));
    }
    if is_uuid(&found) && is_text(field.data_type()) {
        let text = ScalarUDF::from(FormatUuid::new()).call(vec![expr]);
        return Ok(Transformed::yes(cast(text, field)));
    }
    if is_text(field.data_type()) && has_named_zone(&expr, schema) {
        return Ok(Transformed::yes(cast(timestamp_text(expr), field)));
    }
    Ok(Transformed::no(cast(expr, field)))
}

/// Returns whether `expr` is a timestamp whose zone has a name. The offset of other zones has no
/// seconds.
fn has_named_zone(expr: &Expr, schema: &DFSchema) -> bool {
    let field = field_of(expr, schema);
    field.is_some_and(|field| match field.data_type() {
        DataType::Timestamp(_, Some(zone)) => {
            &**zone != "UTC" && zone.contains(|c: char| c.is_ascii_alphabetic())
        }
        _ => false,
    })
}

fn timestamp_text(expr: Expr) -> Expr {
    ScalarUDF::from(FormatTimestamp::new()).call(vec![expr])
}

/// Returns an operand that DataFusion would cast to text.
fn timestamp_as_text(expr: Expr, schema: &DFSchema) -> Expr {
    match has_named_zone(&expr, schema) {
        true => timestamp_text(expr),
        false => expr,
    }
}

/// Parses text as uuids. Uuids are returned unchanged.
#[derive(Debug, PartialEq, Eq, Hash)]
struct ParseUuid {
    signature: Signature,
}

impl ParseUuid {
    fn new() -> Self {
        ParseUuid {
            signature: Signature::any(1, Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for ParseUuid {
    fn name(&self) -> &str {
        UUID_FUNCTION
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::FixedSizeBinary(UUID_BYTES))
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs) -> Result<FieldRef> {
        let nullable = arguments.arg_fields.iter().any(|field| field.is_nullable());
        Ok(uuid_field(self.name(), nullable))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        map(&arguments, |array| {
            let ty = array.data_type();
            if *ty == DataType::FixedSizeBinary(UUID_BYTES) {
                return Ok(array);
            }
            if matches!(plain_type(ty), DataType::Binary | DataType::Null) {
                return Ok(cast(&array, &DataType::FixedSizeBinary(UUID_BYTES))?);
            }
            if !is_text(ty) {
                return exec_err!("`{UUID_FUNCTION}` requires text or a uuid, but found {ty}");
            }
            let texts = cast(&array, &DataType::Utf8)?;
            let mut builder = FixedSizeBinaryBuilder::with_capacity(texts.len(), UUID_BYTES);
            for text in texts.as_string::<i32>() {
                match text.map(|text| (text, value_text::uuid(text))) {
                    None => builder.append_null(),
                    Some((_, Ok(bytes))) => builder.append_value(bytes)?,
                    Some((text, Err(error))) => return exec_err!("`{text}` {error}"),
                }
            }
            Ok(Arc::new(builder.finish()))
        })
    }
}

/// Formats uuids in their hyphenated form.
#[derive(Debug, PartialEq, Eq, Hash)]
struct FormatUuid {
    signature: Signature,
}

impl FormatUuid {
    fn new() -> Self {
        let ty = DataType::FixedSizeBinary(UUID_BYTES);
        FormatUuid {
            signature: Signature::exact(vec![ty], Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for FormatUuid {
    fn name(&self) -> &str {
        "kalamtable_uuid_text"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        map(&arguments, |array| {
            let Some(uuids) = array.as_fixed_size_binary_opt() else {
                return exec_err!("`{}` requires a uuid", self.name());
            };
            let mut builder = StringBuilder::new();
            for bytes in uuids {
                let uuid = bytes.and_then(|bytes| Uuid::from_slice(bytes).ok());
                builder.append_option(uuid.map(|uuid| uuid.to_string()));
            }
            Ok(Arc::new(builder.finish()))
        })
    }
}

/// Formats timestamps with a zone so that the text is parsed as an equal timestamp.
#[derive(Debug, PartialEq, Eq, Hash)]
struct FormatTimestamp {
    signature: Signature,
}

impl FormatTimestamp {
    fn new() -> Self {
        FormatTimestamp {
            signature: Signature::any(1, Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for FormatTimestamp {
    fn name(&self) -> &str {
        "kalamtable_timestamp_text"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        map(&arguments, |array| {
            let DataType::Timestamp(unit, _) = array.data_type() else {
                return exec_err!("`{}` requires a timestamp", self.name());
            };
            let parsed_unit = match unit {
                TimeUnit::Second => ModelUnit::Second,
                TimeUnit::Millisecond => ModelUnit::Millisecond,
                TimeUnit::Microsecond => ModelUnit::Microsecond,
                TimeUnit::Nanosecond => ModelUnit::Nanosecond,
            };
            let in_utc = DataType::Timestamp(*unit, Some("UTC".into()));
            let [local, utc] = [
                cast(&array, &DataType::Utf8)?,
                cast(&cast(&array, &in_utc)?, &DataType::Utf8)?,
            ];
            let values = cast(&array, &DataType::Int64)?;
            let values: &Int64Array = values.as_primitive();
            let texts = local.as_string::<i32>().iter().zip(utc.as_string::<i32>());
            let texts = texts.zip(values).map(|((local, utc), value)| {
                // Arrow drops the seconds of an offset.
                let is_exact = |text: &&str| {
                    value.is_none_or(|value| {
                        value_text::timestamp(text, parsed_unit, true) == Ok(value)
                    })
                };
                local.filter(is_exact).or(utc)
            });
            let mut builder = StringBuilder::new();
            texts.for_each(|text| builder.append_option(text));
            Ok(Arc::new(builder.finish()))
        })
    }
}

/// Applies `convert` to the only argument.
fn map(
    arguments: &ScalarFunctionArgs,
    convert: impl FnOnce(ArrayRef) -> Result<ArrayRef>,
) -> Result<ColumnarValue> {
    match &arguments.args[..] {
        [ColumnarValue::Array(array)] => Ok(ColumnarValue::Array(convert(Arc::clone(array))?)),
        [ColumnarValue::Scalar(value)] => {
            let converted = convert(value.to_array()?)?;
            let value = ScalarValue::try_from_array(&converted, 0)?;
            Ok(ColumnarValue::Scalar(value))
        }
        _ => exec_err!("the function requires one argument"),
    }
}
