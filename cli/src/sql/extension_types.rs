// SPDX-License-Identifier: Apache-2.0

//! [`with_extension_types`]: the extension types `arrow.uuid` and `arrow.json` of the columns of a
//! result, which DataFusion loses in functions that return one of their arguments.
//!
//! The types are derived from the arguments of each expression. A result without its extension type
//! would be written as bytes, or as a JSON string.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::metadata::FieldMetadata;
use datafusion::common::{DFSchema, JoinType, ScalarValue};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::expr::{Cast, WindowFunctionDefinition};
use datafusion::logical_expr::{
    Distinct, Expr, ExprSchemable, Join, LogicalPlan, LogicalPlanBuilder, Unnest,
};
use kalamtable_model::value_text;

const EXTENSION_NAME: &str = "ARROW:extension:name";
const EXTENSION_METADATA: &str = "ARROW:extension:metadata";

/// Returns `plan` with a projection that adds the extension types that its columns have lost.
///
/// # Errors
/// Fails if a projection of all columns is invalid.
pub(crate) fn with_extension_types(plan: LogicalPlan) -> Result<LogicalPlan, DataFusionError> {
    let columns: Vec<Expr> = plan
        .schema()
        .iter()
        .zip(column_fields(&plan))
        .map(|((qualifier, field), found)| {
            let column = Expr::from((qualifier, field));
            let is_nested_type_lost = found.data_type() != field.data_type();
            if !is_nested_type_lost && found.metadata() == field.metadata() {
                return column;
            }
            let value = match is_nested_type_lost {
                true => Expr::Cast(Cast::new(Box::new(column), found.data_type().clone())),
                false => column,
            };
            let metadata = FieldMetadata::from(&*found);
            value.alias_with_metadata(field.name(), Some(metadata))
        })
        .collect();
    if columns
        .iter()
        .all(|column| matches!(column, Expr::Column(_)))
    {
        return Ok(plan);
    }
    LogicalPlanBuilder::from(plan).project(columns)?.build()
}

/// Returns the fields of the result of `plan` with their extension types.
fn column_fields(plan: &LogicalPlan) -> Vec<FieldRef> {
    let schema = plan.schema();
    let found = match plan {
        LogicalPlan::Projection(projection) => of_exprs(&projection.expr, &projection.input),
        LogicalPlan::Filter(filter) => column_fields(&filter.input),
        LogicalPlan::Sort(sort) => column_fields(&sort.input),
        LogicalPlan::Limit(limit) => column_fields(&limit.input),
        LogicalPlan::Repartition(repartition) => column_fields(&repartition.input),
        LogicalPlan::SubqueryAlias(alias) => column_fields(&alias.input),
        LogicalPlan::Subquery(subquery) => column_fields(&subquery.subquery),
        LogicalPlan::Distinct(Distinct::All(input)) => column_fields(input),
        LogicalPlan::Distinct(Distinct::On(distinct)) => {
            of_exprs(&distinct.select_expr, &distinct.input)
        }
        LogicalPlan::Aggregate(aggregate) => {
            let mut fields = of_exprs(&aggregate.group_expr, &aggregate.input);
            fields.extend(of_exprs(&aggregate.aggr_expr, &aggregate.input));
            fields
        }
        LogicalPlan::Window(window) => {
            let mut fields = column_fields(&window.input);
            fields.extend(of_exprs(&window.window_expr, &window.input));
            fields
        }
        LogicalPlan::Join(join) => of_join(join),
        LogicalPlan::Unnest(unnest) => of_unnest(unnest),
        LogicalPlan::Union(union) => {
            let inputs: Vec<_> = union
                .inputs
                .iter()
                .map(|input| column_fields(input))
                .collect();
            let columns = 0..schema.fields().len();
            columns
                .map(|column| {
                    let fields = inputs.iter().map(|fields| fields.get(column).cloned());
                    let fields: Option<Vec<FieldRef>> = fields.collect();
                    common_field(schema.field(column), &fields.unwrap_or_default())
                })
                .collect()
        }
        LogicalPlan::TableScan(scan) => match (scan.source.get_logical_plan(), &scan.projection) {
            (Some(view), None) => column_fields(&view),
            (Some(view), Some(projection)) => {
                let fields = column_fields(&view);
                let fields = projection.iter().filter_map(|&column| fields.get(column));
                fields.cloned().collect()
            }
            (None, _) => Vec::new(),
        },
        _ => Vec::new(),
    };
    // A grouping set, for example, has other columns than its expressions.
    if found.len() != schema.fields().len() {
        return schema.fields().iter().cloned().collect();
    }
    let fields = schema.fields().iter().zip(found);
    fields
        .map(|(field, found)| with_types_of(field, &found))
        .collect()
}

