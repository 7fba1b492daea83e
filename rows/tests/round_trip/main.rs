// SPDX-License-Identifier: Apache-2.0

//! Any value of any type goes to Arrow and returns as it was: from its own array, from a part of it, and
//! from every other physical form; and its view says the same. What cannot is an error.

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
use kalamtable_rows::{Element, ElementReader, Ids, TypeAt, Value, ValueError};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use same::{Same, SameElement};

/// Checks what `strategy` makes, so many times.
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

/// Of hundreds of values each.
const CASES: u32 = 12;

/// Values of `T` in columns of type `ty`: alone, with nulls, and in lists of lists with nulls.
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

/// The Arrow type of the column type that `T` stands for.
fn natural<T: TypeAt<Ids<0>>>() -> DataType {
    <T as TypeAt<Ids<0>>>::TYPE.arrow_type()
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

/// `elements` are in the array of them, in parts of it, and in its other forms.
fn check<E: SameElement + Debug>(ty: &DataType, elements: &[E], forms: &[DataType]) {
    let array = to_array(ty, elements).expect("the values fit");
    array.to_data().validate_full().expect("the array is sound");
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
    let reader = ElementReader::try_new::<E>(array, ty).expect("the type is one that is read");
    for (index, element) in elements.iter().enumerate() {
        let read = reader.read::<E>(index).expect("the value is one");
        assert!(
            element.is_same(&read),
            "{element:?} is {read:?} from {form}"
        );
        let view = reader.view::<E>(index).expect("the value is one");
        assert!(
            element.is_seen(&view),
            "{element:?} is seen as {view:?} in {form}"
        );
    }
}

/// `array` in another form, if nothing is lost on the way.
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
    // Some at a time, as rows come.
    for (number, elements) in elements.chunks(64).enumerate() {
        let cells: Vec<E::Cell<'_>> = elements.iter().map(Element::cell).collect();
        E::append(&mut builder, &cells).map_err(|error| error.shifted(number * 64))?;
    }
    E::Value::finish(builder)
}
