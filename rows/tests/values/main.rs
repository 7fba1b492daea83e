// SPDX-License-Identifier: Apache-2.0

//! Values of one family after the other: to an array and back, and what is told where they do not fit.

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
use kalamtable_rows::{Element, ElementReader, Ids, OwnedElement, OwnedValue, TypeAt, Value};
use kalamtable_rows::{ValueError, Views};

/// The Arrow type of the column type that `T` stands for, which is written as `column`.
#[track_caller]
fn natural<T: TypeAt<Ids<0>>>(column: &str) -> DataType {
    let ty = <T as TypeAt<Ids<0>>>::TYPE;
    assert_eq!(ty.to_string(), column);
    ty.arrow_type()
}

/// `values` go to an array of type `ty` and return, with a null before and after them, and without.
#[track_caller]
fn check<T: OwnedValue + Clone + Debug + PartialEq>(ty: &DataType, values: &[T]) {
    let array = to_array(ty, values).expect("the values fit");
    assert_eq!(read::<T>(&array, ty).expect("they are values"), values);
    let mut optional = vec![None];
    optional.extend(values.iter().cloned().map(Some));
    optional.push(None);
    let array = to_array(ty, &optional).expect("the values fit");
    assert_eq!(array.null_count(), 2);
    let returned = read::<Option<T>>(&array, ty).expect("they are values");
    assert_eq!(returned, optional);
    if returned.len() > 2 {
        let sliced = read::<Option<T>>(&array.slice(1, 1), ty).expect("they are values");
        assert_eq!(sliced, optional[1..2]);
    }
}

/// What is told of one value that does not fit a column of type `ty`, the one after a null.
#[track_caller]
fn not_written<T: Value>(ty: &DataType, value: T) -> String {
    let error = to_array(ty, &[None, Some(value)]).expect_err("it does not fit");
    format!("{error}\n")
}

/// What is told of an array that is read as a column of type `ty`.
#[track_caller]
fn not_read<T: OwnedValue + Debug>(ty: &DataType, array: ArrayRef) -> String {
    let error = read::<T>(&array, ty).expect_err("it is no value");
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

/// An array of one number, in a type that counts in 64 bits.
fn units(ty: &DataType, units: i64) -> ArrayRef {
    let array: ArrayRef = Arc::new(Int64Array::from(vec![units]));
    arrow::compute::cast(&array, ty).expect("a type of 64 bits")
}

/// The views, which must be there.
fn rows_of<R: kalamtable_rows::FromArrow>(views: &Views<R>) -> Vec<R::View<'_>> {
    views
        .iter()
        .collect::<Result<_, _>>()
        .expect("they can be read")
}