fn of_join(join: &Join) -> Vec<FieldRef> {
    let (left, right) = (|| column_fields(&join.left), || column_fields(&join.right));
    match join.join_type {
        JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full => {
            [left(), right()].concat()
        }
        JoinType::LeftSemi | JoinType::LeftAnti => left(),
        JoinType::RightSemi | JoinType::RightAnti => right(),
        JoinType::LeftMark | JoinType::RightMark => Vec::new(),
    }
}

fn of_unnest(unnest: &Unnest) -> Vec<FieldRef> {
    let of_input = column_fields(&unnest.input);
    let columns = unnest.dependency_indices.iter().zip(unnest.schema.fields());
    columns
        .map(|(&column, field)| {
            let Some(found) = of_input.get(column) else {
                return Arc::clone(field);
            };
            let mut lists = unnest.list_type_columns.iter();
            let Some((_, list)) = lists.find(|(list, _)| *list == column) else {
                return Arc::clone(found);
            };
            let items = (0..list.depth).try_fold(Arc::clone(found), |field, _| item(&field));
            items.unwrap_or_else(|| Arc::clone(field))
        })
        .collect()
}

fn item(field: &Field) -> Option<FieldRef> {
    match field.data_type() {
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::ListView(item)
        | DataType::LargeListView(item) => Some(Arc::clone(item)),
        _ => None,
    }
}

fn of_exprs(exprs: &[Expr], input: &LogicalPlan) -> Vec<FieldRef> {
    let scope = Scope {
        fields: column_fields(input),
        schema: input.schema(),
    };
    exprs
        .iter()
        .map(|expr| {
            scope
                .field(expr)
                .unwrap_or_else(|| Arc::new(Field::new("", DataType::Null, true)))
        })
        .collect()
}

/// The columns that an expression can use.
struct Scope<'a> {
    fields: Vec<FieldRef>,
    schema: &'a DFSchema,
}

