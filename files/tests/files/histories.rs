// SPDX-License-Identifier: Apache-2.0

//! Random histories of a table: a file of each version is read as each later version that the
//! evolution rules allow, with the values that a migration produces and that the oracle expects.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::concat_batches;
use datafusion::prelude::SessionContext;
use expect_test::expect;
use kalamtable_files::{VersionedDefinition, register_folder};
use kalamtable_model::{
    ColumnType, SourceFile, Sources, Style, TableDefinition, check_evolution, parse_and_check,
    render,
};
use kalamtable_rows::migrate;
use tokio::runtime::Runtime;

use crate::cells::{Cell, Random, Types, as_number_of, primitives, random_cell, read, write};
use crate::versions::{Ids, VersionedFolder, without_ids};

/// A column of a random version.
#[derive(Clone)]
struct RandomColumn {
    id: i32,
    name: String,
    ty: ColumnType,
    nullable: bool,
    default: Option<i32>,
    /// The value in rows that were written without the column.
    initial: Cell,
}

/// The column `k` with id 1, which orders the rows, and the others.
#[derive(Clone)]
struct RandomVersion {
    number: usize,
    columns: Vec<RandomColumn>,
    dropped: Vec<(i32, String)>,
}

impl RandomVersion {
    fn definition(&self) -> TableDefinition {
        let mut text = format!(
            "name = \"app.t\"\nprimary_key = [\"k\"]\nversion = {}\n[columns]\n\
             k = {{ id = 1, type = \"int\" }}\n",
            self.number
        );
        for column in &self.columns {
            let default = column.default.map(|default| match column.ty {
                ColumnType::Double => format!(", default = {default}.0"),
                _ => format!(", default = {default}"),
            });
            text += &format!(
                "{} = {{ id = {}, type = '''{}''', nullable = {}{} }}\n",
                column.name,
                column.id,
                column.ty,
                column.nullable,
                default.unwrap_or_default()
            );
        }
        if !self.dropped.is_empty() {
            let (mut ids, mut names): (Vec<i32>, Vec<String>) =
                self.dropped.iter().cloned().unzip();
            ids.sort_unstable();
            names.sort_unstable();
            text += &format!("[reserved]\nids = {ids:?}\nnames = {names:?}\n");
        }
        let mut sources = Sources::new();
        let source = sources.push(SourceFile::new("t.toml", text));
        match parse_and_check(&sources, source) {
            Ok(table) => table.definition,
            Err(problems) => panic!("{}", render(&problems, &sources, Style::Plain)),
        }
    }

    fn added(types: &mut Types) -> RandomColumn {
        let field = types.field("added", 2);
        let (nullable, default, ty) = match types.random.below(3) {
            0 => (false, Some(types.random.below(100) as i32), ColumnType::Int),
            1 => (
                true,
                Some(types.random.below(100) as i32),
                ColumnType::SmallInt,
            ),
            _ => (true, None, field.ty),
        };
        RandomColumn {
            id: field.id,
            name: format!("c{}", field.id),
            initial: default.map_or(Cell::Null, |default| Cell::Number {
                unscaled: default.into(),
                scale: 0,
            }),
            ty,
            nullable,
            default,
        }
    }

    fn first(types: &mut Types) -> Self {
        let columns = (0..3).map(|_| RandomVersion::added(types));
        RandomVersion {
            number: 1,
            columns: columns.collect(),
            dropped: Vec::new(),
        }
    }

    /// Returns a version that may follow this one.
    fn next(&self, types: &mut Types) -> Self {
        let mut next = self.clone();
        next.number += 1;
        for column in &mut next.columns {
            column.ty = types.changed(&column.ty);
            if types.random.below(3) == 0 {
                column.name = format!("r{}_{}", column.id, next.number);
            }
            // A later default does not apply to earlier rows.
            column.default = None;
            if matches!(column.ty, ColumnType::Int | ColumnType::Double) {
                column.default = Some(types.random.below(100) as i32);
            }
            if types.random.below(6) == 0 {
                column.nullable = true;
            }
        }
        if next.columns.len() > 2 && types.random.below(3) == 0 {
            let dropped = next.columns.remove(types.random.below(next.columns.len()));
            let mut names = vec![dropped.name];
            let before = self.columns.iter().find(|column| column.id == dropped.id);
            names.extend(before.map(|column| column.name.clone()));
            next.dropped.push((dropped.id, names.pop().unwrap()));
        }
        if types.random.below(2) == 0 {
            next.columns.push(RandomVersion::added(types));
        }
        let places = next.columns.len();
        next.columns.swap(0, types.random.below(places));
        next
    }
}

