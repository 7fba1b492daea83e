// SPDX-License-Identifier: Apache-2.0

use arrow::array::ListArray;
use arrow::datatypes::{Int32Type, UInt8Type};
use expect_test::expect;

use super::*;

#[test]
fn arrays_are_lists_bytes_or_embeddings() {
    let ty = default_type::<[u8; 3]>("bytes(3)");
    check::<[u8; 3]>(&ty, &[[1, 2, 3], [0, 0, 0]]);
    let ty = default_type::<[f32; 2]>("embedding(2)");
    check::<[f32; 2]>(&ty, &[[1.0, -0.5]]);
    let ty = default_type::<[i32; 2]>("list<#1 int>");
    check::<[i32; 2]>(&ty, &[[1, 2], [3, 4]]);
    let ty = default_type::<[i32; 0]>("list<#1 int>");
    check::<[i32; 0]>(&ty, &[[], []]);
    let ty = default_type::<[Option<u8>; 2]>("list<#1 utinyint null>");
    check::<[Option<u8>; 2]>(&ty, &[[Some(1), None]]);
    let ty = default_type::<[Option<f32>; 1]>("list<#1 float null>");
    check::<[Option<f32>; 1]>(&ty, &[[Some(1.0)], [None]]);
    let ty = default_type::<[[f32; 2]; 2]>("list<#1 embedding(2)>");
    check::<[[f32; 2]; 2]>(&ty, &[[[1.0, 2.0], [3.0, 4.0]]]);
    let ty = default_type::<Vec<[[String; 1]; 2]>>("list<#1 list<#2 list<#3 text>>>");
    let texts = ["a", "b"].map(|text| [text.to_string()]);
    check::<Vec<[[String; 1]; 2]>>(&ty, &[vec![texts], vec![]]);
}

#[test]
fn list_of_another_length_is_an_error() {
    let ty = default_type::<[i32; 2]>("list<#1 int>");
    let list = |list: &[i32]| {
        let list = list.iter().copied().map(Some);
        Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>([Some(
            list,
        )])) as ArrayRef
    };
    let bytes = ListArray::from_iter_primitive::<UInt8Type, _, _>([Some([Some(1)])]);
    let told = [
        not_read::<[i32; 2]>(&ty, list(&[1])),
        not_read::<[i32; 2]>(&ty, list(&[1, 2, 3])),
        not_read::<[u8; 2]>(
            &default_type::<Vec<[u8; 1]>>("list<#1 bytes(1)>"),
            Arc::new(bytes),
        ),
        not_written(&default_type::<[f32; 3]>("embedding(3)"), [1.0f32]),
        not_written(&default_type::<[u8; 3]>("bytes(3)"), [1u8]),
    ];
    expect![[r#"
        , row 0: the length is 1, but should be 2
        , row 0: the length is 3, but should be 2
        : $[]: the type is UInt8, but should be FixedSizeBinary(1)
        : the length is 1, but should be 3
        : the length is 1, but should be 3
    "#]]
    .assert_eq(&told.concat());
    let reader = ElementReader::try_new::<[i32; 2]>(&list(&[1]), &ty).expect("a list");
    assert!(reader.view::<[i32; 2]>(0).is_err());
}
