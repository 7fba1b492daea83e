// SPDX-License-Identifier: Apache-2.0

//! Rules about the order of columns, which `SELECT *` and readers by position see.

use super::comparison::Evolution;
use super::indexed::IndexedDefinition;
use crate::definition::Column;
use crate::diagnostic::backticked;
use crate::rule::EvolutionRule;

impl Evolution<'_> {
    pub(super) fn order(&mut self) {
        let next = self.next.definition.columns();
        for index in (0..self.history.len()).rev() {
            let old = &self.history[index];
            let version = old.version();
            if is_start(old.definition.columns(), next) {
                continue;
            }
            let moves = moves(old, next);
            let inserted = inserted(old, next);
            for (column, anchor, is_before) in moves {
                let (place, former, relation) = if is_before {
                    ("before", "after", "followed")
                } else {
                    ("after", "before", "preceded")
                };
                let anchor = backticked(&anchor.name);
                let message = format!(
                    "column {} was moved {place} {anchor}, which it {relation} in version {version}",
                    self.described(column.into()),
                );
                let help = format!("move it {former} {anchor}");
                self.push(
                    EvolutionRule::ColumnMoved,
                    version,
                    column.into(),
                    message,
                    help,
                );
            }
            for (column, following) in inserted {
                let message = format!(
                    "column {} was inserted before the existing column {} of version {version}",
                    self.described(column.into()),
                    backticked(&following.name)
                );
                let help = "move it to the end of the columns";
                let rule = EvolutionRule::ColumnInserted;
                self.push(rule, version, column.into(), message, help);
            }
        }
    }
}

/// Returns whether the columns are the first ones of `next`, so that `next` only adds columns.
fn is_start(columns: &[Column], next: &[Column]) -> bool {
    let mut pairs = columns.iter().zip(next);
    columns.len() <= next.len() && pairs.all(|(old, column)| old.id == column.id)
}

/// Returns the fewest columns whose move explains the order of the columns that both versions have.
/// Each is paired with a column that was not moved, and whether it is before that column.
fn moves<'a>(
    old: &IndexedDefinition<'_>,
    next: &'a [Column],
) -> Vec<(&'a Column, &'a Column, bool)> {
    let position = |column: &Column| {
        let mut columns = old.definition.columns().iter();
        columns.position(|other| other.id == column.id)
    };
    // The columns that both versions have, with their positions in the old version.
    let common: Vec<(usize, &Column)> = next
        .iter()
        .filter_map(|column| Some((position(column)?, column)))
        .collect();
    let positions: Vec<usize> = common.iter().map(|(position, _)| *position).collect();
    let kept = longest_increasing(&positions);
    let mut moves = Vec::new();
    for (index, (position, column)) in common.iter().enumerate() {
        if kept.contains(&index) {
            continue;
        }
        let fixed = |at: &&usize| common.get(**at);
        // A column that was moved forwards is before a fixed column that preceded it.
        let following = kept
            .iter()
            .filter(|at| **at > index)
            .filter_map(|at| fixed(&at));
        let preceding = kept
            .iter()
            .rev()
            .filter(|at| **at < index)
            .filter_map(|at| fixed(&at));
        let before = following
            .filter(|(fixed, _)| fixed < position)
            .map(|(_, fixed)| (*fixed, true));
        let after = preceding
            .filter(|(fixed, _)| fixed > position)
            .map(|(_, fixed)| (*fixed, false));
        if let Some((anchor, is_before)) = before.chain(after).next() {
            moves.push((*column, anchor, is_before));
        }
    }
    moves
}

/// Returns the indexes of a longest increasing subsequence, in ascending order.
fn longest_increasing(values: &[usize]) -> Vec<usize> {
    // The index of the last element of the best subsequence of each length, and for each index the
    // index before it in its subsequence.
    let mut last: Vec<usize> = Vec::new();
    let mut previous: Vec<Option<usize>> = Vec::with_capacity(values.len());
    for (index, value) in values.iter().enumerate() {
        let length = last.partition_point(|end| values[*end] < *value);
        previous.push(length.checked_sub(1).map(|shorter| last[shorter]));
        match last.get_mut(length) {
            Some(end) => *end = index,
            None => last.push(index),
        }
    }
    let mut indexes = Vec::with_capacity(last.len());
    let mut at = last.last().copied();
    while let Some(index) = at {
        indexes.push(index);
        at = previous[index];
    }
    indexes.reverse();
    indexes
}

/// Returns each added column that stands before a column of the old version, with that column.
fn inserted<'a>(old: &IndexedDefinition<'_>, next: &'a [Column]) -> Vec<(&'a Column, &'a Column)> {
    let mut following = None;
    let mut inserted = Vec::new();
    for column in next.iter().rev() {
        if old.column(column.id).is_some() {
            following = Some(column);
        } else if let Some(following) = following
            // A column with the same name is reported as a changed id.
            && old.id_of(&column.name).is_none()
        {
            inserted.push((column, following));
        }
    }
    inserted.reverse();
    inserted
}
