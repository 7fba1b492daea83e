// SPDX-License-Identifier: Apache-2.0

//! Enums with hostile labels, generated and derived: every label is written and read.

use kalamtable_rows::{ClosedSet, FromArrow, ToArrow};
use kalamtable_strict::derived::{self, Derived, SignRow};
use kalamtable_strict::hostile::labels::{
    Labels, LabelsModel, LabelsNestedItem, LabelsNestedItemKind, LabelsNestedItemState,
    LabelsQuotedItem, Name, Sign,
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
            sign: Some(Sign::AtLeast),
            model: Some(LabelsModel::Gpt35Turbo),
            quoted: LabelsQuotedItem::ALL.to_vec(),
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
            sign: Some(derived::Sign::AtLeast),
        })
        .collect();
    assert_eq!(Derived::from_batch(&Derived::to_batch(&rows)?)?, rows);
    assert_eq!(derived::Name::Builder.label(), "builder");
    Ok(())
}

#[test]
fn labels_that_are_no_names_have_the_chosen_variants() {
    assert_eq!(Sign::LABELS, ["=", ">=", "->"]);
    assert_eq!(Sign::from_label(">="), Some(Sign::AtLeast));
    let labels = LabelsModel::LABELS;
    assert_eq!(labels, ["gpt-3.5-turbo", "gpt_3_5_turbo", "ελληνικά", " "]);
    assert_eq!(LabelsModel::Gpt35Turbo.as_str(), "gpt-3.5-turbo");
    assert_eq!(LabelsModel::Gpt35Underscored.as_str(), "gpt_3_5_turbo");
    assert_eq!(LabelsQuotedItem::LABELS, ["`", "``a` b", "\"", "\\", "a'b"]);
    let labels = derived::Sign::LABELS;
    assert_eq!(labels, [">=", "ελληνικά", "gpt-3.5-turbo", "gpt_3_5_turbo"]);
}

#[test]
fn row_of_a_file_without_variants_round_trips() -> Result<(), Box<dyn std::error::Error>> {
    let row = |sign: &derived::Sign| SignRow {
        id: 1,
        sign: *sign,
        this: 2,
    };
    let rows: Vec<SignRow> = derived::Sign::ALL.iter().map(row).collect();
    assert_eq!(SignRow::from_batch(&SignRow::to_batch(&rows)?)?, rows);
    let columns = SignRow::TABLE.definition.columns().iter();
    let sources: Vec<&str> = columns.map(|column| column.source_name()).collect();
    assert_eq!(sources, ["id", "The Sign", "self"]);
    Ok(())
}
