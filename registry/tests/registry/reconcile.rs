// SPDX-License-Identifier: Apache-2.0

//! Start-up of servers with compiled tables: creation, upgrades, refusals, and several servers that
//! start together.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use expect_test::{Expect, expect};
use kalamtable_model::{TableDefinition, TableName};
use kalamtable_registry::{CompiledTable, Error, RegistryOptions, reconcile};
use kalamtable_store::{
    DefinitionStore, LogOptions, MemoryStore, ObjectStoreLog, Sequence, TableId,
};
use pollster::block_on;

use crate::faulty_store::{CallOutcome, FaultyStore, StoreCall};
use crate::support::{definition, open, table};

/// Returns a table whose column has the given type.
fn typed(name: &str, ty: &str) -> TableDefinition {
    definition(&format!(
        "name = '{name}'\nprimary_key = ['id']\n[columns]\nid = {{ id = 1, type = '{ty}' }}\n"
    ))
}

/// Returns the name and the version of each stored table, in the order of their ids.
fn stored(store: &dyn DefinitionStore) -> Vec<(String, u32)> {
    let tables = block_on(store.list()).unwrap();
    let tables = tables.iter();
    tables
        .map(|table| (table.definition.name().to_string(), table.version()))
        .collect()
}

/// Checks that `compiled` is refused with a message, and that nothing was written.
fn refuses(store: &dyn DefinitionStore, compiled: &[&TableDefinition], expected: Expect) {
    let before = block_on(store.last_sequence()).unwrap();
    let error = block_on(reconcile(compiled.iter().copied(), store)).unwrap_err();
    assert!(matches!(error, Error::NotReconciled { .. }));
    expected.assert_eq(&error.to_string());
    assert_eq!(block_on(store.last_sequence()).unwrap(), before);
}

#[test]
fn missing_tables_are_created_with_one_commit() {
    let store = MemoryStore::new();
    let tables = [table("app.a", 1), table("app.b", 2), table("app.c", 3)];
    let first = block_on(reconcile(&tables, &store)).unwrap();
    assert_eq!(first.created.len(), 3);
    assert_eq!((first.upgraded.len(), first.unchanged), (0, 0));
    let expected = ["app.a", "app.b", "app.c"].map(|name| (name.to_string(), 1));
    assert_eq!(stored(&store), expected);
    assert_eq!(block_on(store.last_sequence()).unwrap(), Sequence(1));

    let second = block_on(reconcile(&tables, &store)).unwrap();
    assert_eq!((second.created.len(), second.unchanged), (0, 3));
    assert_eq!(block_on(store.last_sequence()).unwrap(), Sequence(1));
}

#[test]
fn compatible_tables_are_upgraded_with_the_missing_ones() {
    let store = MemoryStore::new();
    block_on(reconcile(&[table("app.a", 1), table("app.b", 1)], &store)).unwrap();
    let compiled = [table("app.a", 2), table("app.b", 1), table("app.c", 1)];
    let result = block_on(reconcile(&compiled, &store)).unwrap();
    let upgraded: Vec<_> = result.upgraded.iter().map(|at| at.version()).collect();
    assert_eq!(upgraded, [2]);
    assert_eq!((result.created.len(), result.unchanged), (1, 1));
    let expected = [("app.a", 2), ("app.b", 1), ("app.c", 1)];
    assert_eq!(
        stored(&store),
        expected.map(|(name, at)| (name.to_string(), at))
    );
    assert_eq!(block_on(store.last_sequence()).unwrap(), Sequence(2));
}

