// SPDX-License-Identifier: Apache-2.0

use arrow::array::StringArray;
use arrow::datatypes::DataType;
use expect_test::expect;
use serde_json::{Value as Json, json};

use super::*;

#[test]
fn json() {
    let ty = default_type::<Json>("json");
    let values = [
        json!(null),
        json!(true),
        json!("a \"text\" with \u{1F600} and \u{0}"),
        json!(i64::MIN),
        json!(u64::MAX),
        // A number that is unchanged only if all of its digits are parsed.
        json!(0.1 + 0.2),
        json!(f64::MIN_POSITIVE),
        json!(-0.0),
        json!({"a": [1, 2.5, {"b": null}], "": {}}),
    ];
    check(&ty, &values);
    for form in [DataType::Utf8View, DataType::LargeUtf8] {
        check(&form, &values);
    }
}

#[test]
fn view_of_json_is_its_text() {
    let ty = default_type::<Json>("json");
    let array = to_array(&ty, &[json!({"a": [1, null]})]).expect("the values fit");
    let reader = ElementReader::try_new::<Json>(&array, &ty).expect("text");
    let view: &str = reader.view::<Json>(0).expect("the value is not null");
    assert_eq!(view, r#"{"a":[1,null]}"#);
}

#[test]
fn invalid_json_is_an_error() {
    let ty = default_type::<Json>("json");
    let text = |text: &str| Arc::new(StringArray::from(vec![text])) as ArrayRef;
    let told = [
        not_read::<Json>(&ty, text("")),
        not_read::<Json>(&ty, text("{\"a\": }")),
        not_read::<Json>(&ty, text("1 2")),
        not_read::<Json>(&ty, text("1e999")),
        not_read::<Json>(&ty, units(&DataType::Int64, 1)),
        not_written(&DataType::Int64, json!(1)),
    ];
    expect![[r#"
        , row 0: `` is not valid JSON: EOF while parsing a value at character 0
        , row 0: `{"a": }` is not valid JSON: expected value at character 7
        , row 0: `1 2` is not valid JSON: trailing characters at character 3
        , row 0: `1e999` is not valid JSON: number out of range at character 5
        : the type is Int64, but should be Utf8
        : the type is Utf8, but should be Int64
    "#]]
    .assert_eq(&told.concat());
}