impl Scope<'_> {
    /// Returns the field of the value of `expr`, or `None` if its type is unknown.
    fn field(&self, expr: &Expr) -> Option<FieldRef> {
        let (_, own) = expr.to_field(self.schema).ok()?;
        let found = match expr {
            Expr::Column(column) => {
                let position = self.schema.maybe_index_of_column(column)?;
                self.fields.get(position).cloned()
            }
            Expr::Alias(alias) => self.field(&alias.expr),
            Expr::ScalarSubquery(subquery) => column_fields(&subquery.subquery).first().cloned(),
            Expr::Case(case) => {
                let branches = case.when_then_expr.iter().map(|(_, then)| then);
                let values = branches.chain(&case.else_expr).map(|value| &**value);
                Some(self.of_values(&own, values, true))
            }
            Expr::ScalarFunction(function)
                if matches!(function.name(), "named_struct" | "struct") =>
            {
                // The names of fields precede their values.
                let has_names = function.name() == "named_struct";
                let step = 1 + usize::from(has_names);
                let mut values = function.args.iter().skip(step - 1).step_by(step);
                let ty = with_children(own.data_type(), |child| {
                    let value = values.next().and_then(|value| self.field(value));
                    value.map_or_else(
                        || Arc::new(child.clone()),
                        |value| with_types_of(child, &value),
                    )
                });
                Some(Arc::new(own.as_ref().clone().with_data_type(ty)))
            }
            Expr::ScalarFunction(function) => {
                let name = function.name();
                let arguments = match name {
                    "nullif" => function.args.get(..1)?,
                    "nvl2" => function.args.get(1..)?,
                    _ => &function.args,
                };
                Some(self.of_values(&own, arguments, returns_argument(name)))
            }
            Expr::AggregateFunction(function) => {
                let selects = returns_argument(function.func.name());
                Some(self.of_values(&own, &function.params.args, selects))
            }
            Expr::WindowFunction(function) => {
                let name = match &function.fun {
                    WindowFunctionDefinition::AggregateUDF(function) => function.name(),
                    WindowFunctionDefinition::WindowUDF(function) => function.name(),
                };
                Some(self.of_values(&own, &function.params.args, returns_argument(name)))
            }
            Expr::BinaryExpr(binary) => {
                Some(self.of_values(&own, [&*binary.left, &*binary.right], false))
            }
            _ => None,
        };
        Some(match found {
            Some(found) => with_types_of(&own, &found),
            None => own,
        })
    }

    /// Returns `own` with the extension type that all `values` have. No function computes a value
    /// of 16 bytes, but only some return their text unchanged.
    fn of_values<'e>(
        &self,
        own: &Field,
        values: impl IntoIterator<Item = &'e Expr>,
        is_text_unchanged: bool,
    ) -> FieldRef {
        // The types of a long chain of operators are computed once.
        if !has_leaf(own.data_type(), is_text_unchanged) {
            return Arc::new(own.clone());
        }
        let mut types = LeafTypes::default();
        for value in values {
            match value {
                Expr::Literal(value, _) if is_null_or_json(value) => {}
                value => match self.field(value) {
                    Some(field) => types.add(&field),
                    None => return Arc::new(own.clone()),
                },
            }
        }
        types.apply(own, is_text_unchanged)
    }
}

/// Returns whether values of the type contain uuids, or JSON if `has_json`.
fn has_leaf(ty: &DataType, has_json: bool) -> bool {
    match ty {
        DataType::FixedSizeBinary(16) => true,
        ty if ty.is_string() => has_json,
        ty => {
            let mut children = children(ty).into_iter();
            children.any(|child| has_leaf(child.data_type(), has_json))
        }
    }
}

/// Returns whether a literal fits among JSON values.
fn is_null_or_json(value: &ScalarValue) -> bool {
    let text = value.try_as_str().flatten();
    value.is_null() || text.is_some_and(|text| value_text::json(text).is_ok())
}

/// Returns whether each text in the result of a function is one of its arguments.
fn returns_argument(function: &str) -> bool {
    const FUNCTIONS: [&str; 20] = [
        "any_value",
        "array_agg",
        "coalesce",
        "first_value",
        "flatten",
        "get_field",
        "greatest",
        "ifnull",
        "lag",
        "last_value",
        "lead",
        "least",
        "make_array",
        "max",
        "min",
        "nth_value",
        "nullif",
        "nvl",
        "nvl2",
        "unnest",
    ];
    FUNCTIONS.contains(&function) || function.starts_with("array_") && function != "array_to_string"
}

/// The extension types of the values of 16 bytes and of the texts in several fields.
#[derive(Default)]
struct LeafTypes {
    uuid: Agreement,
    json: Agreement,
}

/// Whether all values of a type have an extension type.
#[derive(Clone, Default)]
enum Agreement {
    #[default]
    NoValues,
    All(HashMap<String, String>),
    Differ,
}

impl Agreement {
    fn add(&mut self, extension: Option<HashMap<String, String>>) {
        *self = match (&self, extension) {
            (Agreement::NoValues, Some(extension)) => Agreement::All(extension),
            (Agreement::All(one), Some(_)) => Agreement::All(one.clone()),
            (_, None) | (Agreement::Differ, _) => Agreement::Differ,
        };
    }
}

