// SPDX-License-Identifier: Apache-2.0

use std::borrow::Cow;

use ::bytes::Bytes;
use arrow::array::AsArray;
use arrow::datatypes::DataType;
use expect_test::expect;

use super::*;

#[test]
fn byte_types_are_written_and_read() {
    let bytes: [&'static [u8]; 3] = [b"", b"abc", &[0, 255, 128]];
    for form in [
        default_type::<Bytes>("bytes"),
        default_type::<Box<[u8]>>("bytes"),
        default_type::<Arc<[u8]>>("bytes"),
        default_type::<Cow<'static, [u8]>>("bytes"),
        default_type::<&[u8]>("bytes"),
        DataType::LargeBinary,
        DataType::BinaryView,
        DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Binary)),
    ] {
        check(&form, &bytes.map(Bytes::from_static));
        check(&form, &bytes.map(Box::<[u8]>::from));
        check(&form, &bytes.map(Arc::<[u8]>::from));
        check(&form, &bytes.map(Cow::Borrowed));
        let borrowed = to_array(&form, &bytes).expect("the values fit");
        let read = read::<Vec<u8>>(&borrowed, &form).expect("bytes");
        assert_eq!(read, bytes);
    }
}

#[test]
fn views_of_bytes_are_slices() {
    let array = to_array(&DataType::Binary, &[Bytes::from_static(b"abc")]).expect("the values fit");
    let reader = ElementReader::try_new::<Bytes>(&array, &DataType::Binary).expect("bytes");
    let view = reader.view::<Bytes>(0).expect("the value is not null");
    assert_eq!(view.as_ptr(), array.as_binary::<i32>().value(0).as_ptr());
    assert_eq!(&view[..], b"abc");
}

#[test]
fn bytes_of_another_length_are_an_error() {
    let three = DataType::FixedSizeBinary(3);
    check(&three, &[Bytes::from_static(b"abc")]);
    let told = [
        not_written(&three, Bytes::from_static(b"ab")),
        not_written(&DataType::Utf8, Bytes::from_static(b"ab")),
        not_read::<Bytes>(&three, units(&DataType::Int64, 1)),
    ];
    expect![[r#"
        , row 1: the length is 2, but should be 3
        : a column of type Utf8 cannot hold lists
        : the type is Int64, but should be FixedSizeBinary(3)
    "#]]
    .assert_eq(&told.concat());
}