/// Returns a history that the evolution rules allow, of at most four versions.
fn history(types: &mut Types) -> Vec<(RandomVersion, TableDefinition)> {
    let first = RandomVersion::first(types);
    let definition = first.definition();
    let mut history = vec![(first, definition)];
    for _ in 0..12 {
        let next = history.last().unwrap().0.next(types);
        let definition = next.definition();
        let earlier: Vec<&TableDefinition> =
            history.iter().map(|(_, definition)| definition).collect();
        if check_evolution(&earlier, &definition).is_ok() {
            history.push((next, definition));
        }
        if history.len() == 4 {
            break;
        }
    }
    history
}

/// The cells of one row: those of each column, by id.
type RandomRow = Vec<(i32, Cell)>;

fn random_rows(types: &mut Types, version: &RandomVersion, first: i32) -> Vec<RandomRow> {
    let rows = (first..first + 6).map(|key| {
        let key = Cell::Number {
            unscaled: key.into(),
            scale: 0,
        };
        let mut row = vec![(1, key)];
        row.extend(version.columns.iter().map(|column| {
            let is_null = column.nullable && types.random.below(4) == 0;
            let cell = if is_null {
                Cell::Null
            } else {
                random_cell(&mut types.random, &column.ty)
            };
            (column.id, cell)
        }));
        row
    });
    rows.collect()
}

fn cell(row: &RandomRow, id: i32) -> Option<&Cell> {
    row.iter()
        .find(|(found, _)| *found == id)
        .map(|(_, cell)| cell)
}

fn batch(definition: &TableDefinition, rows: &[RandomRow], ids: Ids) -> RecordBatch {
    let columns = definition.columns().iter().map(|column| {
        let cells = rows.iter().map(|row| cell(row, column.id).unwrap().clone());
        write(&column.ty, &cells.collect::<Vec<_>>())
    });
    let columns: Vec<ArrayRef> = columns.collect();
    let batch = RecordBatch::try_new(Arc::new(definition.arrow_schema()), columns).unwrap();
    match ids {
        Ids::Present => batch,
        Ids::Absent => {
            let schema = Arc::new(without_ids(&batch.schema()));
            let columns = batch.columns().iter();
            let columns = columns
                .zip(schema.fields())
                .map(|(array, field)| arrow::compute::cast(array, field.data_type()).unwrap());
            RecordBatch::try_new(Arc::clone(&schema), columns.collect()).unwrap()
        }
    }
}

/// Returns the rows of a table, ordered by `k`.
fn select(context: &SessionContext, sql: &str) -> RecordBatch {
    let batches = Runtime::new()
        .unwrap()
        .block_on(async { context.sql(sql).await?.collect().await })
        .unwrap();
    concat_batches(&batches[0].schema(), &batches).unwrap()
}

fn check_rows(
    version: &RandomVersion,
    definition: &TableDefinition,
    expected: &[RandomRow],
    batch: &RecordBatch,
) {
    assert_eq!(batch.num_rows(), expected.len());
    for (position, column) in definition.columns().iter().enumerate() {
        let initial = version.columns.iter().find(|other| other.id == column.id);
        for (row, cells) in expected.iter().enumerate() {
            let stored = cell(cells, column.id).or(initial.map(|column| &column.initial));
            let stored = as_number_of(stored.unwrap(), &column.ty);
            let found = read(&column.ty, batch.column(position), row);
            assert_eq!(
                found,
                stored,
                "column {} of {}",
                column.name,
                definition.to_toml()
            );
        }
    }
}

