// SPDX-License-Identifier: Apache-2.0

//! Enums with hostile labels, generated and derived: every label is written and read.

use kalamtable_rows::{ClosedSet, FromArrow, ToArrow};
use kalamtable_strict::derived::{self, Derived};
use kalamtable_strict::hostile::labels::{
    Labels, LabelsNestedItem, LabelsNestedItemKind, LabelsNestedItemState, Name,
};

#[test]
fn generated_labels_with_names_of_associated_types_round_trip()
-> Result<(), Box<dyn std::error::Error>> {
    let rows: Vec<Labels> = Name::ALL
        .iter()
        .map(|name| Labels {
            name: *name,
            nested: vec![LabelsNestedItem {
                kind: LabelsNestedItemKind::Reader,
                state: Some(LabelsNestedItemState::Err),
            }],
        })
        .collect();
    assert_eq!(Labels::from_batch(&Labels::to_batch(&rows)?)?, rows);
    for (name, label) in Name::ALL.iter().zip(Name::LABELS) {
        assert_eq!(name.as_str(), *label);
        assert_eq!(label.parse::<Name>()?, *name);
    }
    assert_eq!(Name::Err.as_str(), "err");
    assert_eq!(Name::Self_.as_str(), "self");
    Ok(())
}

#[test]
fn derived_labels_with_names_of_associated_types_round_trip()
-> Result<(), Box<dyn std::error::Error>> {
    let all = derived::Name::ALL;
    let rows: Vec<Derived> = all
        .iter()
        .map(|name| Derived {
            name: *name,
            others: vec![Some(*name), None],
        })
        .collect();
    assert_eq!(Derived::from_batch(&Derived::to_batch(&rows)?)?, rows);
    assert_eq!(derived::Name::Builder.label(), "builder");
    Ok(())
}
