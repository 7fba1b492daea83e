// SPDX-License-Identifier: Apache-2.0

//! Conversions of random types: those that the evolution rules allow keep the meaning of every
//! value, and all others are refused.

#![deny(warnings)]

#[path = "support/cells.rs"]
mod cells;

use cells::{Cell, Random, Types, as_number_of, is_listed, primitives, random_cell, read, write};
use kalamtable_model::{
    ColumnType, SourceFile, Sources, Style, TableDefinition, check_evolution, parse_and_check,
    render,
};
use kalamtable_rows::Conversion;
use proptest::prelude::*;

fn table(version: u32, ty: &ColumnType) -> TableDefinition {
    let text = format!(
        "name = \"app.t\"\nno_primary_key = \"a test\"\nversion = {version}\n[columns]\n\
         c = {{ id = 1, type = '''{ty}''', nullable = true }}\n"
    );
    let mut sources = Sources::new();
    let source = sources.push(SourceFile::new("t.toml", text));
    match parse_and_check(&sources, source) {
        Ok(table) => table.definition,
        Err(problems) => panic!("{ty}: {}", render(&problems, &sources, Style::Plain)),
    }
}

/// Compares the conversion between two types with the rules and with the oracle. Returns whether
/// the rules allow the change.
fn check_pair(from: &ColumnType, to: &ColumnType, random: &mut Random) -> bool {
    let allowed = check_evolution(&[table(1, from)], &table(2, to)).is_ok();
    let conversion = Conversion::try_new(from, to);
    assert_eq!(
        conversion.is_ok(),
        allowed,
        "{from} to {to}: {conversion:?}"
    );
    let Ok(conversion) = conversion else {
        return false;
    };
    let mut cells = vec![Cell::Null];
    cells.extend((0..8).map(|_| random_cell(random, from)));
    let array = write(from, &cells);
    for ty in [to.arrow_type(), to.query_type()] {
        for (begin, length) in [(0, cells.len()), (3, 5)] {
            let converted = conversion.apply(&array.slice(begin, length), &ty).unwrap();
            assert_eq!(*converted.data_type(), ty);
            for row in 0..length {
                let expected = as_number_of(&cells[begin + row], to);
                assert_eq!(read(to, &converted, row), expected, "{from} to {to}");
            }
        }
    }
    if conversion.is_identity() && from.arrow_type() == to.arrow_type() {
        let same = conversion.apply(&array, &to.arrow_type()).unwrap();
        assert_eq!(same.to_data(), array.to_data());
    }
    true
}

#[test]
fn every_pair_of_primitive_types_follows_the_rules() {
    let (types, mut random) = (primitives(), Random(1));
    for from in &types {
        for to in &types {
            let allowed = check_pair(from, to, &mut random);
            assert_eq!(allowed, from == to || is_listed(from, to), "{from} to {to}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn allowed_changes_keep_values_and_others_are_refused(seed in any::<u64>()) {
        let mut types = Types { random: Random(seed), next_id: 1 };
        let from = types.any(3);
        let to = types.changed(&from);
        check_pair(&from, &to, &mut types.random);
    }
}

#[test]
fn generated_changes_are_both_allowed_and_refused() {
    let mut counts = [0; 4];
    for seed in 0..500 {
        let mut types = Types {
            random: Random(seed),
            next_id: 1,
        };
        let from = types.any(3);
        let to = types.changed(&from);
        let is_nested = !from.children().is_empty();
        let allowed = check_pair(&from, &to, &mut types.random);
        let is_interesting = from != to;
        counts[usize::from(allowed) + 2 * usize::from(is_nested)] += usize::from(is_interesting);
    }
    assert!(counts.iter().all(|&count| count > 20), "{counts:?}");
}
