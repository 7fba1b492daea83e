// SPDX-License-Identifier: Apache-2.0

//! Random values of every type are written to Arrow and read back unchanged: from the written
//! array, from a slice of it, and from every other physical form, as values and as views. A value
//! that cannot be stored exactly is an error.

#![deny(warnings)]

mod limits;
mod same;
mod table;
mod types;

use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::compute::{CastOptions, cast, cast_with_options};
use arrow::datatypes::{DataType, Field};
use kalamtable_rows::__private::ElementReader;
use kalamtable_rows::type_ids::FixedBase;
use kalamtable_rows::{Element, TypeAt, Value, ValueError};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use same::{Same, SameElement};

/// Runs `check` with `cases` random values of `strategy`.
#[track_caller]
fn run<T: Debug>(cases: u32, strategy: &BoxedStrategy<T>, check: impl Fn(T)) {
    let mut runner = TestRunner::new(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases)
    });
    let checked = runner.run(strategy, |value| {
        check(value);
        Ok(())
    });
    if let Err(error) = checked {
        panic!("{error}");
    }
}

/// The number of cases per type, each with hundreds of values.
const CASES: u32 = 12;

/// Checks values of `T` in columns of type `ty`: alone, with nulls, and in lists of lists with
/// nulls.
#[track_caller]
fn round_trip<T: Same + Clone + Debug>(
    values: impl Strategy<Value = T> + 'static,
    ty: &DataType,
    forms: &[DataType],
) {
    let values = values.boxed();
    let optional = proptest::option::of(values.clone()).boxed();
    run(CASES, &vec(values, 0..200).boxed(), |values| {
        check(ty, &values, forms);
    });
    run(CASES, &vec(optional.clone(), 0..200).boxed(), |values| {
        check(ty, &values, forms);
    });
    let lists = vec(vec(vec(optional, 0..5), 0..4), 0..20).boxed();
    let list = list_of(list_of(ty.clone(), true), false);
    let forms: Vec<DataType> = forms
        .iter()
        .map(|form| list_of(list_of(form.clone(), true), false))
        .chain([large(&list)])
        .collect();
    run(CASES, &lists, |lists: Vec<Vec<Vec<Option<T>>>>| {
        check(&list, &lists, &forms);
    });
}

/// Returns the Arrow type of the default column type of `T`.
fn default_type<T: TypeAt<FixedBase<0>>>() -> DataType {
    <T as TypeAt<FixedBase<0>>>::TYPE.arrow_type()
}

fn list_of(ty: DataType, nullable: bool) -> DataType {
    DataType::List(Arc::new(Field::new("item", ty, nullable)))
}

fn large(list: &DataType) -> DataType {
    match list {
        DataType::List(item) => DataType::LargeList(item.clone()),
        other => panic!("{other} is no list"),
    }
}

fn coded(values: DataType) -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(values))
}

/// Checks that `elements` are read from their array, from slices of it, and from its other forms.
fn check<E: SameElement + Debug>(ty: &DataType, elements: &[E], forms: &[DataType]) {
    let array = to_array(ty, elements).expect("the values fit");
    array.to_data().validate_full().expect("the array is valid");
    assert_eq!(array.data_type(), ty);
    assert_in(elements, &array, ty);
    let begin = elements.len() / 3;
    let length = elements.len() - begin;
    assert_in(&elements[begin..], &array.slice(begin, length), ty);
    for form in forms {
        if let Some(array) = exactly(&array, form) {
            assert_in(elements, &array, ty);
        }
    }
}

fn assert_in<E: SameElement + Debug>(elements: &[E], array: &ArrayRef, ty: &DataType) {
    let form = array.data_type();
    let reader = ElementReader::try_new::<E>(array, ty).expect("the type can be read");
    for (index, element) in elements.iter().enumerate() {
        let read = reader.read::<E>(index).expect("the element is a value");
        assert!(
            element.is_same(&read),
            "{element:?} is {read:?} from {form}"
        );
        let view = reader.view::<E>(index).expect("the element is a value");
        assert!(
            element.equals_view(&view),
            "{element:?} is seen as {view:?} in {form}"
        );
    }
}

/// Returns `array` in another form, or `None` if the conversion is not exact.
fn exactly(array: &ArrayRef, form: &DataType) -> Option<ArrayRef> {
    let checked = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    let other = cast_with_options(array, form, &checked).ok()?;
    let back = cast(&other, array.data_type()).ok()?;
    (back.to_data() == array.to_data()).then_some(other)
}

fn to_array<E: Element>(ty: &DataType, elements: &[E]) -> Result<ArrayRef, ValueError> {
    let mut builder = E::Value::builder(ty, elements.len())?;
    // In blocks, as rows are.
    for (number, elements) in elements.chunks(64).enumerate() {
        let cells: Vec<E::Cell<'_>> = elements.iter().map(Element::cell).collect();
        E::append(&mut builder, &cells).map_err(|error| error.shifted(number * 64))?;
    }
    E::Value::finish(builder)
}