impl LeafTypes {
    fn add(&mut self, field: &Field) {
        let metadata = extension(field);
        let has_name = |name| {
            let found = metadata.get(EXTENSION_NAME);
            found
                .is_some_and(|found| found == name)
                .then(|| metadata.clone())
        };
        match field.data_type() {
            DataType::FixedSizeBinary(16) => self.uuid.add(has_name("arrow.uuid")),
            ty if ty.is_string() => self.json.add(has_name("arrow.json")),
            ty => children(ty).iter().for_each(|child| self.add(child)),
        }
    }

    fn apply(&self, field: &Field, is_text_unchanged: bool) -> FieldRef {
        let agreement = match field.data_type() {
            DataType::FixedSizeBinary(16) => &self.uuid,
            ty if ty.is_string() && is_text_unchanged => &self.json,
            ty => {
                let ty = with_children(ty, |child| self.apply(child, is_text_unchanged));
                return Arc::new(field.clone().with_data_type(ty));
            }
        };
        match agreement {
            Agreement::All(metadata) => with_extension(field, metadata.clone()),
            _ => Arc::new(field.clone()),
        }
    }
}

/// Returns the extension type that all `fields` have, as part of `own`.
fn common_field(own: &Field, fields: &[FieldRef]) -> FieldRef {
    let mut types = LeafTypes::default();
    let with_values = fields.iter().filter(|field| !field.data_type().is_null());
    with_values.for_each(|field| types.add(field));
    types.apply(own, true)
}

/// Returns `field` with the extension types of `found`, which has the same data type.
fn with_types_of(field: &Field, found: &Field) -> FieldRef {
    let (of_field, of_found) = (children(field.data_type()), children(found.data_type()));
    if of_field.len() != of_found.len() {
        return Arc::new(field.clone());
    }
    let mut of_found = of_found.into_iter();
    let ty = with_children(field.data_type(), |child| match of_found.next() {
        Some(found) => with_types_of(child, &found),
        None => Arc::new(child.clone()),
    });
    let field = field.clone().with_data_type(ty);
    let is_same_type = field.data_type() == found.data_type()
        || field.data_type().is_string() && found.data_type().is_string();
    match field.extension_type_name() {
        None if is_same_type => with_extension(&field, extension(found)),
        _ => Arc::new(field),
    }
}

fn extension(field: &Field) -> HashMap<String, String> {
    let entries = [EXTENSION_NAME, EXTENSION_METADATA].into_iter();
    let entries = entries.filter_map(|key| {
        let value = field.metadata().get(key)?;
        Some((key.to_string(), value.clone()))
    });
    entries.collect()
}

fn with_extension(field: &Field, extension: HashMap<String, String>) -> FieldRef {
    let mut metadata = field.metadata().clone();
    metadata.extend(extension);
    Arc::new(field.clone().with_metadata(metadata))
}

fn children(ty: &DataType) -> Vec<FieldRef> {
    let mut found = Vec::new();
    with_children(ty, |child| {
        found.push(Arc::new(child.clone()));
        Arc::new(child.clone())
    });
    found
}

/// Returns the type with other fields in its lists, structs and maps.
fn with_children(ty: &DataType, mut change: impl FnMut(&Field) -> FieldRef) -> DataType {
    match ty {
        DataType::List(item) => DataType::List(change(item)),
        DataType::LargeList(item) => DataType::LargeList(change(item)),
        DataType::FixedSizeList(item, length) => DataType::FixedSizeList(change(item), *length),
        DataType::ListView(item) => DataType::ListView(change(item)),
        DataType::LargeListView(item) => DataType::LargeListView(change(item)),
        DataType::Map(entries, is_sorted) => DataType::Map(change(entries), *is_sorted),
        DataType::Struct(fields) => {
            DataType::Struct(fields.iter().map(|field| change(field)).collect())
        }
        ty => ty.clone(),
    }
}