fn check_history(seed: u64) -> usize {
    let mut types = Types {
        random: Random(seed),
        next_id: 1,
    };
    let history = history(&mut types);
    let mut rows = Vec::new();
    for (index, (version, _)) in history.iter().enumerate() {
        rows.push(random_rows(&mut types, version, 10 * index as i32));
    }
    for (last, (version, current)) in history.iter().enumerate() {
        let earlier: Vec<TableDefinition> = history[..last]
            .iter()
            .map(|(_, definition)| definition.clone())
            .collect();
        let folder = VersionedFolder::new(Vec::new());
        for (index, (from, definition)) in history[..=last].iter().enumerate() {
            let ids = if types.random.below(2) == 0 {
                Ids::Present
            } else {
                Ids::Absent
            };
            let stored = batch(definition, &rows[index], Ids::Present);
            let migrated = migrate(&stored, &earlier, from.number as u32, current).unwrap();
            check_rows(version, current, &rows[index], &migrated);
            let stored = batch(definition, &rows[index], ids);
            folder.write_batch(&format!("t/{index}.parquet"), &stored);
        }
        let context = SessionContext::new();
        let table = VersionedDefinition {
            current: current.clone(),
            earlier,
        };
        let data = folder.folder.path().join("data");
        if let Err(error) = register_folder(&context, &[table], Some(&data)) {
            let texts: Vec<String> = history[..=last].iter().map(|(_, d)| d.to_toml()).collect();
            panic!("{error}\n{}", texts.join("\n"));
        }
        let found = select(&context, "SELECT * FROM app.t ORDER BY k");
        check_rows(version, current, &rows[..=last].concat(), &found);
    }
    history.len()
}

#[test]
fn all_versions_are_read_as_all_later_ones() {
    let versions: usize = (0..150).map(check_history).sum();
    assert!(versions > 400, "{versions}");
}

/// The reader accepts every change that the rules allow. Beyond them, it accepts a file whose type
/// holds the same values in another unit, and it checks the values of closed sets and JSON.
#[test]
fn reader_accepts_few_changes_beyond_the_rules() {
    let types = primitives();
    let definition = |version, ty: &ColumnType| {
        let column = RandomColumn {
            id: 2,
            name: "c".to_string(),
            ty: ty.clone(),
            nullable: true,
            default: None,
            initial: Cell::Null,
        };
        let version = RandomVersion {
            number: version,
            columns: vec![column],
            dropped: Vec::new(),
        };
        version.definition()
    };
    let mut accepted = String::new();
    for from in &types {
        let earlier = definition(1, from);
        let row = vec![
            (
                1,
                Cell::Number {
                    unscaled: 1,
                    scale: 0,
                },
            ),
            (2, Cell::Null),
        ];
        let folder = VersionedFolder::new(Vec::new());
        folder.write_batch("t.parquet", &batch(&earlier, &[row], Ids::Present));
        let data = folder.folder.path().join("data");
        for to in &types {
            let current = definition(2, to);
            let allowed = check_evolution(&[&earlier], &current).is_ok();
            let table = VersionedDefinition {
                current,
                earlier: vec![earlier.clone()],
            };
            let registered = register_folder(&SessionContext::new(), &[table], Some(&data));
            assert!(registered.is_ok() || !allowed, "{from} to {to}");
            if registered.is_ok() && !allowed {
                accepted += &format!("{from} to {to}\n");
            }
        }
    }
    expect![[r#"
        text to json
        text to enum('a')
        text to enum('a', 'b')
        text to enum('b', 'a')
        json to text
        json to enum('a')
        json to enum('a', 'b')
        json to enum('b', 'a')
        bytes(15) to bytes
        bytes(16) to bytes
        uuid to bytes
        uuid to bytes(16)
        datetime to timestamp(us, 'UTC')
        timestamp(s) to timestamp(ms)
        timestamp(s) to timestamp
        timestamp(s) to timestamp(ns)
        timestamp(ms) to timestamp
        timestamp(ms) to timestamp(ns)
        timestamp to timestamp(ns)
        timestamp(us, 'UTC') to datetime
        enum('a') to text
        enum('a') to json
        enum('a') to enum('b', 'a')
        enum('a', 'b') to text
        enum('a', 'b') to json
        enum('a', 'b') to enum('a')
        enum('a', 'b') to enum('b', 'a')
        enum('b', 'a') to text
        enum('b', 'a') to json
        enum('b', 'a') to enum('a')
        enum('b', 'a') to enum('a', 'b')
    "#]]
    .assert_eq(&accepted);
}
