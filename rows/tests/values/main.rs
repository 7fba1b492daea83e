// SPDX-License-Identifier: Apache-2.0

//! Values of each family of types, written and read, and the errors for values that do not fit.

#![deny(warnings)]

mod arrays;
mod bytes;
mod chrono;
mod decimals;
mod jiff;
mod json;
mod std_time;
mod tables;

use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use arrow::datatypes::{DataType, TimeUnit};
use kalamtable_rows::__private::ElementReader;
use kalamtable_rows::type_ids::FixedBase;
use kalamtable_rows::{Element, OwnedElement, OwnedValue, TypeAt, Value};
use kalamtable_rows::{ValueError, Views};

/// Returns the Arrow type of the default column type of `T`, whose text must be `column`.
#[track_caller]
fn default_type<T: TypeAt<FixedBase<0>>>(column: &str) -> DataType {
    let ty = <T as TypeAt<FixedBase<0>>>::TYPE;
    assert_eq!(ty.to_string(), column);
    ty.arrow_type()
}

/// Checks that `values` are written to an array of type `ty` and read unchanged, with and without
/// nulls around them.
#[track_caller]
fn check<T: OwnedValue + Clone + Debug + PartialEq>(ty: &DataType, values: &[T]) {
    let array = to_array(ty, values).expect("the values fit");
    assert_eq!(
        read::<T>(&array, ty).expect("the elements are values"),
        values
    );
    let mut optional = vec![None];
    optional.extend(values.iter().cloned().map(Some));
    optional.push(None);
    let array = to_array(ty, &optional).expect("the values fit");
    assert_eq!(array.null_count(), 2);
    let returned = read::<Option<T>>(&array, ty).expect("the elements are values");
    assert_eq!(returned, optional);
    if returned.len() > 2 {
        let sliced = read::<Option<T>>(&array.slice(1, 1), ty).expect("the elements are values");
        assert_eq!(sliced, optional[1..2]);
    }
}

/// Returns the error for a value that does not fit a column of type `ty`; it follows a null.
#[track_caller]
fn not_written<T: Value>(ty: &DataType, value: T) -> String {
    let error = to_array(ty, &[None, Some(value)]).expect_err("it does not fit");
    format!("{error}\n")
}

/// Returns the error of reading an array as a column of type `ty`.
#[track_caller]
fn not_read<T: OwnedValue + Debug>(ty: &DataType, array: ArrayRef) -> String {
    let error = read::<T>(&array, ty).expect_err("the element is not a value");
    format!("{error}\n")
}

fn to_array<E: Element>(ty: &DataType, elements: &[E]) -> Result<ArrayRef, ValueError> {
    let mut builder = E::Value::builder(ty, elements.len())?;
    let cells: Vec<E::Cell<'_>> = elements.iter().map(Element::cell).collect();
    E::append(&mut builder, &cells)?;
    E::Value::finish(builder)
}

fn read<E: OwnedElement>(array: &ArrayRef, ty: &DataType) -> Result<Vec<E>, ValueError> {
    let reader = ElementReader::try_new::<E>(array, ty)?;
    (0..array.len())
        .map(|index| reader.read::<E>(index))
        .collect()
}

fn timestamp(unit: TimeUnit, zone: Option<&str>) -> DataType {
    DataType::Timestamp(unit, zone.map(Into::into))
}

/// Returns an array of one number, with a type whose values are 64-bit numbers.
fn units(ty: &DataType, units: i64) -> ArrayRef {
    let array: ArrayRef = Arc::new(Int64Array::from(vec![units]));
    arrow::compute::cast(&array, ty).expect("a type of 64 bits")
}

/// Returns all views.
fn rows_of<R: kalamtable_rows::FromArrow>(views: &Views<R>) -> Vec<R::View<'_>> {
    views
        .iter()
        .collect::<Result<_, _>>()
        .expect("they can be read")
}