#[test]
fn one_refused_table_prevents_all_changes() {
    let store = MemoryStore::new();
    let compiled = [typed("app.a", "bigint"), typed("app.b", "int")];
    block_on(reconcile(&compiled, &store)).unwrap();
    refuses(
        &store,
        &[
            &typed("app.new", "int"),
            &typed("app.b", "bigint"),
            &typed("app.a", "text"),
        ],
        expect![[r#"
            the definition of table `app.a` is incompatible with its earlier versions
            [KT1204] `id` (id 1) of `app.a` is `text`, but was `bigint` in version 1
              help: write `type = "bigint"`, or add another column: `bigint` can change to a `decimal(p, s)` with `p - s` at least 20"#]],
    );
    let expected = ["app.a", "app.b"].map(|name| (name.to_string(), 1));
    assert_eq!(stored(&store), expected);
}

#[test]
fn every_refused_table_is_reported() {
    let store = MemoryStore::new();
    let (a, b) = (typed("app.a", "int"), typed("app.b", "int"));
    block_on(reconcile([&a, &b], &store)).unwrap();
    let wider = typed("app.b", "bigint");
    block_on(reconcile([&wider], &store)).unwrap();
    refuses(
        &store,
        &[
            &typed("app.a", "uuid"),
            &b,
            &table("app.c", 1),
            &table("app.c", 2),
        ],
        expect![[r#"
            the definition of table `app.a` is incompatible with its earlier versions
            [KT1204] `id` (id 1) of `app.a` is `uuid`, but was `int` in version 1
              help: write `type = "int"`, or add another column: `int` can change to `bigint`, `double`, or a `decimal(p, s)` with `p - s` at least 10
            table `app.b` has version 2 in the store, but the compiled definition is that of version 1
              help: start a server that was built with version 2 or a later one
            table `app.c` is compiled into the server twice
              help: pass each table once"#]],
    );
}

fn name(table: &str) -> TableName {
    TableName::parse(table).unwrap()
}

fn with_earlier_names<'a>(
    definition: &'a TableDefinition,
    earlier_names: &'a [TableName],
) -> CompiledTable<'a> {
    CompiledTable {
        definition,
        earlier_names,
    }
}

#[test]
fn renamed_table_keeps_its_id() {
    let store = MemoryStore::new();
    block_on(reconcile([&table("app.old", 1)], &store)).unwrap();
    let renamed = table("app.new", 2);
    let names = [name("app.newer"), name("app.old"), name("app.oldest")];
    let compiled = with_earlier_names(&renamed, &names);
    let result = block_on(reconcile([compiled], &store)).unwrap();
    assert_eq!(result.upgraded[0].id, TableId(1));
    assert_eq!(stored(&store), [("app.new".to_string(), 2)]);
    let again = block_on(reconcile([compiled], &store)).unwrap();
    assert_eq!(again.unchanged, 1);
}

#[test]
fn table_takes_the_name_of_a_renamed_one() {
    let store = MemoryStore::new();
    let old = [table("app.a", 1), table("app.b", 2)];
    block_on(reconcile(&old, &store)).unwrap();
    // The first table is created, the second one was `app.a`, and the third one was `app.b`.
    let tables = [table("app.a", 5), table("app.b", 1), table("app.c", 2)];
    let names = [[name("app.x")], [name("app.a")], [name("app.b")]];
    let compiled = tables.iter().zip(&names);
    let compiled: Vec<CompiledTable<'_>> = compiled
        .map(|(table, names)| with_earlier_names(table, names))
        .collect();
    let result = block_on(reconcile(&compiled, &store)).unwrap();
    assert_eq!(result.created[0].id, TableId(3));
    let upgraded: Vec<_> = result.upgraded.iter().map(|table| table.id).collect();
    assert_eq!(upgraded, [TableId(1), TableId(2)]);
    let expected = [("app.b", 2), ("app.c", 2), ("app.a", 1)];
    assert_eq!(
        stored(&store),
        expected.map(|(name, at)| (name.to_string(), at))
    );
    assert_eq!(block_on(store.last_sequence()).unwrap(), Sequence(2));
    let again = block_on(reconcile(&compiled, &store)).unwrap();
    assert_eq!(again.unchanged, 3);
}

/// The tables of a build script whose lock contains two renames.
mod renamed {
    include!("../../../schema-build/tests/golden/renamed.rs");
}

#[test]
fn generated_names_keep_the_ids_of_renamed_tables() {
    let compiled = &renamed::COMPILED_TABLES;
    let [table] = compiled;
    for earlier in ["app.events", "app.notes"] {
        let store = MemoryStore::new();
        let old = definition(&table.definition.to_toml().replace("app.messages", earlier));
        block_on(reconcile([&old], &store)).unwrap();
        let result = block_on(reconcile(compiled, &store)).unwrap();
        assert_eq!(result.upgraded[0].id, TableId(1));
        assert_eq!(stored(&store), [("app.messages".to_string(), 2)]);
    }
    let store = MemoryStore::new();
    let result = block_on(reconcile(compiled, &store)).unwrap();
    assert_eq!(result.created.len(), 1);
}

#[test]
fn tables_with_one_earlier_name_are_refused() {
    let store = MemoryStore::new();
    block_on(reconcile([&table("app.old", 1)], &store)).unwrap();
    let tables = [table("app.a", 1), table("app.b", 1)];
    let names = [name("app.old")];
    let compiled = tables.iter().map(|table| with_earlier_names(table, &names));
    let error = block_on(reconcile(compiled, &store)).unwrap_err();
    expect![[r#"
        table `app.b` is compiled into the server twice
          help: pass each table once"#]]
    .assert_eq(&error.to_string());
}

#[test]
fn other_stored_tables_are_not_affected() {
    let store = MemoryStore::new();
    block_on(store.create(table("app.dynamic", 1))).unwrap();
    block_on(reconcile([&table("app.a", 1)], &store)).unwrap();
    let expected = ["app.dynamic", "app.a"].map(|name| (name.to_string(), 1));
    assert_eq!(stored(&store), expected);
}

#[test]
fn open_registry_sees_the_changes_after_refresh() {
    block_on(async {
        let store = Arc::new(MemoryStore::new());
        let registry = open(store.clone(), RegistryOptions::default()).await;
        assert!(registry.find(("app", "a")).await.unwrap().is_none());
        assert!(registry.find(("app", "b")).await.unwrap().is_none());
        let compiled = [table("app.a", 1), table("app.b", 1)];
        reconcile(&compiled, &*store).await.unwrap();
        assert_eq!(registry.refresh().await.unwrap(), Sequence(1));
        for name in ["a", "b"] {
            let found = registry.find(("app", name)).await.unwrap();
            assert_eq!(found.map(|found| found.version()), Some(1));
        }
        let compiled = [table("app.a", 2), table("app.b", 3)];
        reconcile(&compiled, &*store).await.unwrap();
        assert_eq!(registry.refresh().await.unwrap(), Sequence(2));
        for (name, fields) in [("a", 3), ("b", 4)] {
            let found = registry.find(("app", name)).await.unwrap().unwrap();
            assert_eq!(
                (found.version(), found.schema().fields().len()),
                (2, fields)
            );
        }
    });
}

#[test]
fn failed_commit_writes_nothing() {
    let store = FaultyStore::new();
    store.next(StoreCall::Write, vec![CallOutcome::Failure]);
    let compiled = [table("app.a", 1), table("app.b", 1)];
    let error = block_on(reconcile(&compiled, &store)).unwrap_err();
    assert!(matches!(error, Error::Store(_)), "{error}");
    assert_eq!(stored(&store), []);
}

#[test]
fn unconfirmed_commit_is_found_by_the_next_call() {
    let store = FaultyStore::new();
    store.next(StoreCall::Write, vec![CallOutcome::Unconfirmed]);
    let compiled = [table("app.a", 1), table("app.b", 1)];
    block_on(reconcile(&compiled, &store)).unwrap_err();
    let again = block_on(reconcile(&compiled, &store)).unwrap();
    assert_eq!((again.created.len(), again.unchanged), (0, 2));
}

// ---- several servers ----

/// The environment variable for the folder of the store.
const FOLDER: &str = "KALAMTABLE_RECONCILE_FOLDER";
/// The environment variable for the number of columns of the compiled tables.
const COLUMNS: &str = "KALAMTABLE_RECONCILE_COLUMNS";
const SERVERS: usize = 10;
const TABLES: usize = 20;

fn compiled(columns: usize) -> Vec<TableDefinition> {
    let names = (0..TABLES).map(|number| format!("app.t{number}"));
    names.map(|name| table(&name, columns)).collect()
}

/// Starts servers with the same compiled tables, lets all of them begin at the same time, and
/// returns the lines that they have printed.
fn start_servers(folder: &Path, columns: usize) -> Vec<String> {
    let start = || -> Child {
        Command::new(std::env::current_exe().expect("this program has a path"))
            .args(["--exact", "reconcile::server", "--nocapture"])
            .env(FOLDER, folder)
            .env(COLUMNS, columns.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program runs")
    };
    let mut servers: Vec<Child> = (0..SERVERS).map(|_| start()).collect();
    // A server begins when its input ends.
    for server in &mut servers {
        drop(server.stdin.take());
    }
    let outputs = servers.into_iter().map(|server| {
        let output = server.wait_with_output().expect("the server ends");
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let line = text.lines().find_map(|line| line.strip_prefix("result "));
        line.expect("a result").to_string()
    });
    outputs.collect()
}

#[test]
fn ten_servers_reconcile_once() {
    let folder = tempfile::tempdir().unwrap();
    let created = "created 20, upgraded 0, unchanged 0";
    let upgraded = "created 0, upgraded 20, unchanged 0";
    let unchanged = "created 0, upgraded 0, unchanged 20";
    let releases = [
        (1, 1, created),
        (2, 2, upgraded),
        (2, 2, unchanged),
        (5, 3, upgraded),
    ];
    for (columns, sequence, first) in releases {
        let mut results = start_servers(folder.path(), columns);
        let mut expected = vec![unchanged; SERVERS - 1];
        expected.push(first);
        expected.sort_unstable();
        results.sort_unstable();
        assert_eq!(results, expected);

        let log = ObjectStoreLog::open_folder(folder.path(), LogOptions::default());
        let log = block_on(log).unwrap();
        assert_eq!(block_on(log.last_sequence()).unwrap(), Sequence(sequence));
        let tables = block_on(log.list()).unwrap();
        assert_eq!(tables.len(), TABLES);
        for table in tables {
            assert_eq!(table.definition.columns().len(), columns + 1);
        }
    }
}

/// The program of the servers. It does nothing in the parent process.
#[test]
fn server() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let columns = std::env::var(COLUMNS).unwrap().parse().unwrap();
    let mut input = String::new();
    std::io::stdin().read_to_string(&mut input).unwrap();
    let compiled = compiled(columns);
    let result = block_on(async {
        let log = ObjectStoreLog::open_folder(Path::new(&folder), LogOptions::default()).await?;
        reconcile(&compiled, &log).await
    });
    let result = result.unwrap();
    println!(
        "\nresult created {}, upgraded {}, unchanged {}",
        result.created.len(),
        result.upgraded.len(),
        result.unchanged
    );
}
