// SPDX-License-Identifier: Apache-2.0

//! Measures cached artefacts of a table against building them again, and their share of the time
//! that planning a query takes.

#[path = "support/figures.rs"]
mod figures;
#[path = "support/ratio.rs"]
mod ratio;
#[path = "support/tables.rs"]
mod tables;

use std::hint::black_box;
use std::sync::Arc;

use datafusion::prelude::{SessionConfig, SessionContext};
use kalamtable::dynamic::filter;
use kalamtable::registry::{SchemaRegistry, TableSnapshot};
use kalamtable::{Actor, DynamicTables, MemoryStorage, Role, UserId};
use tokio::runtime::Runtime;

const BUDGET: usize = 1 << 30;

fn main() {
    let runtime = Runtime::new().expect("a runtime");
    for columns in [10, 100, 1000] {
        let (registry, snapshots) = tables::registry(1, columns, 1, BUDGET, |_| ());
        let server = Server::new(registry);
        artefacts(&server, &snapshots[0], columns);
        runtime.block_on(queries(&server, &snapshots[0], columns));
    }
}

struct Server {
    registry: SchemaRegistry,
    tables: DynamicTables,
    ctx: SessionContext,
}

impl Server {
    fn new(registry: SchemaRegistry) -> Self {
        let tables = DynamicTables::new(registry.clone(), Arc::new(MemoryStorage::new()));
        let user = UserId::new("bench").expect("a name");
        let actor = Actor::new(user, Role::System);
        let ctx =
            SessionContext::new_with_config(SessionConfig::new().with_extension(Arc::new(actor)));
        tables.register(&ctx).expect("a default catalog");
        Server {
            registry,
            tables,
            ctx,
        }
    }
}

/// Runs each side a hundred times per measurement, so that the time of the clock is negligible.
fn compare<A, B>(
    title: &str,
    (baseline_name, mut baseline): (&str, impl FnMut() -> A),
    (candidate_name, mut candidate): (&str, impl FnMut() -> B),
) {
    ratio::compare(
        title,
        (baseline_name, || {
            (0..100).for_each(|_| drop(black_box(baseline())))
        }),
        (candidate_name, || {
            (0..100).for_each(|_| drop(black_box(candidate())))
        }),
    );
}

fn artefacts(server: &Server, table: &Arc<TableSnapshot>, columns: usize) {
    let of = |what: &str| format!("[artefacts] {what}, {columns} columns, a hundred times");
    let id = table.id();
    compare(
        &of("Arrow schema"),
        ("built from the definition", || {
            table.definition().arrow_schema()
        }),
        ("cached", || {
            server
                .registry
                .with(id, |table| table.schema().fields().len())
        }),
    );
    let schema = table.schema();
    compare(
        &of("schema with system columns"),
        ("fields added", || {
            let fields = schema.fields().iter().cloned();
            let kind = table.definition().kind();
            let fields = fields.chain(kind.system_fields().iter().cloned());
            datafusion::arrow::datatypes::Schema::new(fields.collect::<Vec<_>>())
        }),
        ("cached", || {
            table.schema_with_system_columns().fields().len()
        }),
    );
    let chosen = [0, 2, 5];
    compare(
        &of("3 columns of the schema"),
        ("Schema::project", || {
            schema.project(&chosen).map(|schema| schema.fields().len())
        }),
        ("cached", || {
            table
                .projected_schema(&chosen)
                .map(|schema| schema.fields().len())
        }),
    );
    compare(
        &of("3 columns of the schema, compared with the lookup alone"),
        ("lookup", || {
            server
                .registry
                .with(id, |table| table.schema().fields().len())
        }),
        ("lookup and projection", || {
            let width = |table: &TableSnapshot| {
                table
                    .projected_schema(&chosen)
                    .map(|schema| schema.fields().len())
            };
            server.registry.with(id, width)
        }),
    );
    let state = server.ctx.state();
    let text = "id > 17 AND s0_c1 = 'new'";
    compare(
        &of("filter"),
        ("parsed and bound", || {
            let schema = table.schema_with_system_columns().as_ref().clone();
            let schema = datafusion::common::DFSchema::try_from(schema).expect("names differ");
            let expr = state
                .create_logical_expr(text, &schema)
                .expect("a predicate");
            state
                .create_physical_expr(expr, &schema)
                .expect("a predicate")
        }),
        ("cached", || filter(table, text).expect("a predicate")),
    );
    let reloaded = || {
        server.registry.invalidate(id);
        let found = server.registry.get_blocking(id).expect("a store in memory");
        found.expect("the table exists")
    };
    ratio::compare_with_input(
        &format!("[artefacts] provider, {columns} columns, once"),
        (
            "built from the definition",
            reloaded,
            |table: Arc<TableSnapshot>| server.tables.provider(&table).expect("a dynamic table"),
        ),
        (
            "cached",
            || Arc::clone(table),
            |table: Arc<TableSnapshot>| server.tables.provider(&table).expect("a dynamic table"),
        ),
    );
}

async fn queries(server: &Server, table: &TableSnapshot, columns: usize) {
    let sql = format!(
        "SELECT id, s0_c1 FROM {} WHERE id = 7 AND s0_c4",
        table.name()
    );
    let plan = || async {
        let planned = server
            .ctx
            .sql(&sql)
            .await
            .expect("the query can be planned");
        black_box(
            planned
                .create_physical_plan()
                .await
                .expect("the query can be planned"),
        );
    };
    let handle = tokio::runtime::Handle::current();
    let run = |is_invalidated: bool| {
        tokio::task::block_in_place(|| {
            if is_invalidated {
                server.registry.invalidate(table.id());
            }
            handle.block_on(plan());
        });
    };
    ratio::compare(
        &format!("[query] planned with the table's definition invalidated, {columns} columns"),
        ("invalidated before each query", || run(true)),
        ("cached", || run(false)),
    );
}
